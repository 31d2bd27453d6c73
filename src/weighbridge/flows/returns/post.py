"""Posting of a refund: writes the credit note and its refund payments, and reads them back."""

from __future__ import annotations

import structlog

from weighbridge.domain.findings.finding import hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.lanes import Lane
from weighbridge.domain.values.money import total
from weighbridge.flows.attempt_runner import DONE, STOPPED
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.evaluation import record_evaluation
from weighbridge.flows.returns.credit_notes import post_credit_note, post_refund_payment
from weighbridge.flows.returns.restock import invalidate_refunded_levels
from weighbridge.persistence.documents import CREDIT
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.platforms.cin7 import read

log = structlog.get_logger()


async def post_credit(ctx: ConnectionContext, transfer: Transfer) -> str:
    """Writes the credit note and its refund payments; STOPPED when Cin7 shows other amounts than were posted."""
    repositories = ctx.repositories
    credit = transfer.read(CREDIT)
    credit_note = credit.credit_note
    posted = await post_credit_note(ctx, transfer, credit_note, credit.sale_id, credit.invoice_number)
    await repositories.transfers.change(transfer.id, target_id=posted.task_id, target_number=posted.number)
    if posted.total != credit_note.value:
        expected = f"{credit_note.value}, what the store refunded; void the note or settle the difference"
        await record_evaluation(
            ctx, transfer, (hold(FindingKind.TOTAL_DIFFERS_IN_CIN7, "credit_note.total", posted.total, expected),)
        )
        return STOPPED
    restocked = total(line.quantity for line in credit_note.restock)
    if posted.restocked != restocked:
        expected = f"{restocked} units restocked; add the rest with a stock adjustment in Cin7"
        await record_evaluation(
            ctx, transfer, (hold(FindingKind.NOT_RESTOCKED, "credit_note.restock", posted.restocked, expected),)
        )
        return STOPPED
    await invalidate_refunded_levels(ctx, credit_note)
    for payout in credit_note.payouts:
        await post_refund_payment(ctx, transfer, credit_note, posted.task_id, credit.sale_id, payout)
    if credit_note.payouts:
        paid_back = read.refunded_on(await ctx.cin7.payments(credit.sale_id, lane=Lane.RETURNS), posted.task_id)
        payouts_total = total(payout.amount for payout in credit_note.payouts)
        if paid_back != payouts_total:
            expected = f"{payouts_total}, the refund's payments"
            await record_evaluation(
                ctx, transfer, (hold(FindingKind.TOTAL_DIFFERS_IN_CIN7, "credit_note.refunds", paid_back, expected),)
            )
            return STOPPED
    # With its findings: the notes about its goods become exceptions once the refund is posted.
    await repositories.transfers.change(
        transfer.id,
        findings=list(transfer.findings),
        state=State.POSTED,
        reason_kind="",
        reason="",
        owner="",
        posted_at=transfer.posted_at or ctx.clock.now(),
    )
    log.info("refund_posted", refund=transfer.key, credit_note=posted.number)
    return DONE
