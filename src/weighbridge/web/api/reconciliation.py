"""Where both systems are compared: the whole story of a refund, and what crossed day by day."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from fastapi import APIRouter, Request

from weighbridge.app.context import office_of
from weighbridge.domain.values.money import Money
from weighbridge.queries.reconciliation import Side, reconciliation_of
from weighbridge.queries.refund_history import trace_refund
from weighbridge.web.api.auth import Reader
from weighbridge.web.api.exception_responses import CaseAnswer
from weighbridge.web.api.records import Piece
from weighbridge.web.api.responses import Amount, Answer, amounts

router = APIRouter(tags=["comparing"])


class ClockAnswer(Answer):
    """One of the three clocks of a return, and where it stands."""

    name: str
    tone: str
    says: str
    at: datetime | None
    lines: list[str]


class PartAnswer(Answer):
    """A part of a refund: what the shop gave back, and what Cin7 credited."""

    name: str
    sku: str
    units: Decimal | None
    asked: Decimal | None
    credited_units: Decimal | None
    credited: Decimal | None
    tax: Decimal | None
    tax_rule: str


class RefundAnswer(Answer):
    """The whole story of a refund."""

    headline: str
    state: str
    credit_note: str
    shop_total: Amount | None
    note_total: Amount | None
    told_total: Amount | None
    parts: list[PartAnswer]
    clocks: list[ClockAnswer]
    exceptions: list[CaseAnswer]


class SideAnswer(Answer):
    """Objects that crossed on a day; `unanswered` ones are in `shop` and not in `books`."""

    objects: int
    shop: str
    books: str
    unanswered: int


class DayAnswer(Answer):
    """What crossed on one day, UTC, in one currency."""

    day: date
    currency: str
    orders: SideAnswer
    refunds: SideAnswer


class ReconciliationAnswer(Answer):
    """The last days, newest first; `held` orders and refunds are in none of them yet."""

    days: list[DayAnswer]
    counted_at: datetime
    held: int


@router.get("/refunds/{connection}/{order_id}/{number}")
async def show_refund(request: Request, _: Reader, connection: Piece, order_id: Piece, number: Piece) -> RefundAnswer:
    """The whole story of a refund, with the three clocks of a return."""
    office = office_of(request)
    trace = await trace_refund(office, connection, order_id, number)
    if trace is None:
        raise LookupError(f"refund {number} of order {order_id} was never heard of on {connection}")
    now = office.clock.now()
    return RefundAnswer(
        headline=trace.headline,
        state=trace.transfer.state,
        credit_note=trace.transfer.target_number,
        shop_total=_told(trace.shop_total),
        note_total=_told(trace.note_total),
        told_total=_told(trace.told_total),
        parts=[PartAnswer.model_validate(part) for part in trace.parts],
        clocks=[ClockAnswer.model_validate(clock) for clock in trace.clocks],
        exceptions=[CaseAnswer.of(case, now) for case in trace.cases],
    )


@router.get("/reconciliation/{connection}")
async def reconcile(request: Request, _: Reader, connection: Piece) -> ReconciliationAnswer:
    """Day by day, what orders and refunds came to at the shop and in Cin7's answers. No day is closed yet."""
    office = office_of(request)
    if connection not in office.connections:
        raise LookupError(f"there is no connection {connection}")
    found = await reconciliation_of(office, connection)
    days = [
        DayAnswer(day=one.day, currency=one.currency, orders=_side(one.orders), refunds=_side(one.refunds))
        for one in found.days
    ]
    return ReconciliationAnswer(days=days, counted_at=found.counted_at, held=found.held)


def _told(money: Money | None) -> Amount | None:
    return amounts([money])[0] if money is not None else None


def _side(side: Side) -> SideAnswer:
    return SideAnswer(
        objects=side.objects, shop=format(side.shop, "f"), books=format(side.books, "f"), unanswered=side.unanswered
    )
