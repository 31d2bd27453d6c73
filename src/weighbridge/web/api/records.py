"""What else the pages show: orders, exchanges, stock, flows, the search box."""

from __future__ import annotations

import base64
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from weighbridge.app.context import Office, office_of
from weighbridge.persistence.repositories.transfers import State
from weighbridge.queries.flows import flows_of
from weighbridge.queries.order_history import trace_order
from weighbridge.queries.orders import OrderPage, orders_of
from weighbridge.queries.search import Hit, search
from weighbridge.queries.stock import StockPage, stock_of
from weighbridge.queries.today import budgets, today_of
from weighbridge.reports.stock_explanation import explain_sku
from weighbridge.services.errors import Unusable
from weighbridge.web.api.auth import PayloadReader, Reader
from weighbridge.web.api.exception_responses import CaseAnswer
from weighbridge.web.api.responses import Amount, amounts

router = APIRouter(tags=["looking"])
Word = Annotated[str, Query(max_length=300)]
Piece = Annotated[str, Path(max_length=300)]
OCTETS = "application/octet-stream"
BYTES: dict[int | str, dict[str, Any]] = {
    200: {"content": {OCTETS: {"schema": {"type": "string", "format": "binary"}}}, "description": "The bytes."}
}


class TodayAnswer(BaseModel):
    """What needs somebody, and whether money, stock and flows are right."""

    mine: list[CaseAnswer]
    urgent: list[CaseAnswer]
    exceptions: int
    late: int
    money_at_risk: list[Amount]
    money_questions: int
    stock_questions: int
    oversell: list[dict[str, Any]]
    retrying: int
    stuck: int
    workers_alive: int


class OrderAnswer(BaseModel):
    """The whole story of an order."""

    story: dict[str, Any]
    order_total: Amount | None
    sale_total: Amount | None
    told_total: Amount | None
    refunds: list[str]
    exceptions: list[CaseAnswer]


class ExchangeAnswer(BaseModel):
    """The exact bytes of one exchange, in base 64."""

    id: str
    platform: str
    method: str
    url: str
    status: int | None
    outcome: str
    started_at: datetime
    duration_ms: int
    request_base64: str
    response_base64: str


@router.get("/today")
async def today(request: Request, user: Reader) -> TodayAnswer:
    """The figures of the first page."""
    office = office_of(request)
    found, now = await today_of(office, user.name, user.role), office.clock.now()
    return TodayAnswer(
        mine=[CaseAnswer.of(case, now) for case in found.mine],
        urgent=[CaseAnswer.of(case, now) for case in found.urgent],
        exceptions=found.waiting.cases,
        late=found.waiting.late,
        money_at_risk=amounts(found.waiting.money),
        money_questions=found.money.cases,
        stock_questions=found.stock.cases,
        oversell=[
            {"connection": one.connection, "units": one.units, "money": str(one.money) if one.money else None}
            for one in found.oversell
        ],
        retrying=found.retrying,
        stuck=found.stuck,
        workers_alive=found.workers_alive,
    )


@router.get("/orders")
async def list_orders(
    request: Request, _: Reader, state: State | None = None, connection: Word = "", after: Word = ""
) -> OrderPage:
    """Orders, newest first, 50 to a page; `after` of a page begins the next."""
    try:
        return await orders_of(office_of(request), state=state, connection=connection, after=after)
    except (ValueError, OverflowError, OSError):
        raise Unusable(f"after is {after!r}; expected the after of another page") from None


@router.get("/orders/{connection}/{number}")
async def show_order(request: Request, _: Reader, connection: Piece, number: Piece) -> OrderAnswer:
    """The whole story of an order."""
    office = office_of(request)
    trace = await trace_order(office, connection, number)
    if trace is None:
        raise LookupError(f"order {number} was never heard of on {connection}")
    both, now = trace.both, office.clock.now()

    def told(money: Any) -> Amount | None:
        return amounts([money])[0] if money is not None else None

    return OrderAnswer(
        story=trace.story.as_json(),
        order_total=told(both.order_total) if both else None,
        sale_total=told(both.sale_total) if both else None,
        told_total=told(both.told_total) if both else None,
        refunds=[one.key for one in trace.refunds],
        exceptions=[CaseAnswer.of(case, now) for case in trace.cases],
    )


@router.get("/exchanges/{exchange_id}")
async def show_exchange(request: Request, _: PayloadReader, exchange_id: Piece) -> ExchangeAnswer:
    """What was sent and answered, byte for byte."""
    found = await office_of(request).journal.exchanges.one(exchange_id)
    if found is None:
        raise LookupError("there is no such exchange")
    return ExchangeAnswer(
        id=found.id, platform=found.platform, method=found.method, url=found.url, status=found.status,
        outcome=found.outcome, started_at=found.started_at, duration_ms=found.duration_ms,
        request_base64=base64.b64encode(found.request).decode(),
        response_base64=base64.b64encode(found.response).decode(),
    )  # fmt: skip


@router.get("/exchanges/{exchange_id}/{part}", response_class=Response, responses=BYTES)
async def show_bytes(
    request: Request, _: PayloadReader, exchange_id: Piece, part: Literal["request", "response"]
) -> Response:
    """One side of an exchange as it went over the wire, and nothing around it."""
    found = await office_of(request).journal.exchanges.one(exchange_id)
    if found is None:
        raise LookupError("there is no such exchange")
    body = found.request if part == "request" else found.response
    return Response(body, media_type=OCTETS)


@router.get("/stock/{connection}")
async def list_stock(
    request: Request, _: Reader, connection: Piece, q: Word = "", differing: bool = False, after: Word = ""
) -> StockPage:
    """The levels of a connection by SKU, 100 to a page."""
    office = office_of(request)
    _known(office, connection)
    return await stock_of(office, connection, words=q.strip(), differing=differing, after=after)


@router.get("/stock/{connection}/{sku:path}")
async def show_sku(request: Request, _: Reader, connection: Piece, sku: Piece) -> dict[str, Any]:
    """Every term of a SKU's figure, what the shop was told, and the largest oversell."""
    office = office_of(request)
    _known(office, connection)
    told = await explain_sku(
        office.journal, connection, office.connections[connection], office.sharing(connection), sku
    )
    if told.item is None and not told.levels:
        raise LookupError(f"{connection} knows no SKU {sku}")
    return told.as_json()


@router.get("/flows")
async def show_flows(request: Request, _: Reader) -> dict[str, Any]:
    """Cadence, lag, volumes, tries and calls, by hour, and the API budgets."""
    office = office_of(request)
    return asdict(await flows_of(office)) | {"budgets": [one.as_json() for one in await budgets(office)]}


@router.get("/search")
async def find(request: Request, _: Reader, q: Annotated[str, Query(max_length=200)] = "") -> list[Hit]:
    """Orders, SKUs and exceptions that `q` means."""
    return await search(office_of(request), q)


def _known(office: Office, connection: str) -> None:
    if connection not in office.connections:
        raise LookupError(f"there is no connection {connection}")
