"""The writes that make a sale: header, order, invoice, payments. Each one knows how to find itself again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from pydantic import BaseModel

from weighbridge.domain.lanes import Lane
from weighbridge.domain.orders.sale import Sale, SaleTender
from weighbridge.domain.orders.snapshot import Captured
from weighbridge.flows.context import Site, running
from weighbridge.flows.idempotent_write import Answered, BeforeSend, Write, write_once
from weighbridge.persistence.repositories.transfers import Transfer
from weighbridge.platforms.cin7 import read, write

AUTHORISED = "AUTHORISED"
VOIDED = "VOIDED"


@dataclass(frozen=True, slots=True)
class OpenedSale:
    sale_id: str
    number: str


@dataclass(frozen=True, slots=True)
class AuthorisedOrder:
    """The order document as Cin7 has it."""

    total: Decimal
    """With tax, in order currency."""
    backordered: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Invoiced:
    task_id: str
    number: str
    total: Decimal


async def open_sale(site: Site, transfer: Transfer, sale: Sale) -> OpenedSale:
    """The sale's header, found by its external id or made. Source: POST /sale; ids are not unique there."""
    body = write.sale_header(sale, site.sale_policy)

    async def send(before_send: BeforeSend) -> Answered:
        made = await site.books.create_sale(body, lane=Lane.ORDERS, before_send=before_send)
        return {"sale_id": made.id, "number": made.order_number}

    async def probe() -> Answered | None:
        found = read.live_sales(await site.books.sales_by_external_id(sale.external_id, lane=Lane.ORDERS))
        return {"sale_id": found[0].id, "number": found[0].order_number} if found else None

    settle = site.connection.design.retry.settle_seconds
    answer = await _write(site, transfer, "header", body, send, probe, settle)
    return OpenedSale(**answer)


async def authorise(site: Site, transfer: Transfer, sale: Sale, sale_id: str, revision: int) -> AuthorisedOrder:
    """The authorised order document, which reserves the stock.

    Cin7 refuses a second authorisation and overwrites a draft, so a lost answer is simply read back. A later
    `revision` first takes the authorised document back to a draft.
    Source: POST /sale/order; platform notes, cin7 section 6 (step 4) and trap 44.
    """
    if revision:
        await _reopen(site, transfer, sale_id, revision)
    body = write.sale_order(sale, sale_id, site.sale_policy)

    async def send(before_send: BeforeSend) -> Answered:
        document = await site.books.authorise_order(body, lane=Lane.ORDERS, before_send=before_send)
        return read.order_document(document)

    async def probe() -> Answered | None:
        document = await site.books.sale_order(sale_id, lane=Lane.ORDERS)
        return read.order_document(document) if document.status == AUTHORISED else None

    answer = await _write(site, transfer, f"order:{revision}", body, send, probe, 0.0)
    return _authorised(answer)


def _authorised(answer: Answered) -> AuthorisedOrder:
    backordered = {sku: Decimal(units) for sku, units in answer["backordered"].items()}
    return AuthorisedOrder(Decimal(answer["total"]), backordered)


async def stands(site: Site, transfer: Transfer, sale_id: str, revision: int) -> AuthorisedOrder | None:
    """The order document as Cin7 has it now, kept as the answer to its writing; None while it is a draft."""
    document = await site.books.sale_order(sale_id, lane=Lane.ORDERS)
    if document.status != AUTHORISED:
        return None
    found = read.order_document(document)
    await running().journal.intents.answered(_key(site, transfer, f"order:{revision}"), found, "adopted")
    return _authorised(found)


async def take_back(site: Site, transfer: Transfer, captured: Captured, sale_id: str) -> None:
    """What stands in the way of a changed order: its header is written anew, payments are removed, invoices voided.

    Source: PUT /sale, DELETE /sale/payment, DELETE /sale/invoice; platform notes, cin7 2.2, 2.5 and 2.6.
    """
    if captured.header:
        await _change_header(site, transfer, captured.sale, sale_id, captured.header)
    for payment_id in captured.remove_payments:
        await _remove_payment(site, transfer, sale_id, payment_id)
    for task_id in captured.void_invoices:
        await _void_invoice(site, transfer, sale_id, task_id)


async def _change_header(site: Site, transfer: Transfer, sale: Sale, sale_id: str, number: int) -> None:
    """The whole header again: nobody says whether PUT keeps what it leaves out. Writing it twice is harmless."""
    body = write.changed_header(sale, sale_id, site.sale_policy)

    async def send(before_send: BeforeSend) -> Answered:
        await site.books.change_sale(body, lane=Lane.ORDERS, before_send=before_send)
        return {"sale_id": sale_id}

    async def probe() -> Answered | None:
        return None

    await _write(site, transfer, f"change_header:{number}", body, send, probe, 0.0)


async def _remove_payment(site: Site, transfer: Transfer, sale_id: str, payment_id: str) -> None:
    async def send(before_send: BeforeSend) -> Answered:
        await site.books.delete_payment(payment_id, lane=Lane.ORDERS, before_send=before_send)
        return {"payment_id": payment_id}

    async def probe() -> Answered | None:
        payments = await site.books.payments(sale_id, lane=Lane.ORDERS)
        return None if any(one.id == payment_id for one in payments) else {"payment_id": payment_id}

    await _write(site, transfer, f"remove_payment:{payment_id}", None, send, probe, 0.0)


