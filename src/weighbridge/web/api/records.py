"""Records through the API: Today, orders, exchanges, stock, flows and search."""

from __future__ import annotations

import base64
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from weighbridge.app.context import app_context_of
from weighbridge.persistence.repositories.transfers import State
from weighbridge.queries.flows import flows_of
from weighbridge.queries.order_history import trace_order
from weighbridge.queries.orders import OrderPage, orders_of
from weighbridge.queries.search import Hit, search
from weighbridge.queries.today import budgets, today_of
from weighbridge.services.errors import InvalidRequest
from weighbridge.web.api.auth import PayloadReader, Reader
from weighbridge.web.api.exception_responses import ExceptionResponse
from weighbridge.web.api.responses import Amount, amounts

router = APIRouter(tags=["records"])
QueryText = Annotated[str, Query(max_length=300)]
PathText = Annotated[str, Path(max_length=300)]
OCTETS = "application/octet-stream"
BYTES: dict[int | str, dict[str, Any]] = {
    200: {"content": {OCTETS: {"schema": {"type": "string", "format": "binary"}}}, "description": "The bytes."}
}


class TodayResponse(BaseModel):
    """The exceptions that need action, and whether money, stock and flows are right."""

    assigned_to_me: list[ExceptionResponse]
    urgent: list[ExceptionResponse]
    exceptions: int
    late: int
    money_at_risk: list[Amount]
    money_questions: int
    stock_questions: int
    oversell: list[dict[str, Any]]
    retrying: int
    stuck: int
    workers_alive: int


class OrderResponse(BaseModel):
    """Everything about an order."""

    history: dict[str, Any]
    order_total: Amount | None
    sale_total: Amount | None
    cin7_total: Amount | None
    refunds: list[str]
    exceptions: list[ExceptionResponse]


class ExchangeResponse(BaseModel):
    """One exchange of the HTTP log, its bytes in base 64."""

    id: str
    platform: str
    method: str
    url: str
    status: int | None
    outcome: str
    started_at: datetime
    duration_ms: int
    bodies_removed: bool
    """Whether the retention has removed both bodies, which are empty then."""
    previous_id: str
    """The exchange whose response this one's is stored as the changes of; empty: it is stored whole."""
    response_sha256: str
    """Of a long response as received; empty for a short one."""
    request_base64: str
    response_base64: str


@router.get("/today")
async def today(request: Request, user: Reader) -> TodayResponse:
    """The numbers of the Today page."""
    app = app_context_of(request)
    page, now = await today_of(app, user.name, user.role), app.clock.now()
    return TodayResponse(
        assigned_to_me=[ExceptionResponse.of(exception_record, now) for exception_record in page.assigned_to_me],
        urgent=[ExceptionResponse.of(exception_record, now) for exception_record in page.urgent],
        exceptions=page.waiting.exceptions,
        late=page.waiting.late,
        money_at_risk=amounts(page.waiting.money),
        money_questions=page.money.exceptions,
        stock_questions=page.stock.exceptions,
        oversell=[
            {"connection": risk.connection, "units": risk.units, "money": str(risk.money) if risk.money else None}
            for risk in page.oversell
        ],
        retrying=page.retrying,
        stuck=page.stuck,
        workers_alive=page.workers_alive,
    )


@router.get("/orders")
async def list_orders(
    request: Request, _: Reader, state: State | None = None, connection: QueryText = "", after: QueryText = ""
) -> OrderPage:
    """Orders, newest first, 50 to a page; `after` of a page is the cursor of the next."""
    try:
        return await orders_of(app_context_of(request), state=state, connection=connection, after=after)
    except (ValueError, OverflowError, OSError):
        raise InvalidRequest(f"after is {after!r}; expected the cursor of another page") from None


@router.get("/orders/{connection}/{number}")
async def show_order(request: Request, _: Reader, connection: PathText, number: PathText) -> OrderResponse:
    """Everything about an order."""
    app = app_context_of(request)
    trace = await trace_order(app, connection, number)
    if trace is None:
        raise LookupError(f"order {number} is not known on {connection}")
    comparison, now = trace.comparison, app.clock.now()

    def to_amount(money: Any) -> Amount | None:
        return amounts([money])[0] if money is not None else None

    return OrderResponse(
        history=trace.history.as_json(),
        order_total=to_amount(comparison.order_total) if comparison else None,
        sale_total=to_amount(comparison.sale_total) if comparison else None,
        cin7_total=to_amount(comparison.cin7_total) if comparison else None,
        refunds=[refund.key for refund in trace.refunds],
        exceptions=[ExceptionResponse.of(exception_record, now) for exception_record in trace.exception_records],
    )


@router.get("/exchanges/{exchange_id}")
async def show_exchange(request: Request, _: PayloadReader, exchange_id: PathText) -> ExchangeResponse:
    """The request and the response, byte for byte."""
    exchange = await app_context_of(request).repositories.http_log.find(exchange_id)
    if exchange is None:
        raise LookupError("there is no such exchange")
    return ExchangeResponse(
        id=exchange.id, platform=exchange.platform, method=exchange.method, url=exchange.url, status=exchange.status,
        outcome=exchange.outcome, started_at=exchange.started_at, duration_ms=exchange.duration_ms,
        bodies_removed=exchange.are_bodies_removed, previous_id=exchange.previous_id, response_sha256=exchange.digest,
        request_base64=base64.b64encode(exchange.request).decode(),
        response_base64=base64.b64encode(exchange.response).decode(),
    )  # fmt: skip


@router.get("/exchanges/{exchange_id}/{side}", response_class=Response, responses=BYTES)
async def show_bytes(
    request: Request, _: PayloadReader, exchange_id: PathText, side: Literal["request", "response"]
) -> Response:
    """The exact bytes of one side of an exchange."""
    exchange = await app_context_of(request).repositories.http_log.find(exchange_id)
    if exchange is None:
        raise LookupError("there is no such exchange")
    if exchange.are_bodies_removed:
        raise LookupError("the bodies of this exchange were removed")
    body = exchange.request if side == "request" else exchange.response
    return Response(body, media_type=OCTETS)


@router.get("/flows")
async def show_flows(request: Request, _: Reader) -> dict[str, Any]:
    """Scheduled jobs, volumes, retries and API calls by hour, and the API budgets."""
    app = app_context_of(request)
    return asdict(await flows_of(app)) | {"budgets": [budget.as_json() for budget in await budgets(app)]}


@router.get("/search")
async def find(request: Request, _: Reader, q: Annotated[str, Query(max_length=200)] = "") -> list[Hit]:
    """Orders, SKUs and exceptions that match `q`."""
    return await search(app_context_of(request), q)
