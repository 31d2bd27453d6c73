"""Orders: the list, the page of one order, and the exact bytes of its exchanges."""

from __future__ import annotations

import json
import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, Response

from weighbridge.access.roles import Permission
from weighbridge.app.context import app_context_of
from weighbridge.persistence.repositories.transfers import State
from weighbridge.queries.order_history import trace_order
from weighbridge.queries.orders import counts_by_state, orders_of
from weighbridge.services.errors import NotFound, chosen
from weighbridge.web.console.auth import CurrentUser, requires
from weighbridge.web.console.templating import page

router = APIRouter()
NUMBER_PLACEHOLDER = re.compile(r'"\\u0000([0-9]+)\\u0000"')
Reader = Annotated[CurrentUser, Depends(requires())]
PayloadReader = Annotated[CurrentUser, Depends(requires(Permission.READ_PAYLOADS))]


@router.get("/orders")
async def orders(
    request: Request, current_user: Reader, state: str = "", connection: str = "", after: str = ""
) -> HTMLResponse:
    app = app_context_of(request)
    chosen_state = chosen(State, state, "state")
    try:
        listed = await orders_of(app, state=chosen_state, connection=connection, after=after)
    except (ValueError, OverflowError, OSError):
        raise NotFound("There is no such page of the list.", "/orders", "All orders") from None
    return page(
        request,
        "orders.html",
        current_user,
        listed=listed,
        counts=await counts_by_state(app, connection),
        state=chosen_state,
        connection=connection,
    )


@router.get("/orders/{connection}/{number}")
async def order(request: Request, current_user: Reader, connection: str, number: str) -> HTMLResponse:
    trace = await trace_order(app_context_of(request), connection, number)
    if trace is None:
        message = f"Order {number} is not known on {connection}. A new order is found by a sweep within minutes."
        raise NotFound(message, "/orders", "All orders")
    return page(request, "order.html", current_user, trace=trace, connection=connection)


@router.get("/payloads/{exchange_id}")
async def payload(request: Request, current_user: PayloadReader, exchange_id: str) -> HTMLResponse:
    app = app_context_of(request)
    exchange = await app.repositories.http_log.find(exchange_id)
    if exchange is None:
        raise NotFound("There is no such exchange.", "/orders", "All orders")
    url = urlsplit(exchange.url)
    return page(
        request,
        "payload.html",
        current_user,
        exchange=exchange,
        address=url.path + (f"?{url.query}" if url.query else ""),
        host=url.netloc,
        sent=readable(exchange.request),
        answered=readable(exchange.response),
        kept_days=app.installation.retention.http_bodies,
    )


@router.get("/payloads/{exchange_id}/{side}")
async def raw(
    request: Request, current_user: PayloadReader, exchange_id: str, side: Literal["request", "response"]
) -> Response:
    exchange = await app_context_of(request).repositories.http_log.find(exchange_id)
    if exchange is None:
        raise NotFound("There is no such exchange.", "/orders", "All orders")
    if exchange.are_bodies_removed:
        raise NotFound("The bodies of this exchange were removed.", f"/payloads/{exchange_id}", "The exchange")
    body = exchange.request if side == "request" else exchange.response
    name = f"{side}-{exchange_id}.txt"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type="application/octet-stream", headers=headers)


def readable(body: bytes) -> str:
    """A body for display: JSON is indented, everything else stays as it is."""
    text = body.decode("utf-8", errors="replace")
    try:
        return _indented(text)
    except (ValueError, RecursionError):
        return text


def _indented(text: str) -> str:
    """Indented JSON with its numbers as written: parsing a float and writing it again may change its text."""
    numbers: list[str] = []

    def remember(number: str) -> str:
        numbers.append(number)
        return f"\x00{len(numbers) - 1}\x00"

    indented = json.dumps(json.loads(text, parse_float=remember, parse_int=remember), indent=2, ensure_ascii=False)
    return NUMBER_PLACEHOLDER.sub(lambda match: numbers[int(match[1])], indented)