async def _void_invoice(site: Site, transfer: Transfer, sale_id: str, task_id: str) -> None:
    async def send(before_send: BeforeSend) -> Answered:
        await site.books.void_invoice(task_id, lane=Lane.ORDERS, before_send=before_send)
        return {"task_id": task_id}

    async def probe() -> Answered | None:
        invoices = (await site.books.sale_invoices(sale_id, lane=Lane.ORDERS)).invoices
        counting = [one.task_id for one in invoices if one.status in read.COUNTING]
        return None if task_id in counting else {"task_id": task_id}

    await _write(site, transfer, f"void_invoice:{task_id}", None, send, probe, 0.0)


async def invoice(site: Site, transfer: Transfer, sale: Sale, sale_id: str, bill: int) -> Invoiced:
    """The sale's authorised invoice. A second call would make a second invoice, so a lost answer is waited out.

    `bill` counts how often invoice and payments were taken back before.
    """
    body = write.invoice(sale, sale_id, site.sale_policy)

    async def send(before_send: BeforeSend) -> Answered:
        made = await site.books.create_invoice(body, lane=Lane.ORDERS, before_send=before_send)
        return read.newest_invoice(made)

    async def probe() -> Answered | None:
        invoices = await site.books.sale_invoices(sale_id, lane=Lane.ORDERS)
        return read.authorised_invoice(invoices)

    settle = site.connection.design.retry.call_settle_seconds
    answer = await _write(site, transfer, _billed("invoice", bill), body, send, probe, settle)
    return Invoiced(answer["task_id"], answer["number"], Decimal(answer["total"]))


async def pay(
    site: Site, transfer: Transfer, sale: Sale, invoice_task_id: str, sale_id: str, tender: SaleTender, bill: int
) -> None:
    """One payment on the invoice, recognised by its reference and amount."""
    body = write.payment(sale, invoice_task_id, tender)

    async def send(before_send: BeforeSend) -> Answered:
        made = await site.books.create_payment(body, lane=Lane.ORDERS, before_send=before_send)
        return {"payment_id": made.id}

    async def probe() -> Answered | None:
        payments = await site.books.payments(sale_id, lane=Lane.ORDERS)
        same = [p for p in payments if p.reference == tender.reference and p.amount == tender.amount]
        return {"payment_id": same[0].id} if same else None

    settle = site.connection.design.retry.call_settle_seconds
    await _write(site, transfer, _billed(f"payment:{tender.reference}", bill), body, send, probe, settle)


async def void(site: Site, transfer: Transfer, sale_id: str) -> None:
    """Voids the sale, which releases its stock. Voiding twice is refused or harmless, so the state is read first."""

    async def send(before_send: BeforeSend) -> Answered:
        await site.books.void_sale(sale_id, lane=Lane.ORDERS, before_send=before_send)
        return {"sale_id": sale_id}

    async def probe() -> Answered | None:
        sale = await site.books.sale(sale_id, lane=Lane.ORDERS)
        return {"sale_id": sale_id} if sale.status == VOIDED else None

    await _write(site, transfer, f"void:{sale_id}", None, send, probe, 0.0)


async def _reopen(site: Site, transfer: Transfer, sale_id: str, revision: int) -> None:
    """Takes an authorised order back to a draft; one that is a draft already stays what it is."""

    async def send(before_send: BeforeSend) -> Answered:
        if await probe() is None:
            await site.books.undo_sale(sale_id, lane=Lane.ORDERS, before_send=before_send)
        return {"sale_id": sale_id}

    async def probe() -> Answered | None:
        document = await site.books.sale_order(sale_id, lane=Lane.ORDERS)
        return {"sale_id": sale_id} if document.status != AUTHORISED else None

    await _write(site, transfer, f"undo:{revision}", None, send, probe, 0.0)


def header_key(site: Site, transfer: Transfer) -> str:
    """Under which key the sale's header was intended."""
    return _key(site, transfer, "header")


def invoice_key(site: Site, transfer: Transfer, bill: int) -> str:
    """Under which key the sale's invoice number `bill` is intended."""
    return _key(site, transfer, _billed("invoice", bill))


def _billed(kind: str, bill: int) -> str:
    return f"{kind}:{bill}" if bill else kind


def _key(site: Site, transfer: Transfer, kind: str) -> str:
    return f"{site.name}:{transfer.flow}:{transfer.key}:{kind}"


async def _write(
    site: Site,
    transfer: Transfer,
    kind: str,
    body: BaseModel | None,
    send: Callable[[BeforeSend], Awaitable[Answered]],
    probe: Callable[[], Awaitable[Answered | None]],
    settle_seconds: float,
) -> Answered:
    wanted = Write(
        key=_key(site, transfer, kind),
        kind=kind.split(":")[0],
        request=body.model_dump(mode="json", by_alias=True, exclude_none=True) if body is not None else None,
        send=send,
        probe=probe,
        settle_seconds=settle_seconds,
    )
    return await write_once(transfer.id, wanted, site.connection.design.retry.lease_seconds)
