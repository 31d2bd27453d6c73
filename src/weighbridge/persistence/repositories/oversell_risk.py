"""Oversell risk: by how many units each SKU could be oversold, as far as the stored records show it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from weighbridge.common.clock import Clock
from weighbridge.domain.stock.available import LevelKey
from weighbridge.domain.stock.latency import Sales, latency
from weighbridge.domain.stock.oversell import OversellFactors
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.attempts import Attempts
from weighbridge.persistence.repositories.reference_data import ReferenceCache
from weighbridge.persistence.repositories.reservations import Reservations
from weighbridge.persistence.tables.stock import stock_decreases, stock_levels, store_items
from weighbridge.persistence.tables.transfers import transfers

RUNS_MEASURED = 6
PUSHES, PUSHES_MEASURED = "stock_pushes", 60
STOCK_RUN, FAST_LANE_RUN = ("stock", "*"), ("stock_fast", "*")
APPLIED_WITHIN = timedelta(seconds=5)
"""How long the store takes to show an accepted level. Source: Inventory V3, which only says that it is asynchronous."""


@dataclass(frozen=True, slots=True)
class LastLevel:
    """The last known level of a SKU of one connection, at one location of the store or over all of them."""

    sku: str
    available: Decimal
    """In Cin7, in the chosen locations."""
    shared_available: Decimal | None
    """Units available of a SKU that shares its components with others; None for a SKU that shares none."""
    ats: int
    published_level: int | None
    pushed_at: datetime | None
    read_at: datetime


class OversellRisk:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._reservations = Reservations(database, clock)
        self._attempts = Attempts(database, clock)
        self._reference_cache = ReferenceCache(database, clock)

    async def by_sku(
        self, connection: str, sharing: Collection[str], hours: float, sku: str = ""
    ) -> dict[str, OversellFactors]:
        """The oversell risk of each SKU (or of one) of a connection; the stores `sharing` sell the same stock.

        `hours` is how far back sales and decreases count. Stores that sell the same company's stock are assumed to
        sell from the same locations. SKUs whose level was never published to any store are missing.
        """
        now = self._clock.now()
        since = now - timedelta(hours=hours)
        levels = {
            name: sum_locations(await self._levels(name, [sku] if sku else ())) for name in {connection, *sharing}
        }
        sold = {name: await self._reservations.sold([name], since) for name in levels}
        read_at = {level.sku: level.read_at for level in levels[connection].values()}
        in_flight = await self._reservations.in_flight(levels.keys(), min(read_at.values(), default=now), read_at)
        merged_sales = _merge_sales(sold)
        placed = {name: await self._reservations.sold([name], since, as_placed=True) for name in levels}
        placed_sales = _merge_sales(placed)
        decreases, prices = await self._decreases(connection, since), await self._prices(connection, sku)
        processed_until = now - APPLIED_WITHIN - await self._reservations.longest_order_delay(levels.keys(), since)
        window = max([await self.push_window(name, processed_until) for name in levels])
        factors: dict[str, OversellFactors] = {}
        for level in levels[connection].values():
            if level.published_level is None:
                continue
            by_store = {name: by_sku[level.sku] for name, by_sku in levels.items() if level.sku in by_sku}
            sales = merged_sales.get(level.sku, ())
            if level.shared_available is None:
                free = level.available - in_flight.get(level.sku, Decimal(0))
            else:
                free = level.shared_available - _units(sales, level.read_at)
            is_recently_pushed = any(
                last.pushed_at is not None and last.pushed_at > processed_until for last in by_store.values()
            )
            factors[level.sku] = OversellFactors(
                level.sku,
                sum(_highest_store_level(last, placed[name].get(level.sku, ())) for name, last in by_store.items()),
                free,
                placed_sales.get(level.sku, ()),
                decreases.get(level.sku, ()),
                window if is_recently_pushed else None,
                now - level.read_at,
                prices.get(level.sku, Decimal(0)),
            )
        return factors

    async def stock_latency(self, connection: str, flow_and_key: tuple[str, str] = STOCK_RUN) -> timedelta:
        """How long changes in Cin7 recently took until they were published, by the runs of one flow."""
        flow, key = flow_and_key
        query = sa.select(transfers.c.id).where(
            transfers.c.connection == connection, transfers.c.flow == flow, transfers.c.key == key
        )
        async with self._database.reading() as reading:
            transfer_id = (await reading.execute(query)).scalar_one_or_none()
        runs = await self._attempts.finished_runs(transfer_id, flow, RUNS_MEASURED) if transfer_id else ()
        return latency(runs, self._clock.now())

    async def push_window(self, connection: str, processed_until: datetime) -> timedelta:
        """The longest time from reading a batch of store levels until the store showed the levels published from it.

        It counts the pushes that ended after `processed_until`: a later push does not restore units that were sold
        during an earlier one. Where none is recorded since, as after the death of a worker that was publishing, all
        recent pushes count.
        """
        cached = await self._reference_cache.read(connection, PUSHES)
        pushes = [(datetime.fromisoformat(at), seconds) for at, seconds in cached[0]] if cached else []
        unprocessed = [seconds for at, seconds in pushes if at > processed_until] or [seconds for _, seconds in pushes]
        return timedelta(seconds=max(unprocessed, default=0.0)) + APPLIED_WITHIN

    async def record_push(self, connection: str, window: timedelta) -> None:
        """Records how long a published batch took, from reading the store's levels to the answer of the push."""
        cached = await self._reference_cache.read(connection, PUSHES)
        latest = [*(cached[0] if cached else []), [self._clock.now().isoformat(), window.total_seconds()]]
        await self._reference_cache.store(connection, PUSHES, latest[-PUSHES_MEASURED:])

    async def record_decreases(self, connection: str, units: Mapping[str, Decimal], keep_since: datetime) -> None:
        """Records decreases of stock that no store's order explains; deletes those before `keep_since`."""
        now = self._clock.now()
        rows = [{"connection": connection, "sku": sku, "at": now, "units": decrease} for sku, decrease in units.items()]
        async with self._database.transaction() as transaction:
            own = stock_decreases.c.connection == connection
            await transaction.execute(sa.delete(stock_decreases).where(own, stock_decreases.c.at < keep_since))
            if rows:
                await transaction.execute(self._database.insert_new(stock_decreases), rows)

    async def levels_before(
        self, connection: str, timestamp: datetime, skus: Collection[str] = ()
    ) -> dict[LevelKey, LastLevel]:
        """The levels of every SKU (or some) at every location of the store that were last read before `timestamp`."""
        levels = await self._levels(connection, skus)
        return {level_key: level for level_key, level in levels.items() if level.read_at < timestamp}

    async def _levels(self, connection: str, skus: Collection[str]) -> dict[LevelKey, LastLevel]:
        """The levels of the latest reading; a SKU that it no longer contains is missing."""
        own = stock_levels.c.connection == connection
        latest = sa.select(sa.func.max(stock_levels.c.scanned_at)).where(own).scalar_subquery()
        table = stock_levels.c
        columns = (
            table.sku,
            table.store_location,
            table.available,
            table.ats,
            table.published_level,
            table.pushed_at,
            table.read_at,
        )
        query = sa.select(*columns, table.terms["components"].label("components")).where(
            own, table.scanned_at == latest
        )
        if skus:
            query = query.where(table.sku.in_(sorted(skus)))
        async with self._database.reading() as reading:
            # Row by row: a hundred thousand rows at once would be most of the memory of a run.
            return {(row.sku, row.store_location): _level(row) for row in await reading.execute(query)}

    async def _decreases(self, connection: str, since: datetime) -> dict[str, Sales]:
        query = (
            sa.select(stock_decreases.c.sku, stock_decreases.c.at, stock_decreases.c.units)
            .where(stock_decreases.c.connection == connection, stock_decreases.c.at >= since)
            .order_by(stock_decreases.c.at)
        )
        decreases: dict[str, list[tuple[datetime, Decimal]]] = {}
        async with self._database.reading() as reading:
            for row in (await reading.execute(query)).all():
                decreases.setdefault(row.sku, []).append((row.at, row.units))
        return {sku: tuple(of_sku) for sku, of_sku in decreases.items()}

    async def _prices(self, connection: str, sku: str) -> dict[str, Decimal]:
        query = sa.select(store_items.c.sku, store_items.c.price).where(
            store_items.c.connection == connection, store_items.c.price.is_not(None)
        )
        if sku:
            query = query.where(store_items.c.sku == sku)
        async with self._database.reading() as reading:
            return {row.sku: row.price for row in (await reading.execute(query)).all()}


