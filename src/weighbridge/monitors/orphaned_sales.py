"""Finds orphaned sales: sales with our key that hold stock for an order that ended, is not posted, or is unknown."""

from __future__ import annotations

from datetime import timedelta

from weighbridge.domain.findings.finding import hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.lanes import Lane
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.orders import flow as orders
from weighbridge.monitors.monitor import CheckResult, Monitor
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.platforms.cin7.models.sales import SaleRow
from weighbridge.platforms.cin7.read import is_live, order_id_of

PATIENCE = timedelta(minutes=15)
"""How old a sale must be before its order is checked: a new sale may not be linked yet."""
WITHOUT_SALE = {
    State.CANCELLED: "was cancelled or refunded in the store",
    State.NOT_CAPTURED: "is excluded by the capture rule",
    State.REJECTED: "was rejected",
}


async def _check(ctx: ConnectionContext) -> CheckResult:
    now = ctx.clock.now()
    rows = [
        row
        async for page in ctx.cin7.unshipped_sales(lane=Lane.RECONCILIATION)
        for row in page
        if isinstance(row, SaleRow) and is_live(row) and now - row.updated >= PATIENCE
    ]
    of_order = {row.id: order_id_of(row, ctx.sale_policy) for row in rows}
    keys = [str(number) for number in of_order.values() if number is not None]
    known = await ctx.repositories.transfers.find_many(ctx.name, orders.FLOW, keys)
    findings = {}
    for row in rows:
        number = of_order[row.id]
        problem = _problem_of_order(number, known.get(str(number)))
        if problem:
            name = row.order_number or row.id
            expected = "no sale that holds stock: void it in Cin7, or ask the person who made it"
            findings[name] = hold(FindingKind.SALE_ORPHANED, f"sale {name}", f"order {number} {problem}", expected)
    return CheckResult(findings)


def _problem_of_order(number: int | None, order: Transfer | None) -> str:
    """The problem of the order behind a sale; empty if there is none, and for sales that we did not make."""
    if number is None:
        return ""
    return "is unknown" if order is None else WITHOUT_SALE.get(order.state, "")


MONITOR = Monitor(
    "orphaned_sale", "Every sale with our key that holds stock has its order.", FindingKind.SALE_ORPHANED, _check
)
