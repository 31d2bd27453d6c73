"""One refund on one page: what the shop gave back, what the books credited, and the three clocks of a return."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from weighbridge.app.context import Office
from weighbridge.domain.orders.order import OrderLine
from weighbridge.domain.orders.snapshot import CAPTURED
from weighbridge.domain.returns.credit_note import CreditNote
from weighbridge.domain.returns.refund import Refund, RefundItemKind
from weighbridge.domain.values.money import Money, total
from weighbridge.exceptions.records import Case
from weighbridge.flows.returns.flow import CREDIT, FLOW
from weighbridge.persistence.repositories.http_log import StoredExchange
from weighbridge.persistence.repositories.order_history import Event, tell_refund
from weighbridge.persistence.repositories.transfers import Transfer
from weighbridge.platforms.bigcommerce.models.orders import Refund as RefundPayload
from weighbridge.platforms.bigcommerce.payload import Enveloped
from weighbridge.platforms.bigcommerce.read import read_refund
from weighbridge.platforms.cin7.models.sales import CreditNoteSet
from weighbridge.platforms.cin7.read import credit_note_with
from weighbridge.platforms.parsing import parsed
from weighbridge.queries.return_status import Clock, clocks_of

ORDERS = "orders"
CREDIT_NOTES = "/sale/creditnote"
"""Answers of Cin7 that show the credit notes of a sale. Source: Cin7 Core API v2, /sale/creditnote."""
UNREFUNDED: Mapping[str, str] = {
    "gateway": "The money went back at the payment gateway; the shop has no refund that says for what.",
    "books": "The sale was credited in Cin7; the shop has refunded nothing.",
}
"""What a refund is that the shop has no record of, by the first word of its number."""


@dataclass(frozen=True, slots=True)
class RefundedPart:
    """A part of a refund as both systems have it."""

    name: str
    sku: str
    units: Decimal | None
    """Refunded at the shop."""
    asked: Decimal | None
    """Refunded at the shop with tax; None for goods, whose worth the shop does not tell reliably."""
    credited_units: Decimal | None
    credited: Decimal | None
    """In the credit note, without tax unless its prices include it."""
    tax: Decimal | None
    tax_rule: str


@dataclass(frozen=True, slots=True)
class PaidBack:
    """A refund payment of the credit note."""

    account: str
    money: Money
    reference: str
    at: datetime | None
    """When Cin7 took it; None while it has not."""


@dataclass(frozen=True, slots=True)
class RefundTrace:
    """The whole story of a refund."""

    headline: str
    transfer: Transfer
    order: Transfer | None
    number: str
    shop: Refund | None
    """The refund as the shop showed it last; None where it has none."""
    unrefunded: str
    """Why the shop has none."""
    note: CreditNote | None
    """The credit note as it was mapped."""
    invoice: str
    parts: tuple[RefundedPart, ...]
    paid_back: tuple[PaidBack, ...]
    shop_total: Money | None
    note_total: Money | None
    told_total: Money | None
    """What Cin7 answered that the note comes to."""
    clocks: tuple[Clock, ...]
    cases: Sequence[Case]
    events: tuple[Event, ...]

    @property
    def difference(self) -> Money | None:
        """What Cin7's figure is above the shop's; None while one of them is not known."""
        return None if self.shop_total is None or self.told_total is None else self.told_total - self.shop_total


async def trace_refund(office: Office, connection: str, order_id: str, number: str) -> RefundTrace | None:
    """The story of a refund, None when it was never seen."""
    journal = office.journal
    told = await tell_refund(journal, connection, f"{order_id}:{number}")
    if told is None:
        return None
    headline, transfer, events = told
    order = await journal.transfers.find(connection, ORDERS, order_id)
    exchanges = await journal.exchanges.of_transfer(transfer.id)
    shop, currency = _shop_refund(exchanges), transfer.currency or (order.currency if order else "")
    credit = CREDIT.validate_python(transfer.content) if transfer.content is not None else None
    note = credit.credit_note if credit else None
    books = _note_in_cin7(exchanges, note.reference) if note else None
    sent = {one.key: one.answered_at for one in await journal.intents.of_transfer(transfer.id)}
    cases = await office.cases.of_transfer(transfer.id)
    skus = sorted({line.sku for line in note.restock} if note else set())
    levels = [level for sku in skus for level in await journal.stock_levels.of(connection, sku)]
    return RefundTrace(
        headline=headline,
        transfer=transfer,
        order=order,
        number=number,
        shop=shop,
        unrefunded=UNREFUNDED.get(number.partition("-")[0], "The shop's refund has not been read yet."),
        note=note,
        invoice=credit.invoice_number if credit else "",
        parts=_parts(shop, note, _lines(order)),
        paid_back=_paid_back(note, sent, currency),
        shop_total=Money(shop.total, currency) if shop and currency else None,
        note_total=Money(note.value, currency) if note and currency else None,
        told_total=Money(Decimal(books["total"]), currency) if books and currency else None,
        clocks=clocks_of(transfer, shop, note, currency, levels, cases),
        cases=cases,
        events=events,
    )


async def refunds_of(office: Office, connection: str, order_id: str) -> tuple[Transfer, ...]:
    """The refunds of an order, oldest first."""
    return tuple(await office.journal.transfers.beneath(connection, FLOW, order_id))


def _lines(order: Transfer | None) -> Mapping[int, OrderLine]:
    if order is None or order.content is None:
        return {}
    return {line.id: line for line in CAPTURED.validate_python(order.content).lines}


def _shop_refund(exchanges: Sequence[StoredExchange]) -> Refund | None:
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
                found = credit_note_with(parsed(exchange.response, CreditNoteSet), reference)
            except ValueError:
                continue
            if found is not None:
                return found
    return None


def _parts(shop: Refund | None, note: CreditNote | None, lines: Mapping[int, OrderLine]) -> tuple[RefundedPart, ...]:
    """Goods of both systems line by line; then what else the shop gave back, and what else was credited."""
    units: dict[int, Decimal] = {}
    for item in shop.items if shop else ():
        if item.kind == RefundItemKind.PRODUCT:
            units[item.item_id] = units.get(item.item_id, Decimal(0)) + item.quantity
    credited = note.lines if note else ()
    found = []
    for line_id in dict.fromkeys((*units, *(line.order_line_id for line in credited))):
        mine = [line for line in credited if line.order_line_id == line_id]
        line = lines.get(line_id)
        found.append(
            RefundedPart(
                name=line.name if line else (mine[0].name if mine else f"line {line_id} of the order"),
                sku=line.sku if line else (mine[0].sku if mine else ""),
                units=units.get(line_id),
                asked=None,
                credited_units=total(one.quantity for one in mine) if mine else None,
                credited=total(one.line_total for one in mine) if mine else None,
                tax=total(one.tax for one in mine) if mine else None,
                tax_rule=mine[0].tax_rule if mine else "",
            )
        )
    for item in shop.items if shop else ():
        if item.kind != RefundItemKind.PRODUCT:
            name = item.kind.replace("_", " ").capitalize()
            found.append(RefundedPart(name, "", None, item.amount, None, None, None, ""))
    for charge in note.charges if note else ():
        found.append(RefundedPart(charge.product_name, "", None, None, None, charge.price, charge.tax, charge.tax_rule))
    return tuple(found)


def _paid_back(note: CreditNote | None, sent: Mapping[str, datetime | None], currency: str) -> tuple[PaidBack, ...]:
    return tuple(
        PaidBack(
            one.account,
            Money(one.amount, currency),
            one.reference,
            next((at for key, at in sent.items() if key.endswith(f"refund_payment:{one.reference}")), None),
        )
        for one in (note.payouts if note and currency else ())
    )