def sum_locations(levels: Mapping[LevelKey, LastLevel]) -> dict[str, LastLevel]:
    """The levels of each SKU over all locations of the store. The sum counts as published when the last location was:
    sales before that may still be included in it."""
    by_sku: dict[str, LastLevel] = {}
    for (sku, _), level in levels.items():
        other = by_sku.get(sku)
        by_sku[sku] = level if other is None else _sum_levels(level, other)
    return by_sku


def _sum_levels(first_level: LastLevel, second_level: LastLevel) -> LastLevel:
    published = [level.published_level for level in (first_level, second_level) if level.published_level is not None]
    pushed_at = [level.pushed_at for level in (first_level, second_level) if level.pushed_at is not None]
    shared = [level.shared_available for level in (first_level, second_level) if level.shared_available is not None]
    return replace(
        first_level,
        available=first_level.available + second_level.available,
        shared_available=sum(shared, Decimal(0)) if shared else None,
        ats=first_level.ats + second_level.ats,
        published_level=sum(published) if published else None,
        pushed_at=max(pushed_at, default=None),
    )


def _level(row: Any) -> LastLevel:
    shared = Decimal(sum(row.components["by_location"].values())) if row.components else None
    return LastLevel(row.sku, row.available, shared, row.ats, row.published_level, row.pushed_at, row.read_at)


def _highest_store_level(level: LastLevel, placed: Sales) -> int:
    """The highest level that a store can show: its published level, less the orders placed after it showed that."""
    if level.published_level is None or level.pushed_at is None:
        return 0
    return max(0, int(level.published_level - _units(placed, level.pushed_at + APPLIED_WITHIN)))


def _units(sold: Sales, since: datetime) -> Decimal:
    return sum((units for at, units in sold if at >= since), Decimal(0))


def _merge_sales(sold: Mapping[str, Mapping[str, Sales]]) -> dict[str, Sales]:
    merged: dict[str, list[tuple[datetime, Decimal]]] = {}
    for by_sku in sold.values():
        for sku, sales in by_sku.items():
            merged.setdefault(sku, []).extend(sales)
    return {sku: tuple(sorted(sales)) for sku, sales in merged.items()}
