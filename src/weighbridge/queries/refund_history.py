"""The page of a refund: the refund in the store, the credit note in Cin7, and the three clocks of a return."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from weighbridge.app.context import AppContext
from weighbridge.domain.documents import UnreadableDocument
from weighbridge.domain.orders.order import OrderLine
from weighbridge.domain.returns.credit_note import Credit, CreditNote
from weighbridge.domain.returns.refund import Refund, RefundItemKind
from weighbridge.domain.values.money import Money, total
from weighbridge.exceptions.records import ExceptionRecord
from weighbridge.flows.returns.flow import FLOW
from weighbridge.persistence.documents import CREDIT, ORDER_SNAPSHOT
from weighbridge.persistence.repositories.http_log import StoredExchange
from weighbridge.persistence.repositories.order_history import HistoryEvent, read_refund_history
from weighbridge.persistence.repositories.transfers import Transfer
from weighbridge.platforms.bigcommerce.models.orders import Refund as RefundPayload
from weighbridge.platforms.bigcommerce.payload import Enveloped
from weighbridge.platforms.bigcommerce.refund_read import read_refund
from weighbridge.platforms.cin7.models.sales import CreditNoteSet
from weighbridge.platforms.cin7.read import credit_note_with
from weighbridge.platforms.json_bodies import parsed
from weighbridge.queries.order_history import bodies_kept_days
from weighbridge.queries.return_status import Clock, clocks_of

ORDERS = "orders"
CREDIT_NOTES = "/sale/creditnote"
"""Answers of Cin7 that show the credit notes of a sale. Source: Cin7 Core API v2, /sale/creditnote."""
UNREFUNDED: Mapping[str, str] = {
    "gateway": "The money went back at the payment gateway; the store has no refund that says for what.",
    "cin7": "The sale was credited in Cin7; the store has refunded nothing.",
}
"""Explanation of a refund that the store has no record of, by the first word of its number."""


@dataclass(frozen=True, slots=True)
class RefundLine:
    """A line of a refund in both systems."""

    name: str
    sku: str
    units: Decimal | None
    """Refunded in the store."""
    refunded: Decimal | None
    """Refunded in the store with tax; None for goods, whose amount the store does not state reliably."""
    credited_units: Decimal | None
    credited: Decimal | None
    """In the credit note, without tax unless its prices include it."""
    tax: Decimal | None
    tax_rule: str


@dataclass(frozen=True, slots=True)
class RefundPayment:
    """A refund payment of the credit note."""

    account: str
    money: Money
    reference: str
    at: datetime | None
    """When Cin7 accepted it; None until then."""


@dataclass(frozen=True, slots=True)
class RefundTrace:
    """Everything about a refund."""

    headline: str
    transfer: Transfer
    order: Transfer | None
    number: str
    refund: Refund | None
    """The refund in the store's latest answer; None if the store has none."""
    unrefunded: str
    """Why the store has none."""
    note: CreditNote | None
    """The credit note as mapped."""
    invoice: str
    lines: tuple[RefundLine, ...]
    refund_payments: tuple[RefundPayment, ...]
    store_total: Money | None
    note_total: Money | None
    cin7_total: Money | None
    """The credit note's total in Cin7's latest answer."""
    clocks: tuple[Clock, ...]
    exception_records: Sequence[ExceptionRecord]
    events: tuple[HistoryEvent, ...]
    bodies_kept_days: int | None
    """After how many days the bodies of its calls were removed; None while all of them are stored."""

    @property
    def difference(self) -> Money | None:
        """Cin7's total minus the store's; None while one of them is not known."""
        return None if self.store_total is None or self.cin7_total is None else self.cin7_total - self.store_total


async def trace_refund(app: AppContext, connection: str, order_id: str, number: str) -> RefundTrace | None:
    """Everything about a refund; None if it was never received."""
    repositories = app.repositories
    history = await read_refund_history(repositories, connection, f"{order_id}:{number}")
    if history is None:
        return None
    headline, transfer, events = history
    order = await repositories.transfers.find(connection, ORDERS, order_id)
    exchanges = await repositories.http_log.of_transfer(transfer.id)
    store, currency = _store_refund(exchanges), transfer.currency or (order.currency if order else "")
    credit = _credit(transfer)
    note = credit.credit_note if credit else None
    cin7_note = _note_in_cin7(exchanges, note.reference) if note else None
    removed_after = bodies_kept_days(app, exchanges)
    sent = {intent.key: intent.answered_at for intent in await repositories.intents.of_transfer(transfer.id)}
    exception_records = await app.exception_queries.of_transfer(transfer.id)
    skus = sorted({line.sku for line in note.restock} if note else set())
    levels = [level for sku in skus for level in await repositories.stock_levels.for_sku(connection, sku)]
    return RefundTrace(
        headline=headline,
        transfer=transfer,
        order=order,
        number=number,
        refund=store,
        unrefunded=_unrefunded(number, removed_after),
        note=note,
        invoice=credit.invoice_number if credit else "",
        lines=_refund_lines(store, note, _lines(order)),
        refund_payments=_refund_payments(note, sent, currency),
        store_total=Money(store.total, currency) if store and currency else None,
        note_total=Money(note.value, currency) if note and currency else None,
        cin7_total=Money(Decimal(cin7_note["total"]), currency) if cin7_note and currency else None,
        clocks=clocks_of(transfer, store, note, currency, levels, exception_records),
        exception_records=exception_records,
        events=events,
        bodies_kept_days=removed_after,
    )


