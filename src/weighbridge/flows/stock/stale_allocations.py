"""Stale allocations: once a day, old sales that hold stock and do not ship are reported. None is voided."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from weighbridge.domain.job_types import Flow
from weighbridge.domain.lanes import Lane
from weighbridge.domain.orders.order import OrderStatus
from weighbridge.domain.stock.stale_allocations import (
    StaleAllocation,
    StoreOrderStatus,
    UnshippedSale,
    find_stale_allocations,
)
from weighbridge.flows.attempt_runner import record_run, run_attempt
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.open_findings import report
from weighbridge.persistence.repositories.transfers import Transfer
from weighbridge.platforms.cin7.models.sales import SaleDetail, SaleRow
from weighbridge.platforms.cin7.read import is_live, order_id_of
from weighbridge.platforms.http_exchange import NotFound

FLOW = Flow.STALE_ALLOCATIONS
SALE = "stale_allocation"
"""The flow under which each such sale is held."""
CADENCE = timedelta(days=1)
MAX_SALES_READ = 100
"""Sales that one run reads in full, the oldest first; each takes a call to both platforms."""
STORE_ORDER_STATUSES = {
    OrderStatus.CANCELLED: StoreOrderStatus.CANCELLED,
    OrderStatus.DECLINED: StoreOrderStatus.CANCELLED,
    OrderStatus.REFUNDED: StoreOrderStatus.REFUNDED,
    OrderStatus.SHIPPED: StoreOrderStatus.SHIPPED,
    OrderStatus.COMPLETED: StoreOrderStatus.SHIPPED,
}


async def stale_allocations(ctx: ConnectionContext, key: str) -> str:
    """Finds sales that hold stock for too long."""
    return await report_stale_allocations(ctx, key)


async def report_stale_allocations(ctx: ConnectionContext, key: str) -> str:
    transfer = await ctx.repositories.transfers.open(ctx.name, FLOW, key)
    outcome = await run_attempt(ctx, transfer, FLOW, (FLOW, key), _report)
    await record_run(ctx, transfer, outcome)
    return outcome


async def _report(ctx: ConnectionContext, transfer: Transfer) -> str:
    stale = await _read_stale_allocations(ctx)
    amounts = {allocation.sale.number: (allocation.sale.value, allocation.sale.currency) for allocation in stale}
    await report(ctx, SALE, {allocation.sale.number: (allocation.finding(),) for allocation in stale}, amounts)
    return f"{len(stale)} stale allocations"


async def _read_stale_allocations(ctx: ConnectionContext) -> Sequence[StaleAllocation]:
    now = ctx.clock.now()
    min_age = timedelta(days=ctx.connection.design.stock.stale_allocation_days)
    rows = [
        row
        async for page in ctx.cin7.unshipped_sales(lane=Lane.RECONCILIATION)
        for row in page
        if isinstance(row, SaleRow) and is_live(row) and row.ordered is not None and now - row.ordered >= min_age
    ]
    oldest = sorted(rows, key=lambda row: (row.ordered or now, row.id))[:MAX_SALES_READ]
    sales = [await _read_unshipped_sale(ctx, row) for row in oldest]
    skus = {sku for sale in sales for sku in sale.units}
    levels = {sku: await ctx.repositories.stock_levels.for_sku(ctx.name, sku) for sku in skus}
    store_levels = {sku: sum(level.ats for level in by_location) for sku, by_location in levels.items() if by_location}
    return find_stale_allocations(sales, store_levels, now, min_age)


async def _read_unshipped_sale(ctx: ConnectionContext, row: SaleRow) -> UnshippedSale:
    detail = await ctx.cin7.sale(row.id, lane=Lane.RECONCILIATION)
    order_id = order_id_of(row, ctx.sale_policy)
    return UnshippedSale(
        id=row.id,
        number=row.order_number or row.id,
        order_id=str(order_id or ""),
        ordered_at=row.ordered or row.updated,
        units=await _allocated(ctx, detail),
        value=(detail.order.total if detail.order else None) or Decimal(0),
        currency=row.currency,
        order_status=await _store_order_status(ctx, order_id),
    )


async def _allocated(ctx: ConnectionContext, detail: SaleDetail) -> dict[str, Decimal]:
    """Units that the sale allocates, by SKU; services have none."""
    stocked = await ctx.repositories.catalogue.stocked_skus(ctx.name)
    units: dict[str, Decimal] = {}
    for line in detail.order.lines if detail.order else ():
        if line.sku in stocked:
            units[line.sku] = units.get(line.sku, Decimal(0)) + line.quantity - (line.backordered or Decimal(0))
    return units


async def _store_order_status(ctx: ConnectionContext, order_id: int | None) -> StoreOrderStatus:
    if order_id is None:
        return StoreOrderStatus.FOREIGN
    try:
        order = await ctx.bigcommerce.order(order_id, lane=Lane.RECONCILIATION)
    except NotFound:
        return StoreOrderStatus.GONE
    return STORE_ORDER_STATUSES.get(order.status_id, StoreOrderStatus.OPEN)
