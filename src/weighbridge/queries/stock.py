"""The list of stock levels: published level, available units and reserved units of each SKU."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa

from weighbridge.app.context import AppContext
from weighbridge.persistence.tables.stock import stock_levels

PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class StockLine:
    """A SKU at one location of the store."""

    connection: str
    sku: str
    store_location: int
    available: Decimal
    """Available in Cin7, in the chosen locations."""
    in_flight: Decimal
    """Sold, and not yet allocated in Cin7."""
    buffer: Decimal
    ats: int
    published_level: int | None
    current_level: int | None
    read_at: datetime
    verified_at: datetime | None
    terms: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class StockPage:
    """A page of the list, by SKU."""

    lines: tuple[StockLine, ...]
    after: str
    """Cursor of the next page: the last SKU of this one; empty on the last page."""


async def stock_of(
    app: AppContext, connection: str, *, text: str = "", differing: bool = False, after: str = ""
) -> StockPage:
    """A page of a connection's levels; `differing`: only SKUs whose published level is not the level to sell."""
    of = stock_levels.c
    columns = [of[name] for name in StockLine.__dataclass_fields__]
    query = sa.select(*columns).where(of.connection == connection, of.sku > after)
    if text:
        query = query.where(of.sku.icontains(text, autoescape=True))
    if differing:
        query = query.where(of.published_level.is_(None) | (of.published_level != of.ats))
    async with app.database.reading() as reading:
        rows = (await reading.execute(query.order_by(of.sku, of.store_location).limit(PER_PAGE + 1))).all()
    lines = tuple(StockLine(**row._mapping) for row in rows[:PER_PAGE])
    return StockPage(lines, lines[-1].sku if len(rows) > PER_PAGE else "")
