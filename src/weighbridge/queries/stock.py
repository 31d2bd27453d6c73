"""Stock as a list: what the shop shows, what the warehouse has, what is promised, SKU by SKU."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa

from weighbridge.app.context import Office
from weighbridge.persistence.tables.stock import stock_levels

PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class StockLine:
    """A SKU at one location of the shop."""

    connection: str
    sku: str
    shop_location: int
    available: Decimal
    """In Cin7, in the chosen locations."""
    in_flight: Decimal
    """Sold, and not yet off in Cin7."""
    buffer: Decimal
    ats: int
    told: int | None
    shown: int | None
    read_at: datetime
    verified_at: datetime | None
    terms: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class StockPage:
    """A part of the list, by SKU."""

    lines: tuple[StockLine, ...]
    after: str
    """Last SKU of this part, when there are more."""


async def stock_of(
    office: Office, connection: str, *, words: str = "", differing: bool = False, after: str = ""
) -> StockPage:
    """A page of the levels of a connection; `differing`: only where the shop was told another figure."""
    of = stock_levels.c
    columns = [of[name] for name in StockLine.__dataclass_fields__]
    query = sa.select(*columns).where(of.connection == connection, of.sku > after)
    if words:
        query = query.where(of.sku.icontains(words, autoescape=True))
    if differing:
        query = query.where(of.told.is_(None) | (of.told != of.ats))
    async with office.database.reading() as reading:
        rows = (await reading.execute(query.order_by(of.sku, of.shop_location).limit(PER_PAGE + 1))).all()
    lines = tuple(StockLine(**row._mapping) for row in rows[:PER_PAGE])
    return StockPage(lines, lines[-1].sku if len(rows) > PER_PAGE else "")
