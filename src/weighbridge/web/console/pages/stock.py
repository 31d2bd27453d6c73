"""Stock: the levels of both systems by SKU, and the page of one SKU."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import HTMLResponse

from weighbridge.app.context import app_context_of
from weighbridge.queries.sku_history import PUBLISHED_SINCE, trace_sku
from weighbridge.queries.stock import stock_of
from weighbridge.reports.stock_explanation import BUFFERS, describe_next_run
from weighbridge.services.errors import NotFound
from weighbridge.web.console.auth import CurrentUser, requires
from weighbridge.web.console.templating import page

router = APIRouter()
Reader = Annotated[CurrentUser, Depends(requires())]


@router.get("/stock")
async def stock(
    request: Request,
    current_user: Reader,
    connection: str = "",
    q: Annotated[str, Query(max_length=200)] = "",
    differing: bool = False,
    after: Annotated[str, Query(max_length=300)] = "",
) -> HTMLResponse:
    app = app_context_of(request)
    chosen_connection = connection or sorted(app.connections)[0]
    if chosen_connection not in app.connections:
        raise NotFound(f"There is no connection {chosen_connection}.", "/stock", "Stock")
    listed = await stock_of(app, chosen_connection, text=q.strip(), differing=differing, after=after)
    return page(
        request, "stock.html", current_user, listed=listed, connection=chosen_connection, q=q, differing=differing
    )


@router.get("/stock/{connection}/{sku:path}")
async def sku(request: Request, current_user: Reader, connection: str, sku: str) -> HTMLResponse:
    app = app_context_of(request)
    if connection not in app.connections:
        raise NotFound(f"There is no connection {connection}.", "/stock", "Stock")
    trace = await trace_sku(app, connection, sku)
    if trace is None:
        message = f"{connection} has no SKU {sku}. Case and spaces matter."
        raise NotFound(message, "/stock", "All SKUs")
    explanation = trace.explanation
    next_runs = [describe_next_run(explanation.item, level) for level in explanation.levels]
    return page(
        request,
        "sku.html",
        current_user,
        trace=trace,
        explanation=explanation,
        connection=connection,
        exception_records=trace.exception_records,
        next_runs=next_runs or [describe_next_run(explanation.item, None)],
        buffers=BUFFERS,
        published_days=PUBLISHED_SINCE.days,
    )
