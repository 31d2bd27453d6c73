"""Unfinished sales: sales under our key whose order document is missing or was taken back: nobody ships them."""

from __future__ import annotations

from datetime import timedelta

from weighbridge.domain.findings.finding import FindingKind, hold
from weighbridge.domain.lanes import Lane
from weighbridge.flows.context import Site, running
from weighbridge.flows.orders import flow as orders
from weighbridge.monitors.monitor import Monitor, Seen, Worth
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.platforms.cin7.models.sales import SaleRow
from weighbridge.platforms.cin7.read import order_id_of

PATIENCE = timedelta(minutes=30)
"""How long a sale may stand without its order document: ours are authorised in the next call, or tried again soon."""
MOVING = (State.NEW, State.WAITING, State.HELD)
"""States of an order that gets on by itself, or waits for a person already."""


async def _look(site: Site) -> Seen:
    now = running().clock.now()
    rows = [
        (row, number)
        async for page in site.books.unfinished_sales(lane=Lane.RECONCILIATION)
        for row in page
        if isinstance(row, SaleRow)
        and (number := order_id_of(row, site.sale_policy)) is not None
        and now - row.updated >= PATIENCE
    ]
    known = await running().journal.transfers.find_many(site.name, orders.FLOW, [str(number) for _, number in rows])
    findings, worth = {}, dict[str, Worth]()
    for row, number in rows:
        order = known.get(str(number))
        expected = _expected(row, order)
        if expected:
            name = row.order_number or row.id
            value = f"{row.status} without an authorised order document, for order {number}"
            findings[name] = hold(FindingKind.SALE_UNFINISHED, f"sale {name}", value, expected)
            if order is not None and order.amount is not None:
                worth[name] = (order.amount, order.currency)
    return Seen(findings, worth)


def _expected(row: SaleRow, order: Transfer | None) -> str:
    """What should be instead; empty for a sale that somebody takes care of."""
    if order is None or order.state not in (*MOVING, State.POSTED):
        return "no sale: its order ended or is not known to us; void it in Cin7"
    if order.state is State.POSTED and order.target_id == row.id:
        return "an authorised order, as it was posted: authorise it again in Cin7, or cancel the order at the shop"
    return ""


MONITOR = Monitor(
    "unfinished_sale", "Every sale under our key has its authorised order.", FindingKind.SALE_UNFINISHED, _look
)
