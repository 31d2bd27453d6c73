"""Orphaned sales: sales under our key that hold stock for an order that ended, never crossed, or that nobody knows."""

from __future__ import annotations

from datetime import timedelta

from weighbridge.domain.findings.finding import FindingKind, hold
from weighbridge.domain.lanes import Lane
from weighbridge.flows.context import Site, running
from weighbridge.flows.orders import flow as orders
from weighbridge.monitors.monitor import Monitor, Seen
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.platforms.cin7.models.sales import SaleRow
from weighbridge.platforms.cin7.read import is_live, order_id_of

PATIENCE = timedelta(minutes=15)
"""How long a sale may stand before it is asked for its order: one that was just made is being linked."""
WITHOUT_SALE = {
    State.CANCELLED: "was cancelled or refunded at the shop",
    State.NOT_CAPTURED: "does not cross as it stands",
    State.REJECTED: "was rejected",
}


async def _look(site: Site) -> Seen:
    now = running().clock.now()
    rows = [
        row
        async for page in site.books.standing_sales(lane=Lane.RECONCILIATION)
        for row in page
        if isinstance(row, SaleRow) and is_live(row) and now - row.updated >= PATIENCE
    ]
    of_order = {row.id: order_id_of(row, site.sale_policy) for row in rows}
    keys = [str(number) for number in of_order.values() if number is not None]
    known = await running().journal.transfers.find_many(site.name, orders.FLOW, keys)
    found = {}
    for row in rows:
        number = of_order[row.id]
        why = _orphaned(number, known.get(str(number)))
        if why:
            name = row.order_number or row.id
            expected = "no sale that holds stock: void it in Cin7, or ask whoever made it"
            found[name] = hold(FindingKind.SALE_ORPHANED, f"sale {name}", f"order {number} {why}", expected)
    return Seen(found)


def _orphaned(number: int | None, order: Transfer | None) -> str:
    """What is wrong with the order behind a sale; empty where nothing is, and for sales of another origin."""
    if number is None:
        return ""
    return "is not known to us" if order is None else WITHOUT_SALE.get(order.state, "")


MONITOR = Monitor(
    "orphaned_sale", "Every sale under our key that holds stock has its order.", FindingKind.SALE_ORPHANED, _look
)
