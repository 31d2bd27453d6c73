"""The stock list, stitched: a long list moves while it is read, and no SKU may be lost or counted twice for it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

import structlog

from weighbridge.common.concurrency import side_by_side
from weighbridge.domain.findings.finding import Finding, FindingKind, hold
from weighbridge.domain.lanes import Lane
from weighbridge.domain.stock.available import AvailabilityRow
from weighbridge.flows.context import Site, running
from weighbridge.platforms.cin7.models.reference import AvailabilityLine, UnreadableAvailability
from weighbridge.platforms.cin7.read import read_availability

log = structlog.get_logger()

Place = tuple[str, str, str, str, date | None]
MOST_AGAIN = 5
"""Calls that a round may spend on reading a second time what rose; beyond it the next round is the second reading."""
LONGEST_TOLD = 300
AT_ONCE = 4
"""Calls under way at the same moment while single SKUs are read."""
MOST_ASKED = 20
"""SKUs asked for one by one in a round. Of all others that have no row the next full reading decides."""
MISSING = "stock_rows_missing"
"""Under this name it is kept of which SKUs the last full reading had no row, and nobody asked for by themselves."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of the stock list."""

    began: datetime
    rows: Sequence[AvailabilityRow]
    pages: int
    unreadable: Mapping[str, Finding]
    """By SKU: rows without a figure. Under an empty SKU: a row that does not even say whose it is."""
    asked_at: Mapping[str, datetime] = field(default_factory=dict)
    """By SKU, when the first of its rows was asked for, if that was later than `began`. Calls wait for their turn: what
    Cin7 took over before that moment is off in the row."""
    missing_once: frozenset[str] = frozenset()
    """SKUs without a row that the full reading before still had, or was not sure of: one reading more decides."""

    def doubtful(self, parts: Mapping[str, Iterable[str]]) -> frozenset[str]:
        """Which of these SKUs cannot be figured: a row of one of their parts was not read, one that says nothing of
        whose it is may be theirs, or it is missing for the first time."""
        if not self.unreadable and not self.missing_once:
            return frozenset()
        there = {row.sku for row in self.rows}

        def is_doubtful(part: str) -> bool:
            return part in self.unreadable or part in self.missing_once or ("" in self.unreadable and part not in there)

        return frozenset(sku for sku, own in parts.items() if any(is_doubtful(part) for part in own))


class Shelf:
    """What has been read so far."""

    def __init__(self) -> None:
        self.rows: dict[Place, AvailabilityRow] = {}
        self.unreadable: dict[str, Finding] = {}
        self.asked_at: dict[str, datetime] = {}
        self._sent_at = running().clock.now()

    async def sends(self) -> None:
        """A page has its turn and is asked for now."""
        self._sent_at = running().clock.now()

    def is_read(self, sku: str) -> None:
        """What Cin7 has of a SKU was asked for with the last call, if not earlier."""
        self.asked_at.setdefault(sku, self._sent_at)

    def lay(self, page: Iterable[AvailabilityLine | UnreadableAvailability], only: str = "") -> None:
        """A row that came before, pushed to a later page by a new one, is the same stock: the lower reading stands."""
        for line in page:
            if only and line.sku != only:
                continue
            if isinstance(line, UnreadableAvailability):
                self.unreadable[line.sku] = _unreadable(line)
                continue
            row = read_availability(line)
            self.is_read(row.sku)
            place = (row.sku, row.location, row.bin, row.batch, row.expires)
            known = self.rows.get(place)
            if known is None or row.available < known.available:
                self.rows[place] = row


async def scan(site: Site) -> Reading:
    """Every availability row, once. If the list has several pages and no row of a SKU that the shop sells, or that goes
    into a kit it sells, that SKU is asked for by itself before it counts as sold out; where there are many, the next
    full reading has to miss them too.

    Source: GET /ref/productavailability, which has no filter by time and no promised order; platform notes, cin7 3.1
    (rows vanish at zero) and trap 13 (pages drift).
    """
    began, shelf, pages, missing_once = running().clock.now(), Shelf(), 0, frozenset[str]()
    async for page in site.books.availability(lane=_lane(site), before_send=shelf.sends):
        pages += 1
        shelf.lay(page)
    if pages > 1:
        there = {row.sku for row in shelf.rows.values()} | shelf.unreadable.keys()
        missing = [sku for sku in await _sold(site) if sku not in there]
        await _ask_one_by_one(site, shelf, missing[:MOST_ASKED])
        missing_once = await _missing_once(site, missing[MOST_ASKED:])
        if missing:
            log.info("stock_rows_missing", connection=site.name, missing=len(missing), doubtful=len(missing_once))
    asked_at = await _asked_at(site, shelf)
    return Reading(began, tuple(shelf.rows.values()), pages, shelf.unreadable, asked_at, missing_once)


