"""Ghost allocations: once a day, old sales that hold stock and do not ship are told to a person. None is voided."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from weighbridge.domain.lanes import Lane
from weighbridge.domain.orders.order import OrderStatus
from weighbridge.domain.stock.stale_allocations import Ghost, ShopState, StandingSale, ghosts
from weighbridge.flows.attempt_runner import end_round, run_stage
from weighbridge.flows.context import Site, running
from weighbridge.flows.open_findings import report
from weighbridge.jobs.engine import durable_flow, durable_step
from weighbridge.platforms.cin7.models.sales import SaleDetail, SaleRow
from weighbridge.platforms.cin7.read import is_live, order_id_of
from weighbridge.platforms.http_exchange import NotFound

FLOW = "ghost_allocations"
SALE = "ghost_allocation"
"""Under this name each such sale waits for a person."""
CADENCE = timedelta(days=1)
MOST_READ = 100
"""Sales that a round reads in full, the oldest first; each takes a call of either platform."""
SHOP_STATES = {
    OrderStatus.CANCELLED: ShopState.CANCELLED,
    OrderStatus.DECLINED: ShopState.CANCELLED,
    OrderStatus.REFUNDED: ShopState.REFUNDED,
    OrderStatus.SHIPPED: ShopState.SHIPPED,
    OrderStatus.COMPLETED: ShopState.SHIPPED,
}


@durable_flow(FLOW)
async def ghost_allocations(connection: str, key: str) -> str:
    """Finds sales that hold stock for too long."""
    return await find_ghosts(connection, key)


@durable_step(FLOW)
async def find_ghosts(connection: str, key: str) -> str:
    site = running().sites[connection]
    transfer = await running().journal.transfers.open(connection, FLOW, key)

    async def work() -> str:
        found = await _ghosts(site)
        worth = {one.sale.number: (one.sale.value, one.sale.currency) for one in found}
        await report(site, SALE, {one.sale.number: (one.finding(),) for one in found}, worth)
        return f"{len(found)} old sales hold stock"

    ended = await run_stage(site, transfer, FLOW, (FLOW, key), work)
    await end_round(transfer, ended, CADENCE)
    return ended


async def _ghosts(site: Site) -> Sequence[Ghost]:
    now = running().clock.now()
    after = timedelta(days=site.connection.design.stock.ghost_after_days)
    rows = [
        row
        async for page in site.books.standing_sales(lane=Lane.RECONCILIATION)
        for row in page
        if isinstance(row, SaleRow) and is_live(row) and row.ordered is not None and now - row.ordered >= after
    ]
    oldest = sorted(rows, key=lambda row: (row.ordered or now, row.id))[:MOST_READ]
    sales = [await _standing(site, row) for row in oldest]
    skus = {sku for sale in sales for sku in sale.units}
    levels = {sku: await running().journal.stock_levels.of(site.name, sku) for sku in skus}
    return ghosts(sales, {sku: sum(one.ats for one in there) for sku, there in levels.items() if there}, now, after)


async def _standing(site: Site, row: SaleRow) -> StandingSale:
    detail = await site.books.sale(row.id, lane=Lane.RECONCILIATION)
    order_id = order_id_of(row, site.sale_policy)
    return StandingSale(
        id=row.id,
        number=row.order_number or row.id,
        order_id=str(order_id or ""),
        ordered_at=row.ordered or row.updated,
        units=await _allocated(site, detail),
        value=(detail.order.total if detail.order else None) or Decimal(0),
        currency=row.currency,
        shop=await _shop_state(site, order_id),
    )


async def _allocated(site: Site, detail: SaleDetail) -> dict[str, Decimal]:
    """Units that the sale holds; services hold none."""
    stocked = await running().journal.catalogue.stocked_skus(site.name)
    units: dict[str, Decimal] = {}
    for line in detail.order.lines if detail.order else ():
        if line.sku in stocked:
            units[line.sku] = units.get(line.sku, Decimal(0)) + line.quantity - (line.backordered or Decimal(0))
    return units


async def _shop_state(site: Site, order_id: int | None) -> ShopState:
    if order_id is None:
        return ShopState.FOREIGN
    try:
        order = await site.shop.order(order_id, lane=Lane.RECONCILIATION)
    except NotFound:
        return ShopState.GONE
    return SHOP_STATES.get(order.status_id, ShopState.OPEN)
