"""Stock: shop, warehouse and promises side by side, and every term of one SKU."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import HTMLResponse

from weighbridge.app.context import office_of
from weighbridge.queries.sku_history import TOLD_SINCE, trace_sku
from weighbridge.queries.stock import stock_of
from weighbridge.reports.stock_explanation import BUFFERS, what_follows
from weighbridge.services.errors import NotFound
from weighbridge.web.console.auth import Visitor, reads
from weighbridge.web.console.templating import page

router = APIRouter()
Reader = Annotated[Visitor, Depends(reads())]


@router.get("/stock")
async def stock(
    request: Request,
    visitor: Reader,
    connection: str = "",
    q: Annotated[str, Query(max_length=200)] = "",
    differing: bool = False,
    after: Annotated[str, Query(max_length=300)] = "",
) -> HTMLResponse:
    office = office_of(request)
    chosen = connection or sorted(office.connections)[0]
    if chosen not in office.connections:
        raise NotFound(f"There is no connection {chosen}.", "/stock", "Stock")
    found = await stock_of(office, chosen, words=q.strip(), differing=differing, after=after)
    return page(request, "stock.html", visitor, found=found, connection=chosen, q=q, differing=differing)


@router.get("/stock/{connection}/{sku:path}")
async def sku(request: Request, visitor: Reader, connection: str, sku: str) -> HTMLResponse:
    office = office_of(request)
    if connection not in office.connections:
        raise NotFound(f"There is no connection {connection}.", "/stock", "Stock")
    trace = await trace_sku(office, connection, sku)
    if trace is None:
        words = f"{connection} knows no SKU {sku}. Case and spaces count."
        raise NotFound(words, "/stock", "All SKUs")
    told = trace.told
    return page(
        request,
        "sku.html",
        visitor,
        trace=trace,
        told=told,
        connection=connection,
        cases_of_sku=trace.cases,
        follows=[what_follows(told.item, level) for level in told.levels] or [what_follows(told.item, None)],
        buffers=BUFFERS,
        told_days=TOLD_SINCE.days,
    )