async def _missing_once(site: Site, missing: Sequence[str]) -> frozenset[str]:
    """Which of the SKUs that nobody asked for were there, or asked for, when the list was read in full before."""
    references = running().journal.references
    kept = await references.read(site.name, MISSING)
    before = frozenset[str](kept[0]) if kept else frozenset()
    if missing or before:
        await references.keep(site.name, MISSING, sorted(missing))
    return frozenset(missing) - before


async def read_again(site: Site, reading: Reading, skus: Iterable[str]) -> Reading | None:
    """The rows of `reading` with those that decide about `skus` read a second time: each by itself, or the whole list,
    whichever takes fewer calls. None when nothing is to be read, or when it would take too many calls.
    """
    bills = await running().journal.catalogue.bills(site.name)
    deciding = {part for sku in skus for part in bills.parts_of(sku) if part not in bills}
    if not deciding or min(len(deciding), reading.pages) > MOST_AGAIN:
        return None
    if reading.pages < len(deciding):
        return await scan(site)
    shelf = Shelf()
    await _ask_one_by_one(site, shelf, sorted(deciding))
    rows = (*(row for row in reading.rows if row.sku not in deciding), *shelf.rows.values())
    unreadable, asked_at = (
        {**reading.unreadable, **shelf.unreadable},
        {**reading.asked_at, **await _asked_at(site, shelf)},
    )
    return replace(reading, rows=rows, unreadable=unreadable, asked_at=asked_at)


async def read_only(site: Site, skus: Iterable[str]) -> Reading:
    """The rows of these SKUs alone, each asked for by itself, before whatever reads the whole list."""
    began, shelves = running().clock.now(), dict[str, Shelf]()

    async def ask(sku: str) -> None:
        shelf = shelves[sku] = Shelf()
        async for page in site.books.availability(sku=sku, lane=Lane.STOCK, before_send=shelf.sends):
            shelf.lay(page, only=sku)
        shelf.is_read(sku)

    await side_by_side(skus, ask, AT_ONCE)
    rows = tuple(row for shelf in shelves.values() for row in shelf.rows.values())
    unreadable = {sku: finding for shelf in shelves.values() for sku, finding in shelf.unreadable.items()}
    asked_at = {sku: at for shelf in shelves.values() for sku, at in (await _asked_at(site, shelf)).items()}
    return Reading(began, rows, 1, unreadable, asked_at)


async def _asked_at(site: Site, shelf: Shelf) -> dict[str, datetime]:
    """When each SKU was asked for. Kits are left out: they are made of parts that were asked for at several moments."""
    bills = await running().journal.catalogue.bills(site.name)
    return {sku: at for sku, at in shelf.asked_at.items() if sku not in bills}


def _lane(site: Site) -> Lane:
    """Where SKUs are in the fast lane, all others are read after them."""
    return Lane.CATALOGUE if site.connection.design.stock.fast_lane else Lane.STOCK


async def _ask_one_by_one(site: Site, shelf: Shelf, skus: Iterable[str]) -> None:
    for sku in skus:
        async for page in site.books.availability(sku=sku, lane=_lane(site), before_send=shelf.sends):
            shelf.lay(page, only=sku)
        shelf.is_read(sku)


def _unreadable(line: UnreadableAvailability) -> Finding:
    told = json.dumps({"SKU": line.sku, **(line.model_extra or {})}, default=str)
    expected = "a row with SKU, Location and a number under Available; until then its level stays as it is"
    return hold(FindingKind.PAYLOAD_MALFORMED, f"stock list, {line.sku or 'no SKU'}", told[:LONGEST_TOLD], expected)


async def _sold(site: Site) -> list[str]:
    """SKUs that the books stock and that the shop was told of, by themselves or in a kit; the highest levels first.

    Kits are figured from their parts, so whether they have a row of their own says nothing.
    """
    journal = running().journal
    told = await journal.stock_levels.last_told(site.name)
    bills = await journal.catalogue.bills(site.name)
    stocked = await journal.catalogue.stocked_skus(site.name)
    levels: dict[str, int] = {}
    for (sku, _), level in told.items():
        for part in bills.parts_of(sku) if level > 0 else ():
            if part in stocked and part not in bills:
                levels[part] = max(level, levels.get(part, 0))
    return sorted(levels, key=lambda sku: (-levels[sku], sku))
