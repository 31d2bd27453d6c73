"""Manual edits: people changed a sale of ours in Cin7, and it is invoiced with another total than its order."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from weighbridge.domain.documents import UnreadableDocument
from weighbridge.domain.findings.finding import Finding, hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.evaluation import record_evaluation, record_passed
from weighbridge.flows.orders import flow as orders
from weighbridge.persistence.documents import ORDER_SNAPSHOT
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.platforms.cin7.models.sales import SaleRow
from weighbridge.platforms.cin7.read import is_live, order_id_of

log = structlog.get_logger()

MANUAL_EDIT = "manual_edit"
"""The flow under which manually edited sales are held; the key is the order id."""
BILLED = ("INVOICED", "PAID")
"""Prefixes of the invoice status of a sale whose invoices cover the whole order; otherwise a part may be invoiced.

Source: platform notes, cin7 2.1 (the vendor's texts disagree about the values).
"""


async def hold_manual_edits(ctx: ConnectionContext, rows: Sequence[SaleRow]) -> None:
    """Compares the invoiced total of changed sales of ours with their orders, and holds those that differ.

    It costs no call: the rows of the sale list have the sum of the invoices. Sales with a credit note are left out,
    because their refunds explain the difference.
    """
    repositories = ctx.repositories
    invoiced = {
        str(order_id_of(row, ctx.sale_policy)): row
        for row in rows
        if is_live(row) and row.invoice_amount and not row.credit_note_number
    }
    known = await repositories.transfers.find_many(ctx.name, orders.FLOW, list(invoiced))
    held = await repositories.transfers.find_many(ctx.name, MANUAL_EDIT, list(invoiced))
    for number, order in known.items():
        row, transfer = invoiced[number], held.get(number)
        finding = _manual_edit_finding(row, order)
        if finding is not None:
            transfer = transfer or await repositories.transfers.open(ctx.name, MANUAL_EDIT, number)
            await record_evaluation(ctx, transfer, (finding,), amount=order.amount, currency=order.currency)
            log.warning("sale_edited_manually", order=number, sale=row.order_number)
        elif transfer is not None and transfer.state is State.HELD:
            await record_passed(ctx, transfer)


def _manual_edit_finding(row: SaleRow, order: Transfer) -> Finding | None:
    """A finding when the sale's invoices differ from the order. A sale that we wrote to after its row was updated is
    compared at its next change: the row may be older than our write."""
    is_current = order.state is State.POSTED and order.target_id == row.id and order.updated_at < row.updated
    if not is_current or order.content is None or row.invoice_amount is None or row.invoice_amount == order.amount:
        return None
    try:
        value = order.read(ORDER_SNAPSHOT).sale.value
    except UnreadableDocument as error:
        log.warning("document_unreadable", flow=order.flow, key=order.key, reason=str(error))
        return None
    if row.invoice_amount == value or (row.invoice_amount < value and not row.invoice_status.startswith(BILLED)):
        return None
    expected = (
        f"{value} {order.currency}, the order's total; {row.order_number} was changed in Cin7 since it was posted"
    )
    return hold(FindingKind.TOTAL_DIFFERS_IN_CIN7, "sale.invoices", row.invoice_amount, expected)