def _unrefunded(number: str, removed_after: int | None) -> str:
    """Why the store's refund is not shown."""
    unread = "The store's refund was not read yet."
    removed = f"The store's refund is not known any more: body removed after {removed_after} days."
    return UNREFUNDED.get(number.partition("-")[0], unread if removed_after is None else removed)


async def refunds_of(app: AppContext, connection: str, order_id: str) -> tuple[Transfer, ...]:
    """The refunds of an order, oldest first."""
    return tuple(await app.repositories.transfers.with_parent_key(connection, FLOW, order_id))


def _credit(transfer: Transfer) -> Credit | None:
    """The mapped refund; None while there is none, or when it cannot be read any more."""
    try:
        return None if transfer.content is None else transfer.read(CREDIT)
    except UnreadableDocument:
        return None


def _lines(order: Transfer | None) -> Mapping[int, OrderLine]:
    if order is None or order.content is None:
        return {}
    try:
        return {line.id: line for line in order.read(ORDER_SNAPSHOT).lines}
    except UnreadableDocument:
        return {}


def _store_refund(exchanges: Sequence[StoredExchange]) -> Refund | None:
    for exchange in reversed(exchanges):
        path = exchange.url.partition("?")[0]
        if exchange.platform == "bigcommerce" and exchange.status == 200 and "/payment_actions/refunds/" in path:
            try:
                return read_refund(parsed(exchange.response, Enveloped[RefundPayload]).data)
            except ValueError:
                continue
    return None


def _note_in_cin7(exchanges: Sequence[StoredExchange], reference: str) -> Mapping[str, str] | None:
    """Our credit note in Cin7's latest answer that shows it."""
    for exchange in reversed(exchanges):
        path = exchange.url.partition("?")[0].lower()
        if exchange.platform == "cin7" and exchange.status == 200 and path.endswith(CREDIT_NOTES):
            try:
                credit_note = credit_note_with(parsed(exchange.response, CreditNoteSet), reference)
            except ValueError:
                continue
            if credit_note is not None:
                return credit_note
    return None


def _refund_lines(
    refund: Refund | None, note: CreditNote | None, lines: Mapping[int, OrderLine]
) -> tuple[RefundLine, ...]:
    """Goods of both systems line by line; then all other refunded items and credited charges."""
    units: dict[int, Decimal] = {}
    for item in refund.items if refund else ():
        if item.kind == RefundItemKind.PRODUCT:
            units[item.item_id] = units.get(item.item_id, Decimal(0)) + item.quantity
    credited = note.lines if note else ()
    refund_lines = []
    for line_id in dict.fromkeys((*units, *(line.order_line_id for line in credited))):
        note_lines = [line for line in credited if line.order_line_id == line_id]
        line = lines.get(line_id)
        refund_lines.append(
            RefundLine(
                name=line.name if line else (note_lines[0].name if note_lines else f"line {line_id} of the order"),
                sku=line.sku if line else (note_lines[0].sku if note_lines else ""),
                units=units.get(line_id),
                refunded=None,
                credited_units=total(note_line.quantity for note_line in note_lines) if note_lines else None,
                credited=total(note_line.line_total for note_line in note_lines) if note_lines else None,
                tax=total(note_line.tax for note_line in note_lines) if note_lines else None,
                tax_rule=note_lines[0].tax_rule if note_lines else "",
            )
        )
    for item in refund.items if refund else ():
        if item.kind != RefundItemKind.PRODUCT:
            name = item.kind.replace("_", " ").capitalize()
            refund_lines.append(RefundLine(name, "", None, item.amount, None, None, None, ""))
    for charge in note.charges if note else ():
        refund_lines.append(
            RefundLine(charge.product_name, "", None, None, None, charge.price, charge.tax, charge.tax_rule)
        )
    return tuple(refund_lines)


def _refund_payments(
    note: CreditNote | None, sent: Mapping[str, datetime | None], currency: str
) -> tuple[RefundPayment, ...]:
    return tuple(
        RefundPayment(
            payout.account,
            Money(payout.amount, currency),
            payout.reference,
            next((at for key, at in sent.items() if key.endswith(f"refund_payment:{payout.reference}")), None),
        )
        for payout in (note.payouts if note and currency else ())
    )
