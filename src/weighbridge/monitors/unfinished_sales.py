"""Finds unfinished sales: sales with our key without an authorised order document, which will not ship."""

from __future__ import annotations

from datetime import timedelta

from weighbridge.domain.findings.finding import hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.lanes import Lane
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.orders import flow as orders
from weighbridge.monitors.monitor import AmountAtRisk, CheckResult, Monitor
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.platforms.cin7.models.sales import SaleRow
from weighbridge.platforms.cin7.read import order_id_of

PATIENCE = timedelta(minutes=30)
"""How long a sale may be without its order document: we authorise it in the next call, or retry soon."""
IN_PROGRESS = (State.NEW, State.WAITING, State.HELD)
"""States of an order that is being processed, or is held already."""


async def _check(ctx: ConnectionContext) -> CheckResult:
    now = ctx.clock.now()
    rows = [
        (row, number)
        async for page in ctx.cin7.unfinished_sales(lane=Lane.RECONCILIATION)
        for row in page
        if isinstance(row, SaleRow)
        and (number := order_id_of(row, ctx.sale_policy)) is not None
        and now - row.updated >= PATIENCE
    ]
    known = await ctx.repositories.transfers.find_many(ctx.name, orders.FLOW, [str(number) for _, number in rows])
    findings, amounts = {}, dict[str, AmountAtRisk]()
    for row, number in rows:
        order = known.get(str(number))
        expected = _expected(row, order)
        if expected:
            name = row.order_number or row.id
            value = f"{row.status} without an authorised order document, for order {number}"
            findings[name] = hold(FindingKind.SALE_UNFINISHED, f"sale {name}", value, expected)
            if order is not None and order.amount is not None:
                amounts[name] = (order.amount, order.currency)
    return CheckResult(findings, amounts)


def _expected(row: SaleRow, order: Transfer | None) -> str:
    """The expected state; empty for a sale that is in progress."""
    if order is None or order.state not in (*IN_PROGRESS, State.POSTED):
        return "no sale: its order ended or is unknown; void it in Cin7"
    if order.state is State.POSTED and order.target_id == row.id:
        return "an authorised order, as it was posted: authorise it again in Cin7, or cancel the order in the store"
    return ""


MONITOR = Monitor(
    "unfinished_sale", "Every sale with our key has its authorised order.", FindingKind.SALE_UNFINISHED, _check
)
