"""What a flow works with: one connection with its design, its clients, and the worker's clock and repositories."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from weighbridge.common.clock import Clock
from weighbridge.design.schema import Connection
from weighbridge.domain.orders.capture_rule import CaptureRule
from weighbridge.domain.orders.sale_policy import SalePolicy
from weighbridge.domain.retention import RetentionPolicy
from weighbridge.domain.returns.refund import RefundPolicy
from weighbridge.persistence.repositories import Repositories
from weighbridge.platforms.bigcommerce.client import BigCommerceClient
from weighbridge.platforms.cin7.client import Cin7Client


@dataclass(frozen=True, slots=True)
class WebhookDestination:
    """Where a platform delivers the webhooks of a connection, with the secret that each delivery must carry."""

    url: str
    secret: str


@dataclass(frozen=True, slots=True)
class ConnectionContext:
    """One connection in one worker. Every job gets it as its first argument."""

    name: str
    connection: Connection
    design_version: str
    company: str
    """The Cin7 company whose stock the store sells; several connections may share one."""
    stock_connections: tuple[str, ...]
    """The connections that sell the stock of the same company, this one among them."""
    worker: str
    """The id of the worker that runs the job."""
    clock: Clock
    repositories: Repositories
    bigcommerce: BigCommerceClient
    cin7: Cin7Client
    sale_policy: SalePolicy
    refund_policy: RefundPolicy
    capture_rule: CaptureRule
    retention: RetentionPolicy
    restored_at: datetime | None = None
    """When the database was last restored from a backup; None if it never was. The platforms may know writes since the
    backup that the database does not."""
    bigcommerce_webhooks: WebhookDestination | None = None
    """Where the store delivers; None when webhooks are disabled."""
    cin7_webhooks: WebhookDestination | None = None
