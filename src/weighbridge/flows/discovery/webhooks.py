"""Webhooks: registers them at both platforms, and registers inactive ones again and sweeps the gap."""

from __future__ import annotations

import structlog

from weighbridge.domain.job_types import WHOLE_CONNECTION, Flow
from weighbridge.domain.lanes import Lane
from weighbridge.flows.attempt_runner import record_run, run_attempt
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.discovery import sweeps
from weighbridge.persistence.repositories.transfers import Transfer
from weighbridge.platforms.bigcommerce.requests import StoreWebhookRequest
from weighbridge.platforms.cin7.requests import WebhookRequest

log = structlog.get_logger()

FLOW = Flow.WEBHOOKS
SECRET_HEADER = "x-weighbridge-secret"

BIGCOMMERCE_SCOPES = ("store/order/*",)
CIN7_TYPES = (
    "Sale/ShipmentAuthorised",
    "Sale/ShipmentTrackingNumberChanged",
)
CIN7_STOCK_TYPE = "Stock/AvailableStockLevelChanged"
"""Is sent for every SKU of every sale and pick, so it is registered only if the design says so."""


async def webhooks(ctx: ConnectionContext, key: str) -> str:
    """The job that makes sure that every webhook exists and is active."""
    return await register_webhooks(ctx, key)


async def register_webhooks(ctx: ConnectionContext, key: str) -> str:
    transfer = await ctx.repositories.transfers.open(ctx.name, FLOW, key)
    outcome = await run_attempt(ctx, transfer, "webhooks", (FLOW, key), _register)
    await record_run(ctx, transfer, outcome)
    return outcome


async def _register(ctx: ConnectionContext, transfer: Transfer) -> str:
    registered = await _register_bigcommerce(ctx) + await _register_cin7(ctx)
    if not registered:
        return "all webhooks active"
    for sweep in (sweeps.ORDER_SWEEP, sweeps.FULFILMENT_SWEEP):
        await ctx.repositories.job_queue.enqueue(ctx.name, sweep, WHOLE_CONNECTION, "webhooks registered")
    return f"{registered} webhooks registered"


async def _register_bigcommerce(ctx: ConnectionContext) -> int:
    """Registers the webhooks at the store, which refuses a second one for the same scope, so the list is read first."""
    destination = ctx.bigcommerce_webhooks
    if destination is None:
        return 0
    current = {
        webhook.scope: webhook
        for webhook in await ctx.bigcommerce.webhooks(lane=Lane.RECONCILIATION)
        if webhook.destination == destination.url
    }
    registered = 0
    for scope in BIGCOMMERCE_SCOPES:
        webhook = current.get(scope)
        if webhook is None:
            request = StoreWebhookRequest(
                scope=scope,
                destination=destination.url,
                is_active=True,
                headers={SECRET_HEADER: destination.secret},
            )
            await ctx.bigcommerce.create_webhook(request, lane=Lane.RECONCILIATION)
        elif not webhook.is_active:
            await ctx.bigcommerce.activate_webhook(webhook.id, lane=Lane.RECONCILIATION)
        else:
            continue
        registered += 1
    return registered


async def _register_cin7(ctx: ConnectionContext) -> int:
    """Cin7 silently deactivates a webhook after 76 minutes of failures. Source: platform notes, cin7 5.4."""
    destination = ctx.cin7_webhooks
    if destination is None:
        return 0
    current = {
        webhook.type: webhook
        for webhook in await ctx.cin7.webhooks(lane=Lane.RECONCILIATION)
        if webhook.external_url == destination.url
    }
    registered = 0
    types = (*CIN7_TYPES, CIN7_STOCK_TYPE) if ctx.connection.design.stock.webhook else CIN7_TYPES
    for event_type in types:
        webhook = current.get(event_type)
        request = WebhookRequest.with_bearer(event_type, destination.url, destination.secret)
        if webhook is None:
            await ctx.cin7.create_webhook(request, lane=Lane.RECONCILIATION)
        elif not webhook.is_active:
            await ctx.cin7.update_webhook(webhook.id, request, lane=Lane.RECONCILIATION)
        else:
            continue
        registered += 1
    return registered
