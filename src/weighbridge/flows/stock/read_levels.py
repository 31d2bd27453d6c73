"""Reading of Cin7's stock list: a long list moves while it is read, and no SKU may be lost or counted twice."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

import structlog

from weighbridge.common.concurrency import map_limited
from weighbridge.domain.findings.finding import Finding, hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.lanes import Lane
from weighbridge.domain.stock.available import AvailabilityRow
from weighbridge.flows.context import ConnectionContext
from weighbridge.platforms.cin7.models.reference import AvailabilityLine, UnreadableAvailability
from weighbridge.platforms.cin7.read import read_availability

log = structlog.get_logger()

RowKey = tuple[str, str, str, str, date | None]
MAX_REREAD_CALLS = 5
"""Calls that a run may spend on a second reading of increases; above it the next run is the second reading."""
MAX_REPORTED_LENGTH = 300
CONCURRENT_READS = 4
"""Concurrent calls while SKUs are read one by one."""
MAX_SINGLE_READS = 20
"""SKUs that a run reads one by one. The next full reading decides about all other SKUs without a row."""
MISSING = "stock_rows_missing"
"""The cache entry with the SKUs that had no row in the last full reading and were not read one by one."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of the stock list."""

    started_at: datetime
    rows: Sequence[AvailabilityRow]
    pages: int
    unreadable: Mapping[str, Finding]
    """Rows without a quantity, by SKU. The empty SKU stands for rows that do not name their SKU."""
    asked_at: Mapping[str, datetime] = field(default_factory=dict)
    """By SKU, when its first row was requested, if that was later than `started_at`. Calls wait in their lane; the row
    reflects everything that Cin7 had recorded when the call was sent."""
    missing_once: frozenset[str] = frozenset()
    """SKUs without a row that the previous full reading had, or was unsure about: one more reading decides."""

    def doubtful(self, components: Mapping[str, Iterable[str]]) -> frozenset[str]:
        """The SKUs for which no level can be computed. `components` maps each SKU to the SKUs that it is made of.

        A SKU is doubtful if a row of one of its components could not be read, if a row without a SKU may belong to one
        of them, or if one of them is missing for the first time.
        """
        if not self.unreadable and not self.missing_once:
            return frozenset()
        with_row = {row.sku for row in self.rows}
        uncertain = self.unreadable.keys() | self.missing_once
        has_nameless_row = "" in self.unreadable
        return frozenset(
            sku
            for sku, needed in components.items()
            if any(component in uncertain or (has_nameless_row and component not in with_row) for component in needed)
        )


class AvailabilityCollector:
    """The rows that have been read so far."""

    def __init__(self, ctx: ConnectionContext) -> None:
        self._clock = ctx.clock
        self.rows: dict[RowKey, AvailabilityRow] = {}
        self.unreadable: dict[str, Finding] = {}
        self.asked_at: dict[str, datetime] = {}
        self._sent_at = self._clock.now()

    async def mark_sent(self) -> None:
        """Records that the request for the next page is sent now."""
        self._sent_at = self._clock.now()

    def mark_read(self, sku: str) -> None:
        """Records that the stock of a SKU was requested with the last call, unless it was requested earlier."""
        self.asked_at.setdefault(sku, self._sent_at)

    def add_page(self, page: Iterable[AvailabilityLine | UnreadableAvailability], only: str = "") -> None:
        """Adds the rows of a page, or those of the SKU `only`.

        A row that appears again, because a new row moved it to a later page, is the same stock: the lower quantity
        counts.
        """
        for line in page:
            if only and line.sku != only:
                continue
            if isinstance(line, UnreadableAvailability):
                self.unreadable[line.sku] = _unreadable(line)
                continue
            row = read_availability(line)
            self.mark_read(row.sku)
            row_key = (row.sku, row.location, row.bin, row.batch, row.expires)
            known = self.rows.get(row_key)
            if known is None or row.available < known.available:
                self.rows[row_key] = row


async def scan(ctx: ConnectionContext) -> Reading:
    """Every availability row, once.

    If the list has several pages, a SKU without a row that the store sells, or that is a component of a kit it sells,
    is read on its own before it counts as sold out. If there are many such SKUs, the next full reading must miss them
    too.

    Source: GET /ref/productavailability, which has no filter by time and no guaranteed order; platform notes, cin7 3.1
    (rows vanish at zero) and trap 13 (pages drift).
    """
    started_at, collector, pages, missing_once = ctx.clock.now(), AvailabilityCollector(ctx), 0, frozenset[str]()
    async for page in ctx.cin7.availability(lane=_lane(ctx), before_send=collector.mark_sent):
        pages += 1
        collector.add_page(page)
    if pages > 1:
        with_row = {row.sku for row in collector.rows.values()} | collector.unreadable.keys()
        missing = [sku for sku in await _sold_skus(ctx) if sku not in with_row]
        await _read_one_by_one(ctx, collector, missing[:MAX_SINGLE_READS])
        missing_once = await _missing_once(ctx, missing[MAX_SINGLE_READS:])
        if missing:
            log.info("stock_rows_missing", connection=ctx.name, missing=len(missing), doubtful=len(missing_once))
    asked_at = await _asked_at(ctx, collector)
    return Reading(started_at, tuple(collector.rows.values()), pages, collector.unreadable, asked_at, missing_once)


