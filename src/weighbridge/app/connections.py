"""Connections: builds the context of each connection of an installation, with its clients and policies."""

from __future__ import annotations

from collections.abc import Mapping

from weighbridge.app.client_factory import ClientFactory
from weighbridge.common.clock import Clock
from weighbridge.design.domain_policies import capture_rule, refund_policy, sale_policy
from weighbridge.design.schema import Connection, Installation, design_version
from weighbridge.design.secrets import Secrets
from weighbridge.flows.context import ConnectionContext, WebhookDestination
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories import Repositories
from weighbridge.platforms.api_credentials import company_key
from weighbridge.platforms.bigcommerce.client import BigCommerceClient
from weighbridge.platforms.cin7.client import Cin7Client
from weighbridge.platforms.clock_offsets import ClockOffsets


async def connection_contexts(
    installation: Installation,
    secrets: Mapping[str, Secrets],
    worker: str,
    database: Database,
    repositories: Repositories,
    clock: Clock,
    clock_offsets: ClockOffsets | None = None,
) -> dict[str, ConnectionContext]:
    """The context of every connection by its name, under the design of the configuration file. Opens their clients.

    `worker` is the session of the worker that uses them; `clock_offsets` collects how far the platforms' clocks
    are from that of this machine.
    """
    companies = {name: company_key(own.account_id.get_secret_value()) for name, own in secrets.items()}
    clients = ClientFactory(database, repositories, clock, clock_offsets or ClockOffsets())
    public_url = installation.installation.public_url.rstrip("/")
    contexts: dict[str, ConnectionContext] = {}
    for name, connection in installation.connections.items():
        bigcommerce_webhooks, cin7_webhooks = _destinations(public_url, name, connection, secrets[name])
        contexts[name] = ConnectionContext(
            name=name,
            connection=connection,
            design_version=design_version(connection.design),
            company=companies[name],
            stock_connections=tuple(other for other in installation.connections if companies[other] == companies[name]),
            worker=worker,
            clock=clock,
            repositories=repositories,
            bigcommerce=BigCommerceClient(clients.bigcommerce_http(name, connection, secrets[name])),
            cin7=Cin7Client(clients.cin7_http(name, connection, secrets[name])),
            sale_policy=sale_policy(connection),
            refund_policy=refund_policy(connection.design),
            capture_rule=capture_rule(connection.design),
            retention=installation.retention.policy,
            restored_at=await repositories.restores.last(name),
            bigcommerce_webhooks=bigcommerce_webhooks,
            cin7_webhooks=cin7_webhooks,
        )
    return contexts


async def close_clients(contexts: Mapping[str, ConnectionContext]) -> None:
    """Closes the HTTP clients of all connections."""
    for ctx in contexts.values():
        await ctx.bigcommerce.close()
        await ctx.cin7.close()


def _destinations(
    public_url: str, name: str, connection: Connection, secrets: Secrets
) -> tuple[WebhookDestination | None, WebhookDestination | None]:
    if not connection.webhooks.enabled or secrets.webhook_secret is None:
        return None, None
    secret = secrets.webhook_secret.get_secret_value()
    return (
        WebhookDestination(f"{public_url}/webhooks/bigcommerce/{name}/{secret}", secret),
        WebhookDestination(f"{public_url}/webhooks/cin7/{name}/{secret}", secret),
    )
