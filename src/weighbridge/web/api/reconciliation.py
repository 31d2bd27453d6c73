"""The comparison of both systems through the API: refunds, and totals day by day."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from fastapi import APIRouter, Request

from weighbridge.app.context import app_context_of
from weighbridge.domain.values.money import Money
from weighbridge.queries.reconciliation import Side, reconciliation_of
from weighbridge.queries.refund_history import trace_refund
from weighbridge.web.api.auth import Reader
from weighbridge.web.api.exception_responses import ExceptionResponse
from weighbridge.web.api.records import PathText
from weighbridge.web.api.responses import Amount, ResponseModel, amounts

router = APIRouter(tags=["reconciliation"])


class ClockResponse(ResponseModel):
    """One of the three clocks of a return and its status."""

    name: str
    tone: str
    says: str
    at: datetime | None
    lines: list[str]


class RefundLineResponse(ResponseModel):
    """A line of a refund: refunded in the store, and credited in Cin7."""

    name: str
    sku: str
    units: Decimal | None
    refunded: Decimal | None
    credited_units: Decimal | None
    credited: Decimal | None
    tax: Decimal | None
    tax_rule: str


class RefundResponse(ResponseModel):
    """Everything about a refund."""

    headline: str
    state: str
    credit_note: str
    store_total: Amount | None
    note_total: Amount | None
    cin7_total: Amount | None
    lines: list[RefundLineResponse]
    clocks: list[ClockResponse]
    exceptions: list[ExceptionResponse]


class SideResponse(ResponseModel):
    """Objects posted on a day; `unanswered` ones are in `store_total` and not in `cin7_total`."""

    objects: int
    store_total: str
    cin7_total: str
    unanswered: int


class DayResponse(ResponseModel):
    """The objects posted on one day, UTC, in one currency."""

    day: date
    currency: str
    orders: SideResponse
    refunds: SideResponse


class ReconciliationResponse(ResponseModel):
    """The last days, newest first; the `held` orders and refunds belong to no day yet."""

    days: list[DayResponse]
    counted_at: datetime
    held: int


@router.get("/refunds/{connection}/{order_id}/{number}")
async def show_refund(
    request: Request, _: Reader, connection: PathText, order_id: PathText, number: PathText
) -> RefundResponse:
    """Everything about a refund, with the three clocks of a return."""
    app = app_context_of(request)
    trace = await trace_refund(app, connection, order_id, number)
    if trace is None:
        raise LookupError(f"refund {number} of order {order_id} is not known on {connection}")
    now = app.clock.now()
    return RefundResponse(
        headline=trace.headline,
        state=trace.transfer.state,
        credit_note=trace.transfer.target_number,
        store_total=_amount(trace.store_total),
        note_total=_amount(trace.note_total),
        cin7_total=_amount(trace.cin7_total),
        lines=[RefundLineResponse.model_validate(line) for line in trace.lines],
        clocks=[ClockResponse.model_validate(clock) for clock in trace.clocks],
        exceptions=[ExceptionResponse.of(exception_record, now) for exception_record in trace.exception_records],
    )


@router.get("/reconciliation/{connection}")
async def reconcile(request: Request, _: Reader, connection: PathText) -> ReconciliationResponse:
    """Totals of orders and refunds, day by day, in the store and in Cin7's answers. No day is closed yet."""
    app = app_context_of(request)
    if connection not in app.connections:
        raise LookupError(f"there is no connection {connection}")
    result = await reconciliation_of(app, connection)
    days = [
        DayResponse(day=day.day, currency=day.currency, orders=_side(day.orders), refunds=_side(day.refunds))
        for day in result.days
    ]
    return ReconciliationResponse(days=days, counted_at=result.counted_at, held=result.held)


def _amount(money: Money | None) -> Amount | None:
    return amounts([money])[0] if money is not None else None


def _side(side: Side) -> SideResponse:
    return SideResponse(
        objects=side.objects,
        store_total=format(side.store_total, "f"),
        cin7_total=format(side.cin7_total, "f"),
        unanswered=side.unanswered,
    )