async def _missing_once(ctx: ConnectionContext, missing: Sequence[str]) -> frozenset[str]:
    """The SKUs in `missing` that had a row, or were read on their own, in the previous full reading."""
    reference_cache = ctx.repositories.reference_cache
    stored = await reference_cache.read(ctx.name, MISSING)
    before = frozenset[str](stored[0]) if stored else frozenset()
    if missing or before:
        await reference_cache.store(ctx.name, MISSING, sorted(missing))
    return frozenset(missing) - before


async def reread(ctx: ConnectionContext, reading: Reading, skus: Iterable[str]) -> Reading | None:
    """`reading` with a second reading of the rows that decide about `skus`.

    They are read one by one, or the whole list is read, whichever takes fewer calls. None if there is nothing to read
    or if it would take too many calls.
    """
    bills = await ctx.repositories.catalogue.bills(ctx.name)
    deciding = {component for sku in skus for component in bills.components_of(sku) if component not in bills}
    if not deciding or min(len(deciding), reading.pages) > MAX_REREAD_CALLS:
        return None
    if reading.pages < len(deciding):
        return await scan(ctx)
    collector = AvailabilityCollector(ctx)
    await _read_one_by_one(ctx, collector, sorted(deciding))
    rows = (*(row for row in reading.rows if row.sku not in deciding), *collector.rows.values())
    unreadable = {**reading.unreadable, **collector.unreadable}
    asked_at = {**reading.asked_at, **await _asked_at(ctx, collector)}
    return replace(reading, rows=rows, unreadable=unreadable, asked_at=asked_at)


async def read_only(ctx: ConnectionContext, skus: Iterable[str]) -> Reading:
    """The rows of these SKUs, each read on its own, in a higher lane than the full reading."""
    started_at, collectors = ctx.clock.now(), dict[str, AvailabilityCollector]()

    async def read_sku(sku: str) -> None:
        collector = collectors[sku] = AvailabilityCollector(ctx)
        async for page in ctx.cin7.availability(sku=sku, lane=Lane.STOCK, before_send=collector.mark_sent):
            collector.add_page(page, only=sku)
        collector.mark_read(sku)

    await map_limited(skus, read_sku, CONCURRENT_READS)
    rows = tuple(row for collector in collectors.values() for row in collector.rows.values())
    unreadable = {sku: finding for collector in collectors.values() for sku, finding in collector.unreadable.items()}
    asked_at = {sku: at for collector in collectors.values() for sku, at in (await _asked_at(ctx, collector)).items()}
    return Reading(started_at, rows, 1, unreadable, asked_at)


async def _asked_at(ctx: ConnectionContext, collector: AvailabilityCollector) -> dict[str, datetime]:
    """When each SKU was requested. Kits are left out, because their components were requested at different times."""
    bills = await ctx.repositories.catalogue.bills(ctx.name)
    return {sku: at for sku, at in collector.asked_at.items() if sku not in bills}


def _lane(ctx: ConnectionContext) -> Lane:
    """The lane of the full reading: a lower one while SKUs are in the fast lane."""
    return Lane.CATALOGUE if ctx.connection.design.stock.fast_lane else Lane.STOCK


async def _read_one_by_one(ctx: ConnectionContext, collector: AvailabilityCollector, skus: Iterable[str]) -> None:
    for sku in skus:
        async for page in ctx.cin7.availability(sku=sku, lane=_lane(ctx), before_send=collector.mark_sent):
            collector.add_page(page, only=sku)
        collector.mark_read(sku)


def _unreadable(line: UnreadableAvailability) -> Finding:
    row = json.dumps({"SKU": line.sku, **(line.model_extra or {})}, default=str)
    expected = "a row with SKU, Location and a number under Available; until then the level of the SKU stays as it is"
    field_name = f"stock list, {line.sku or 'no SKU'}"
    return hold(FindingKind.PAYLOAD_MALFORMED, field_name, row[:MAX_REPORTED_LENGTH], expected)


async def _sold_skus(ctx: ConnectionContext) -> list[str]:
    """SKUs that Cin7 stocks and that are published, on their own or in a kit; the highest levels first.

    The levels of kits are computed from their components, so a kit needs no row of its own.
    """
    repositories = ctx.repositories
    published = await repositories.stock_levels.published_levels(ctx.name)
    bills = await repositories.catalogue.bills(ctx.name)
    stocked = await repositories.catalogue.stocked_skus(ctx.name)
    levels: dict[str, int] = {}
    for (sku, _), level in published.items():
        for component in bills.components_of(sku) if level > 0 else ():
            if component in stocked and component not in bills:
                levels[component] = max(level, levels.get(component, 0))
    return sorted(levels, key=lambda sku: (-levels[sku], sku))
