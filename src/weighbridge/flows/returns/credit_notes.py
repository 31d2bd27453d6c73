"""The writes that give money back in the books: the credit note and its refund payments, each found again by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal

from pydantic import BaseModel

from weighbridge.domain.lanes import Lane
from weighbridge.domain.orders.sale import SaleTender
from weighbridge.domain.returns.credit_note import CreditNote
from weighbridge.flows.context import Site
from weighbridge.flows.idempotent_write import Answered, BeforeSend, Write, write_once
from weighbridge.persistence.repositories.transfers import Transfer
from weighbridge.platforms.cin7 import read, write


@dataclass(frozen=True, slots=True)
class PostedNote:
    """A credit note as Cin7 has it."""

    task_id: str
    number: str
    total: Decimal
    """With tax, in order currency."""
    shelved: Decimal
    """Units that it put back, of all SKUs."""


async def post_credit_note(site: Site, transfer: Transfer, note: CreditNote, sale_id: str, invoice: str) -> PostedNote:
    """The authorised credit note, found by the reference in its memo or made. A second call would make a second note.

    Source: POST /sale/creditnote; platform notes, cin7 2.8 and trap 29.
    """
    body = write.credit_note(note, sale_id, invoice, site.sale_policy)

    async def send(before_send: BeforeSend) -> Answered:
        made = await site.books.create_credit_note(body, lane=Lane.RETURNS, before_send=before_send)
        found = read.credit_note_with(made, note.reference)
        if found is None:
            raise ValueError(f"Cin7 answered without the credit note {note.reference}")
        return found

    async def probe() -> Answered | None:
        return read.credit_note_with(await site.books.credit_notes(sale_id, lane=Lane.RETURNS), note.reference)

    answer = await _write(site, transfer, "credit_note", body, send, probe)
    return PostedNote(answer["task_id"], answer["number"], Decimal(answer["total"]), Decimal(answer["shelved"]))


async def pay_back(
    site: Site, transfer: Transfer, note: CreditNote, task_id: str, sale_id: str, payout: SaleTender
) -> None:
    """One refund payment on the credit note, recognised by its reference and amount.

    Source: POST /sale/payment with Type Refund; platform notes, cin7 2.6 and gate 7.
    """
    body = write.refund_payment(note, task_id, payout)

    async def send(before_send: BeforeSend) -> Answered:
        made = await site.books.create_payment(body, lane=Lane.RETURNS, before_send=before_send)
        return {"payment_id": made.id}

    async def probe() -> Answered | None:
        payments = await site.books.payments(sale_id, lane=Lane.RETURNS)
        same = [one for one in payments if one.reference == payout.reference and one.amount == payout.amount]
        return {"payment_id": same[0].id} if same else None

    await _write(site, transfer, f"refund_payment:{payout.reference}", body, send, probe)


async def _write(
    site: Site,
    transfer: Transfer,
    kind: str,
    body: BaseModel,
    send: Callable[[BeforeSend], Awaitable[Answered]],
    probe: Callable[[], Awaitable[Answered | None]],
) -> Answered:
    wanted = Write(
        key=f"{site.name}:{transfer.flow}:{transfer.key}:{kind}",
        kind=kind.split(":")[0],
        request=body.model_dump(mode="json", by_alias=True, exclude_none=True),
        send=send,
        probe=probe,
        settle_seconds=site.connection.design.retry.call_settle_seconds,
    )
    return await write_once(transfer.id, wanted, site.connection.design.retry.lease_seconds)
