"""The stock list, stitched: a long list moves while it is read, and no SKU may be lost or counted twice for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import structlog

from weighbridge.domain.stock import AvailabilityRow
from weighbridge.flows.runtime import Site
from weighbridge.platforms.cin7.models import AvailabilityLine
from weighbridge.platforms.cin7.read import read_availability
from weighbridge.platforms.lanes import Lane

log = structlog.get_logger()

Place = tuple[str, str, str, str, date | None]
MOST_ASKED = 20
"""SKUs asked for one by one in a round. Beyond it a fall is believed: too little at the shop is the lesser evil."""


async def scan(site: Site, shown: Mapping[str, int]) -> Sequence[AvailabilityRow]:
    """Every availability row, once. `shown` is what the shop shows by SKU: if the list has several pages and no row of
    such a SKU, the SKU is asked for by itself before it counts as sold out.

    Source: GET /ref/productavailability, which has no filter by time and no promised order; platform notes, cin7 3.1
    (rows vanish at zero) and trap 13 (pages drift).
    """
    rows: dict[Place, AvailabilityRow] = {}
    pages = 0
    async for page in site.books.availability(lane=Lane.STOCK):
        pages += 1
        _lay(rows, page)
    if pages > 1:
        there = {row.sku for row in rows.values()}
        missing = sorted((sku for sku in shown if shown[sku] > 0 and sku not in there), key=lambda sku: -shown[sku])
        for sku in missing[:MOST_ASKED]:
            async for page in site.books.availability(sku=sku, lane=Lane.STOCK):
                _lay(rows, (line for line in page if line.sku == sku))
        if missing:
            log.info(
                "stock_rows_missing", connection=site.name, missing=len(missing), asked=min(len(missing), MOST_ASKED)
            )
    return tuple(rows.values())


def _lay(rows: dict[Place, AvailabilityRow], page: Iterable[AvailabilityLine]) -> None:
    """A row that came before, pushed to a later page by a new one, is the same stock: the lower reading stands."""
    for line in page:
        row = read_availability(line)
        place = (row.sku, row.location, row.bin, row.batch, row.expires)
        known = rows.get(place)
        if known is None or row.available < known.available:
            rows[place] = row
