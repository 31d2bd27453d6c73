"""The writes of a sale: header, order, invoice, payments. Each one has a probe that finds it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from weighbridge.domain.lanes import Lane
from weighbridge.domain.orders.sale import OrderSnapshot, Sale, SaleTender
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.idempotent_write import BeforeSend, IdempotentWriter, WriteResult
from weighbridge.persistence.repositories.transfers import Transfer
from weighbridge.platforms.cin7 import read, write
from weighbridge.platforms.cin7.requests import PaymentRequest

AUTHORISED = "AUTHORISED"
VOIDED = "VOIDED"


@dataclass(frozen=True, slots=True)
class OpenedSale:
    sale_id: str
    number: str


@dataclass(frozen=True, slots=True)
class AuthorisedOrder:
    """The order document in Cin7."""

    total: Decimal
    """With tax, in order currency."""
    backordered: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Invoiced:
    task_id: str
    number: str
    total: Decimal


async def open_sale(ctx: ConnectionContext, transfer: Transfer, sale: Sale) -> OpenedSale:
    """The sale's header, found by its external id or created. Source: POST /sale; external ids are not unique."""
    body = write.sale_header(sale, ctx.sale_policy)

    async def send(transfer: Transfer, before_send: BeforeSend) -> WriteResult:
        created = await ctx.cin7.create_sale(body, lane=Lane.ORDERS, before_send=before_send)
        return {"sale_id": created.id, "number": read.sale_number(created)}

    async def probe(transfer: Transfer) -> WriteResult | None:
        live = read.live_sales(await ctx.cin7.sales_by_external_id(sale.external_id, lane=Lane.ORDERS))
        return {"sale_id": live[0].id, "number": live[0].order_number} if live else None

    settle = ctx.connection.design.retry.settle_seconds
    answer = await IdempotentWriter(ctx, transfer).write("header", body, send, probe, settle_seconds=settle)
    return OpenedSale(**answer)


async def authorise(
    ctx: ConnectionContext, transfer: Transfer, sale: Sale, sale_id: str, revision: int
) -> AuthorisedOrder:
    """The authorised order document, which reserves the stock.

    Cin7 refuses a second authorisation and overwrites a draft, so a lost answer is simply read back. A `revision`
    above 0 first turns the authorised document back into a draft.
    Source: POST /sale/order; platform notes, cin7 section 6 (step 4) and trap 44.
    """
    if revision:
        await _reopen(ctx, transfer, sale_id, revision)
    body = write.sale_order(sale, sale_id, ctx.sale_policy)

    async def send(transfer: Transfer, before_send: BeforeSend) -> WriteResult:
        document = await ctx.cin7.authorise_order(body, lane=Lane.ORDERS, before_send=before_send)
        return read.order_document(document)

    async def probe(transfer: Transfer) -> WriteResult | None:
        document = await ctx.cin7.sale_order(sale_id, lane=Lane.ORDERS)
        return read.order_document(document) if document.status == AUTHORISED else None

    answer = await IdempotentWriter(ctx, transfer).write(f"order:{revision}", body, send, probe, settle_seconds=0.0)
    return _authorised(answer)


def _authorised(answer: WriteResult) -> AuthorisedOrder:
    backordered = {sku: Decimal(units) for sku, units in answer["backordered"].items()}
    return AuthorisedOrder(Decimal(answer["total"]), backordered)


async def current_order_document(
    ctx: ConnectionContext, transfer: Transfer, sale_id: str, revision: int
) -> AuthorisedOrder | None:
    """The order document that Cin7 has now, stored as the answer to its write; None while it is a draft."""
    document = await ctx.cin7.sale_order(sale_id, lane=Lane.ORDERS)
    if document.status != AUTHORISED:
        return None
    answer = read.order_document(document)
    await ctx.repositories.intents.answered(IdempotentWriter(ctx, transfer).key(f"order:{revision}"), answer, "adopted")
    return _authorised(answer)


async def revert_documents(ctx: ConnectionContext, transfer: Transfer, snapshot: OrderSnapshot, sale_id: str) -> None:
    """Prepares a sale for its changed order: writes its header again, removes payments and voids invoices.

    Source: PUT /sale, DELETE /sale/payment, DELETE /sale/invoice; platform notes, cin7 2.2, 2.5 and 2.6.
    """
    if snapshot.header_revision:
        await _change_header(ctx, transfer, snapshot.sale, sale_id, snapshot.header_revision)
    for payment_id in snapshot.remove_payments:
        await _remove_payment(ctx, transfer, sale_id, payment_id)
    for task_id in snapshot.void_invoices:
        await _void_invoice(ctx, transfer, sale_id, task_id)


async def _change_header(ctx: ConnectionContext, transfer: Transfer, sale: Sale, sale_id: str, number: int) -> None:
    """Writes the whole header: it is not documented whether PUT keeps omitted fields. Writing it twice is harmless."""
    body = write.changed_header(sale, sale_id, ctx.sale_policy)

    async def send(transfer: Transfer, before_send: BeforeSend) -> WriteResult:
        await ctx.cin7.change_sale(body, lane=Lane.ORDERS, before_send=before_send)
        return {"sale_id": sale_id}

    async def probe(transfer: Transfer) -> WriteResult | None:
        return None

    await IdempotentWriter(ctx, transfer).write(f"change_header:{number}", body, send, probe, settle_seconds=0.0)


