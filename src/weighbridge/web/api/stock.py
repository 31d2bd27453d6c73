"""Stock levels, why a SKU shows its level, and which components kits lack."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel

from weighbridge.app.context import AppContext, app_context_of
from weighbridge.domain.stock.shortages import Shortage
from weighbridge.queries.stock import StockPage, stock_of
from weighbridge.reports.shortages import shortages_of
from weighbridge.reports.stock_explanation import explain_sku
from weighbridge.web.api.auth import Reader

router = APIRouter(tags=["stock"])
QueryText = Annotated[str, Query(max_length=300)]
PathText = Annotated[str, Path(max_length=300)]
MOST_KITS = 10_000


class ShortagesResponse(BaseModel):
    """The shortages of kits at the location that ships the store's orders."""

    location: str
    shortages: list[Shortage]


@router.get("/stock/{connection}")
async def list_stock(
    request: Request, _: Reader, connection: PathText, q: QueryText = "", differing: bool = False, after: QueryText = ""
) -> StockPage:
    """The stock levels of a connection by SKU, 100 to a page."""
    app = app_context_of(request)
    check_connection(app, connection)
    return await stock_of(app, connection, text=q.strip(), differing=differing, after=after)


@router.get("/stock/{connection}/{sku:path}")
async def show_sku(request: Request, _: Reader, connection: PathText, sku: PathText) -> dict[str, Any]:
    """The terms of a SKU's level, the published level, and the oversell bound."""
    app = app_context_of(request)
    check_connection(app, connection)
    explanation = await explain_sku(
        app.repositories, connection, app.connections[connection], app.sharing(connection), sku
    )
    if explanation.item is None and not explanation.levels:
        raise LookupError(f"{connection} knows no SKU {sku}")
    return explanation.as_json()


@router.get("/shortages/{connection}")
async def list_shortages(
    request: Request, _: Reader, connection: PathText, goal: Annotated[int, Query(ge=1, le=MOST_KITS)] = 30
) -> ShortagesResponse:
    """The components to buy so that up to `goal` more of each kit can be built."""
    app = app_context_of(request)
    check_connection(app, connection)
    location = app.connections[connection].design.sale.location
    shortages = await shortages_of(app.repositories, connection, location, goal)
    if shortages is None:
        raise LookupError(f"the stock of {connection} was not read yet, or it has no kits; run weighbridge sync stock")
    return ShortagesResponse(location=location, shortages=list(shortages))


def check_connection(app: AppContext, connection: str) -> None:
    """Raises LookupError if the installation has no such connection."""
    if connection not in app.connections:
        raise LookupError(f"there is no connection {connection}")
