"""Changed orders: finds the orders that changed at the store since the last sweep."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from weighbridge.domain.documents import UnreadableDocument
from weighbridge.domain.job_types import Flow
from weighbridge.domain.lanes import Lane
from weighbridge.domain.orders.sale import OrderSnapshot, is_unchanged_since_read, parts_digest
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.orders import flow as orders
from weighbridge.persistence.documents import ORDER_SNAPSHOT
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.platforms.bigcommerce.models.orders import OrderHeader
from weighbridge.platforms.bigcommerce.payload import UnreadableRow
from weighbridge.platforms.bigcommerce.read import included_addresses, included_products, order_version, read_parts

ORDER_SWEEP = Flow.ORDER_SWEEP


@dataclass(frozen=True, slots=True)
class ListedOrders:
    """The orders that the store listed as written to since the last sweep, by order id."""

    changed: dict[str, str]
    """The versions at the store of those that differ from the stored ones."""
    statuses: dict[str, int]
    """The status ids of all readable ones."""


async def find_changed_orders(ctx: ConnectionContext) -> ListedOrders:
    """Enqueues every order whose version at the store differs from the stored one.

    Reads an overlap again, since the store's list is sorted by a key that changes while it is paged. An order whose row
    cannot be read is enqueued by itself, so that it blocks no other. Source: platform notes, bigcommerce 2.1.
    """
    repositories = ctx.repositories
    listed = ListedOrders({}, {})
    async for page in ctx.bigcommerce.orders(
        min_date_modified=await sweep_start(ctx, ORDER_SWEEP), lane=Lane.RECONCILIATION
    ):
        known = await repositories.transfers.find_many(ctx.name, orders.FLOW, [str(row.id) for row in page])
        for row in page:
            order_id = str(row.id)
            transfer = known.get(order_id)
            if isinstance(row, UnreadableRow):
                await _enqueue_unreadable(ctx, order_id, row, transfer)
                continue
            listed.statuses[order_id] = row.status_id
            already_captured = transfer is not None and bool(transfer.target_id)
            version = order_version(row, ctx.capture_rule, already_captured=already_captured)
            if _is_being_evaluated(transfer):
                listed.changed[order_id] = version
            elif transfer is None or transfer.source_version != version or _may_have_changed(transfer, row):
                await repositories.job_queue.enqueue(ctx.name, orders.FLOW, order_id, "sweep")
                listed.changed[order_id] = version
        modified_at = [row.date_modified for row in page if isinstance(row, OrderHeader)]
        if modified_at:
            await repositories.watermarks.advance(ctx.name, ORDER_SWEEP, max(modified_at))
    return listed


def _is_being_evaluated(transfer: Transfer | None) -> bool:
    """Whether the order's first job runs. If it read the order before this change, the next sweep finds the change,
    since it reads an overlap again."""
    return transfer is not None and transfer.state is State.NEW and not transfer.source_version


def _may_have_changed(transfer: Transfer, row: OrderHeader) -> bool:
    """Whether lines or addresses may have changed, which the order's own fields do not show.

    Our own writes change a posted order's date too, so its lines and addresses are compared where the row has them. A
    held order that was never posted may have changed whenever it was written to after its evaluation.
    """
    if transfer.state not in (State.POSTED, State.HELD):
        return False
    try:
        posted = None if transfer.content is None else transfer.read(ORDER_SNAPSHOT)
    except UnreadableDocument:
        # The order's own job reports it.
        posted = None
    if posted is None:
        return row.date_modified > transfer.updated_at
    if is_unchanged_since_read(posted, row.date_modified):
        return False
    return transfer.state is not State.POSTED or not _has_same_parts(posted, row)


def _has_same_parts(posted: OrderSnapshot, row: OrderHeader) -> bool:
    """Whether the row shows the lines and addresses that were posted; False where it may not name all of them."""
    products, addresses = included_products(row), included_addresses(row)
    if products is None or addresses is None:
        return False
    return parts_digest(*read_parts(row, products, addresses)) == posted.parts_digest


async def _enqueue_unreadable(
    ctx: ConnectionContext, order_id: str, row: UnreadableRow, known: Transfer | None
) -> None:
    if known is not None and known.source_version == row.digest:
        return
    await ctx.repositories.job_queue.enqueue(ctx.name, orders.FLOW, order_id, "unreadable row")
    transfer = known or await ctx.repositories.transfers.open(ctx.name, orders.FLOW, order_id)
    await ctx.repositories.transfers.change(transfer.id, source_version=row.digest)


async def sweep_start(ctx: ConnectionContext, name: str) -> datetime:
    """The time from which a sweep reads: its watermark minus the overlap."""
    cadence = ctx.connection.design.cadence
    watermark = await ctx.repositories.watermarks.read(ctx.name, name)
    return (watermark or ctx.clock.now() - cadence.first_sweep) - cadence.overlap
