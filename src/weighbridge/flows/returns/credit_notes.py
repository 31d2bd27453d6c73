"""The writes of a refund: the credit note and its refund payments. Each one has a probe that finds it again."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from weighbridge.domain.lanes import Lane
from weighbridge.domain.orders.sale import SaleTender
from weighbridge.domain.returns.credit_note import CreditNote
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.idempotent_write import BeforeSend, IdempotentWriter, WriteResult
from weighbridge.flows.orders.sale_documents import write_payment
from weighbridge.persistence.repositories.transfers import Transfer
from weighbridge.platforms.cin7 import read, write


@dataclass(frozen=True, slots=True)
class PostedCreditNote:
    """A credit note in Cin7."""

    task_id: str
    number: str
    total: Decimal
    """With tax, in order currency."""
    restocked: Decimal
    """Units that it restocked, of all SKUs."""


async def post_credit_note(
    ctx: ConnectionContext, transfer: Transfer, credit_note: CreditNote, sale_id: str, invoice: str
) -> PostedCreditNote:
    """The authorised credit note, found by the reference in its memo or created. A second call would create another.

    Source: POST /sale/creditnote; platform notes, cin7 2.8 and trap 29.
    """
    body = write.credit_note(credit_note, sale_id, invoice, ctx.sale_policy)

    async def send(transfer: Transfer, before_send: BeforeSend) -> WriteResult:
        documents = await ctx.cin7.create_credit_note(body, lane=Lane.RETURNS, before_send=before_send)
        answer = read.credit_note_with(documents, credit_note.reference)
        if answer is None:
            raise ValueError(f"Cin7 answered without the credit note {credit_note.reference}")
        return answer

    async def probe(transfer: Transfer) -> WriteResult | None:
        return read.credit_note_with(await ctx.cin7.credit_notes(sale_id, lane=Lane.RETURNS), credit_note.reference)

    settle = ctx.connection.design.retry.call_settle_seconds
    answer = await IdempotentWriter(ctx, transfer).write("credit_note", body, send, probe, settle_seconds=settle)
    return PostedCreditNote(answer["task_id"], answer["number"], Decimal(answer["total"]), Decimal(answer["restocked"]))


async def post_refund_payment(
    ctx: ConnectionContext, transfer: Transfer, credit_note: CreditNote, task_id: str, sale_id: str, payout: SaleTender
) -> None:
    """One refund payment on the credit note.

    Source: POST /sale/payment with Type Refund; platform notes, cin7 2.6 and gate 7.
    """
    body = write.refund_payment(credit_note, task_id, payout)
    await write_payment(ctx, transfer, f"refund_payment:{payout.reference}", body, sale_id, Lane.RETURNS)
