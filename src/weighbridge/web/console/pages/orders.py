"""Orders: the list, the whole story of one, and the exact bytes that were exchanged for it."""

from __future__ import annotations

import json
import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, Response

from weighbridge.access.roles import Permission
from weighbridge.app.context import office_of
from weighbridge.persistence.repositories.transfers import State
from weighbridge.queries.order_history import trace_order
from weighbridge.queries.orders import counts_by_state, orders_of
from weighbridge.services.errors import NotFound, chosen
from weighbridge.web.console.auth import Visitor, reads
from weighbridge.web.console.templating import page

router = APIRouter()
KEPT = re.compile(r'"\\u0000([0-9]+)\\u0000"')
Reader = Annotated[Visitor, Depends(reads())]
PayloadReader = Annotated[Visitor, Depends(reads(Permission.READ_PAYLOADS))]


@router.get("/orders")
async def orders(
    request: Request, visitor: Reader, state: str = "", connection: str = "", after: str = ""
) -> HTMLResponse:
    office = office_of(request)
    wanted = chosen(State, state, "state")
    try:
        found = await orders_of(office, state=wanted, connection=connection, after=after)
    except (ValueError, OverflowError, OSError):
        raise NotFound("There is no such page of the list.", "/orders", "All orders") from None
    return page(
        request,
        "orders.html",
        visitor,
        found=found,
        counts=await counts_by_state(office, connection),
        state=wanted,
        connection=connection,
    )


@router.get("/orders/{connection}/{number}")
async def order(request: Request, visitor: Reader, connection: str, number: str) -> HTMLResponse:
    trace = await trace_order(office_of(request), connection, number)
    if trace is None:
        words = f"Order {number} was never heard of on {connection}. It may be new: sweeps find it within minutes."
        raise NotFound(words, "/orders", "All orders")
    return page(request, "order.html", visitor, trace=trace, connection=connection)


@router.get("/payloads/{exchange_id}")
async def payload(request: Request, visitor: PayloadReader, exchange_id: str) -> HTMLResponse:
    exchange = await office_of(request).journal.exchanges.one(exchange_id)
    if exchange is None:
        raise NotFound("There is no such exchange.", "/orders", "All orders")
    parts = urlsplit(exchange.url)
    return page(
        request,
        "payload.html",
        visitor,
        exchange=exchange,
        address=parts.path + (f"?{parts.query}" if parts.query else ""),
        host=parts.netloc,
        sent=readable(exchange.request),
        answered=readable(exchange.response),
    )


@router.get("/payloads/{exchange_id}/{part}")
async def raw(
    request: Request, visitor: PayloadReader, exchange_id: str, part: Literal["request", "response"]
) -> Response:
    exchange = await office_of(request).journal.exchanges.one(exchange_id)
    if exchange is None:
        raise NotFound("There is no such exchange.", "/orders", "All orders")
    body = exchange.request if part == "request" else exchange.response
    name = f"{part}-{exchange_id}.txt"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type="application/octet-stream", headers=headers)


def readable(body: bytes) -> str:
    """A body as people read it: JSON indented, anything else as it is."""
    text = body.decode("utf-8", errors="replace")
    try:
        return _indented(text)
    except (ValueError, RecursionError):
        return text


def _indented(text: str) -> str:
    """JSON with its numbers as they were written: a float read and written again is another text."""
    numbers: list[str] = []

    def keep(number: str) -> str:
        numbers.append(number)
        return f"\x00{len(numbers) - 1}\x00"

    told = json.dumps(json.loads(text, parse_float=keep, parse_int=keep), indent=2, ensure_ascii=False)
    return KEPT.sub(lambda found: numbers[int(found[1])], told)