async def _remove_payment(ctx: ConnectionContext, transfer: Transfer, sale_id: str, payment_id: str) -> None:
    async def send(transfer: Transfer, before_send: BeforeSend) -> WriteResult:
        await ctx.cin7.delete_payment(payment_id, lane=Lane.ORDERS, before_send=before_send)
        return {"payment_id": payment_id}

    async def probe(transfer: Transfer) -> WriteResult | None:
        payments = await ctx.cin7.payments(sale_id, lane=Lane.ORDERS)
        return None if any(payment.id == payment_id for payment in payments) else {"payment_id": payment_id}

    await IdempotentWriter(ctx, transfer).write(f"remove_payment:{payment_id}", None, send, probe, settle_seconds=0.0)


async def _void_invoice(ctx: ConnectionContext, transfer: Transfer, sale_id: str, task_id: str) -> None:
    async def send(transfer: Transfer, before_send: BeforeSend) -> WriteResult:
        await ctx.cin7.void_invoice(task_id, lane=Lane.ORDERS, before_send=before_send)
        return {"task_id": task_id}

    async def probe(transfer: Transfer) -> WriteResult | None:
        invoices = (await ctx.cin7.sale_invoices(sale_id, lane=Lane.ORDERS)).invoices
        counting = [document.task_id for document in invoices if document.status in read.COUNTING]
        return None if task_id in counting else {"task_id": task_id}

    await IdempotentWriter(ctx, transfer).write(f"void_invoice:{task_id}", None, send, probe, settle_seconds=0.0)


async def invoice(ctx: ConnectionContext, transfer: Transfer, sale: Sale, sale_id: str, bill: int) -> Invoiced:
    """The sale's authorised invoice. A second call would create a second invoice, so a lost answer is waited for.

    `bill` counts how often invoice and payments were reverted before.
    """
    body = write.invoice(sale, sale_id, ctx.sale_policy)

    async def send(transfer: Transfer, before_send: BeforeSend) -> WriteResult:
        invoices = await ctx.cin7.create_invoice(body, lane=Lane.ORDERS, before_send=before_send)
        return read.newest_invoice(invoices)

    async def probe(transfer: Transfer) -> WriteResult | None:
        invoices = await ctx.cin7.sale_invoices(sale_id, lane=Lane.ORDERS)
        return read.authorised_invoice(invoices)

    settle = ctx.connection.design.retry.call_settle_seconds
    answer = await IdempotentWriter(ctx, transfer).write(
        _billed("invoice", bill), body, send, probe, settle_seconds=settle
    )
    return Invoiced(answer["task_id"], answer["number"], Decimal(answer["total"]))


async def pay(
    ctx: ConnectionContext,
    transfer: Transfer,
    sale: Sale,
    invoice_task_id: str,
    sale_id: str,
    tender: SaleTender,
    bill: int,
) -> None:
    """One payment on the invoice."""
    body = write.payment(sale, invoice_task_id, tender)
    await write_payment(ctx, transfer, _billed(f"payment:{tender.reference}", bill), body, sale_id, Lane.ORDERS)


async def write_payment(
    ctx: ConnectionContext, transfer: Transfer, name: str, body: PaymentRequest, sale_id: str, lane: Lane
) -> None:
    """The write `name` of a payment or a refund payment of a sale; its probe knows it by its reference and amount."""

    async def send(transfer: Transfer, before_send: BeforeSend) -> WriteResult:
        payment = await ctx.cin7.create_payment(body, lane=lane, before_send=before_send)
        return {"payment_id": payment.id}

    async def probe(transfer: Transfer) -> WriteResult | None:
        payments = await ctx.cin7.payments(sale_id, lane=lane)
        same = [row for row in payments if row.reference == body.reference and row.amount == body.amount]
        return {"payment_id": same[0].id} if same else None

    settle = ctx.connection.design.retry.call_settle_seconds
    await IdempotentWriter(ctx, transfer).write(name, body, send, probe, settle_seconds=settle)


async def void(ctx: ConnectionContext, transfer: Transfer, sale_id: str) -> None:
    """Voids the sale, which releases its stock. A second call is refused or harmless, so the probe reads the status."""

    async def send(transfer: Transfer, before_send: BeforeSend) -> WriteResult:
        await ctx.cin7.void_sale(sale_id, lane=Lane.ORDERS, before_send=before_send)
        return {"sale_id": sale_id}

    async def probe(transfer: Transfer) -> WriteResult | None:
        sale = await ctx.cin7.sale(sale_id, lane=Lane.ORDERS)
        return {"sale_id": sale_id} if sale.status == VOIDED else None

    await IdempotentWriter(ctx, transfer).write(f"void:{sale_id}", None, send, probe, settle_seconds=0.0)


async def _reopen(ctx: ConnectionContext, transfer: Transfer, sale_id: str, revision: int) -> None:
    """Turns an authorised order document back into a draft; a draft stays as it is."""

    async def send(transfer: Transfer, before_send: BeforeSend) -> WriteResult:
        if await probe(transfer) is None:
            await ctx.cin7.undo_sale(sale_id, lane=Lane.ORDERS, before_send=before_send)
        return {"sale_id": sale_id}

    async def probe(transfer: Transfer) -> WriteResult | None:
        document = await ctx.cin7.sale_order(sale_id, lane=Lane.ORDERS)
        return {"sale_id": sale_id} if document.status != AUTHORISED else None

    await IdempotentWriter(ctx, transfer).write(f"undo:{revision}", None, send, probe, settle_seconds=0.0)


def header_key(ctx: ConnectionContext, transfer: Transfer) -> str:
    """The intent key of the sale's header."""
    return IdempotentWriter(ctx, transfer).key("header")


def invoice_key(ctx: ConnectionContext, transfer: Transfer, bill: int) -> str:
    """The intent key of the sale's invoice after `bill` reverted ones."""
    return IdempotentWriter(ctx, transfer).key(_billed("invoice", bill))


def _billed(kind: str, bill: int) -> str:
    return f"{kind}:{bill}" if bill else kind
