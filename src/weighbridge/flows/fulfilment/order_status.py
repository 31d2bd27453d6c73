"""The status of an order whose parcels were reported: shipped or partially shipped.

A store may set it by itself when it gets a shipment. The next order sweep then lists the order with its status, at no
further call; an order that no sweep lists is read. Source: platform notes, bigcommerce 2.8 (not documented).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.fulfilment.shipments import Shipped
from weighbridge.domain.job_types import Flow
from weighbridge.domain.lanes import Lane
from weighbridge.domain.orders.order import OrderLine, OrderStatus
from weighbridge.flows.attempt_runner import DONE, run_attempt
from weighbridge.flows.context import ConnectionContext
from weighbridge.persistence.documents import ORDER_SNAPSHOT, REPORTED_PARCELS
from weighbridge.persistence.repositories.transfers import Transfer
from weighbridge.platforms.bigcommerce.requests import OrderUpdate

FLOW = Flow.FULFILMENT
READ_STATUS_AFTER = timedelta(minutes=5)
"""When an order is read whose new status no sweep has seen since its parcels were reported."""
_UNSHIPPED = frozenset({OrderStatus.AWAITING_FULFILMENT, OrderStatus.AWAITING_SHIPMENT, OrderStatus.AWAITING_PICKUP})
STATUSES_BEFORE = {
    OrderStatus.PARTIALLY_SHIPPED: _UNSHIPPED,
    OrderStatus.SHIPPED: _UNSHIPPED | {OrderStatus.PARTIALLY_SHIPPED},
}
"""The statuses from which an order is set to (partially) shipped; any other status was set by a person."""


async def confirm_statuses(ctx: ConnectionContext, listed: Mapping[str, int]) -> None:
    """Confirms the status of every order whose parcels were reported; `listed` are the statuses that a sweep just read,
    by order id. Sets those that the store did not set in time."""
    transfers = ctx.repositories.transfers
    to_confirm = await transfers.to_confirm(ctx.name, FLOW)
    orders = await transfers.find_many(ctx.name, Flow.ORDERS, [transfer.target_id for transfer in to_confirm])
    for transfer in to_confirm:
        order = orders.get(transfer.target_id)
        if order is not None and _is_confirmed_by(order, transfer, listed):
            await transfers.confirmed(transfer)
        elif transfer.next_try_at is not None and transfer.next_try_at <= ctx.clock.now():
            await run_attempt(ctx, transfer, "order_status", (FLOW, transfer.key), _confirm)


def _is_confirmed_by(order: Transfer, transfer: Transfer, listed: Mapping[str, int]) -> bool:
    """Whether the list shows the order with the status that its parcels give it, or with one that a person set."""
    status = status_after(order.read(ORDER_SNAPSHOT).lines, transfer.read(REPORTED_PARCELS).parcels)
    return order.key in listed and listed[order.key] not in STATUSES_BEFORE[status]


async def _confirm(ctx: ConnectionContext, transfer: Transfer) -> str:
    order = await ctx.repositories.transfers.find(ctx.name, Flow.ORDERS, transfer.target_id)
    if order is not None:
        await update_status(ctx, order, transfer.read(REPORTED_PARCELS).parcels)
    await ctx.repositories.transfers.confirmed(transfer)
    return DONE


async def update_status(ctx: ConnectionContext, order: Transfer, shipped: tuple[Shipped, ...]) -> None:
    """Reads the order and sets it to (partially) shipped unless it has such a status, or one that a person set."""
    status = status_after(order.read(ORDER_SNAPSHOT).lines, shipped)
    header = await ctx.bigcommerce.order(int(order.key), lane=Lane.FULFILMENT)
    if header.status_id in STATUSES_BEFORE[status]:
        await ctx.bigcommerce.update_order(int(order.key), OrderUpdate(status_id=status), lane=Lane.FULFILMENT)


async def close_backorders(
    ctx: ConnectionContext, order: Transfer, lines: tuple[OrderLine, ...], shipped: tuple[Shipped, ...]
) -> None:
    """Closes the order's backorder exceptions when all of its units have left."""
    if status_after(lines, shipped) == OrderStatus.SHIPPED:
        proof = f"all {_ordered(lines)} units of the order have left"
        await ctx.repositories.exception_records.close_with_proof(order.id, FindingKind.BACKORDERED, proof)


def status_after(lines: tuple[OrderLine, ...], shipped: tuple[Shipped, ...]) -> int:
    """The status that the reported parcels give the order."""
    sent = sum(item.quantity for shipment in shipped for item in shipment.items)
    return OrderStatus.SHIPPED if sent >= _ordered(lines) else OrderStatus.PARTIALLY_SHIPPED


def _ordered(lines: tuple[OrderLine, ...]) -> int:
    return sum(int(line.quantity) for line in lines if line.kind == "physical" and line.quantity > 0)
