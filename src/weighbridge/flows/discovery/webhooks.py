"""Hooks: both platforms are asked to tell us of changes; a hook that died is armed again and its gap swept."""

from __future__ import annotations

from datetime import timedelta

import structlog

from weighbridge.domain.lanes import Lane
from weighbridge.domain.orders.order import OrderStatus
from weighbridge.flows.attempt_runner import end_round, run_stage
from weighbridge.flows.context import Site, running
from weighbridge.flows.discovery import sweeps
from weighbridge.flows.fulfilment import flow as fulfilment
from weighbridge.flows.orders import flow as orders
from weighbridge.flows.stock import flow as stock
from weighbridge.jobs.engine import durable_flow, durable_step
from weighbridge.persistence.repositories.webhook_inbox import Hint
from weighbridge.platforms.bigcommerce.requests import HookRequest
from weighbridge.platforms.cin7.requests import WebhookRequest

log = structlog.get_logger()

FLOW = "hooks"
ALL = "*"
SECRET_HEADER = "x-weighbridge-secret"

SHOP_SCOPES = ("store/order/*",)
BOOKS_TYPES = (
    "Sale/ShipmentAuthorised",
    "Sale/ShipmentTrackingNumberChanged",
)
SOON, UNHURRIED = timedelta(seconds=3), timedelta(seconds=20)
"""How long a look waits for more hints at the same object: platforms tell of one change in several events, and most
"updated" events echo our own writes. Source: platform notes, bigcommerce 7.6 and trap 27."""
URGENT_ENDINGS = ("/created", "/statusUpdated")
WRITTEN_BY_US = frozenset({OrderStatus.SHIPPED, OrderStatus.PARTIALLY_SHIPPED})
STOCK_TYPE = "Stock/AvailableStockLevelChanged"
"""Comes for every SKU of every sale and pick; only where the design asks for it."""


@durable_flow(FLOW)
async def hooks(connection: str, key: str) -> str:
    """Sees to it that every hook exists and is active; then looks again."""
    return await arm_hooks(connection, key)


@durable_step("hooks")
async def arm_hooks(connection: str, key: str) -> str:
    site = running().sites[connection]
    transfer = await running().journal.transfers.open(connection, FLOW, key)

    async def work() -> str:
        armed = await _arm_shop(site) + await _arm_books(site)
        if armed:
            await running().journal.agenda.look_again(site.name, sweeps.ORDER_SWEEP, ALL, "hooks armed")
            await running().journal.agenda.look_again(site.name, sweeps.FULFILMENT_SWEEP, ALL, "hooks armed")
        return f"{armed} hooks armed" if armed else "all hooks alive"

    ended = await run_stage(site, transfer, "hooks", (FLOW, key), work)
    await end_round(transfer, ended, site.connection.design.cadence.hooks)
    return ended


async def _arm_shop(site: Site) -> int:
    """Creating a hook that exists is refused by the shop, so the list is read first."""
    destination = site.shop_hooks
    if destination is None:
        return 0
    there = {
        hook.scope: hook
        for hook in await site.shop.hooks(lane=Lane.RECONCILIATION)
        if hook.destination == destination.url
    }
    armed = 0
    for scope in SHOP_SCOPES:
        hook = there.get(scope)
        if hook is None:
            wanted = HookRequest(
                scope=scope,
                destination=destination.url,
                is_active=True,
                headers={SECRET_HEADER: destination.secret},
            )
            await site.shop.create_hook(wanted, lane=Lane.RECONCILIATION)
        elif not hook.is_active:
            await site.shop.activate_hook(hook.id, lane=Lane.RECONCILIATION)
        else:
            continue
        armed += 1
    return armed


async def _arm_books(site: Site) -> int:
    """Cin7 switches a hook off after 76 minutes of failures and says nothing. Source: platform notes, cin7 5.4."""
    destination = site.books_hooks
    if destination is None:
        return 0
    there = {
        hook.type: hook
        for hook in await site.books.webhooks(lane=Lane.RECONCILIATION)
        if hook.external_url == destination.url
    }
    armed = 0
    wanted_types = (*BOOKS_TYPES, STOCK_TYPE) if site.connection.design.stock.hook else BOOKS_TYPES
    for kind in wanted_types:
        hook = there.get(kind)
        wanted = WebhookRequest.with_bearer(kind, destination.url, destination.secret)
        if hook is None:
            await site.books.create_webhook(wanted, lane=Lane.RECONCILIATION)
        elif not hook.is_active:
            await site.books.update_webhook(hook.id, wanted, lane=Lane.RECONCILIATION)
        else:
            continue
        armed += 1
    return armed


def hints_of_shop_event(scope: str, event_id: str, new_status_id: int | None) -> tuple[Hint, ...]:
    """The looks that a shop event hints at; nothing for scopes that do not concern us.

    The status is believed only as far as it says how urgent the look is.
    """
    if not (scope.startswith("store/order/") and event_id):
        return ()
    if scope.startswith("store/order/refund/"):
        return (Hint(sweeps.ORDER_SWEEP, ALL, SOON),)
    if scope == "store/order/updated" or new_status_id in WRITTEN_BY_US:
        return (Hint(orders.FLOW, event_id, UNHURRIED, once_posted=(sweeps.ORDER_SWEEP, ALL)),)
    urgent = scope.endswith(URGENT_ENDINGS)
    return (Hint(orders.FLOW, event_id, SOON if urgent else UNHURRIED),)


def hints_of_books_event(event_type: str, sale_id: str) -> tuple[Hint, ...]:
    """The looks that a Cin7 event hints at. Stock events carry many rows and collapse into one push.

    A shipment's event names its task and not its sale, so the sweep finds out; the event of its tracking number comes
    at the same time and waits for that sweep. Source: platform notes, cin7 5.3.
    """
    if event_type == STOCK_TYPE:
        return (Hint(stock.FLOW, ALL, UNHURRIED),)
    if event_type == "Sale/ShipmentAuthorised":
        return (Hint(sweeps.FULFILMENT_SWEEP, ALL, UNHURRIED),)
    if event_type == "Sale/ShipmentTrackingNumberChanged" and sale_id:
        return (Hint(fulfilment.FLOW, sale_id.lower(), UNHURRIED * 2),)
    return ()
