"""The stock list, stitched: a long list moves while it is read, and no SKU may be lost or counted twice for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import structlog

from weighbridge.domain.stock import AvailabilityRow
from weighbridge.flows.runtime import Site, running
from weighbridge.platforms.cin7.models import AvailabilityLine
from weighbridge.platforms.cin7.read import read_availability
from weighbridge.platforms.lanes import Lane

log = structlog.get_logger()

Place = tuple[str, str, str, str, date | None]
MOST_AGAIN = 5
"""Calls that a round may spend on reading a second time what rose; beyond it the next round is the second reading."""
MOST_ASKED = 20
"""SKUs asked for one by one in a round. Beyond it a fall is believed: too little at the shop is the lesser evil."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One complete reading of the stock list."""

    began: datetime
    rows: Sequence[AvailabilityRow]
    pages: int


async def scan(site: Site) -> Reading:
    """Every availability row, once. If the list has several pages and no row of a SKU that the shop sells, or that goes
    into a kit it sells, that SKU is asked for by itself before it counts as sold out.

    Source: GET /ref/productavailability, which has no filter by time and no promised order; platform notes, cin7 3.1
    (rows vanish at zero) and trap 13 (pages drift).
    """
    began = running().clock.now()
    rows: dict[Place, AvailabilityRow] = {}
    pages = 0
    async for page in site.books.availability(lane=Lane.STOCK):
        pages += 1
        _lay(rows, page)
    if pages > 1:
        there = {row.sku for row in rows.values()}
        missing = [sku for sku in await _sold(site) if sku not in there]
        for sku in missing[:MOST_ASKED]:
            async for page in site.books.availability(sku=sku, lane=Lane.STOCK):
                _lay(rows, (line for line in page if line.sku == sku))
        if missing:
            log.info("stock_rows_missing", connection=site.name, missing=len(missing))
    return Reading(began, tuple(rows.values()), pages)


async def read_again(site: Site, reading: Reading, skus: Iterable[str]) -> Sequence[AvailabilityRow] | None:
    """The rows of `reading` with those that decide about `skus` read a second time: each by itself, or the whole list,
    whichever takes fewer calls. None when nothing is to be read, or when it would take too many calls.
    """
    bills = await running().journal.catalogue.bills(site.name)
    deciding = {part for sku in skus for part in bills.parts_of(sku) if part not in bills}
    if not deciding or min(len(deciding), reading.pages) > MOST_AGAIN:
        return None
    if reading.pages < len(deciding):
        return (await scan(site)).rows
    rows: dict[Place, AvailabilityRow] = {}
    for sku in sorted(deciding):
        async for page in site.books.availability(sku=sku, lane=Lane.STOCK):
            _lay(rows, (line for line in page if line.sku == sku))
    return (*(row for row in reading.rows if row.sku not in deciding), *rows.values())


async def _sold(site: Site) -> list[str]:
    """SKUs that the books stock and that the shop shows, by themselves or in a kit; the highest levels first.

    Kits are figured from their parts, so whether they have a row of their own says nothing.
    """
    journal = running().journal
    shown = await journal.stock_levels.shown(site.name)
    bills = await journal.catalogue.bills(site.name)
    stocked = await journal.catalogue.stocked_skus(site.name)
    levels: dict[str, int] = {}
    for sku, level in shown.items():
        for part in bills.parts_of(sku) if level > 0 else ():
            if part in stocked and part not in bills:
                levels[part] = max(level, levels.get(part, 0))
    return sorted(levels, key=lambda sku: (-levels[sku], sku))


def _lay(rows: dict[Place, AvailabilityRow], page: Iterable[AvailabilityLine]) -> None:
    """A row that came before, pushed to a later page by a new one, is the same stock: the lower reading stands."""
    for line in page:
        row = read_availability(line)
        place = (row.sku, row.location, row.bin, row.batch, row.expires)
        known = rows.get(place)
        if known is None or row.available < known.available:
            rows[place] = row
