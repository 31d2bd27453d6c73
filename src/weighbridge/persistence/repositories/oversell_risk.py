"""Exposures: what the journal knows of how far the shops could oversell."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from weighbridge.common.clock import Clock
from weighbridge.domain.stock.available import Slot
from weighbridge.domain.stock.latency import Sales, latency
from weighbridge.domain.stock.oversell import Exposure
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.attempts import Attempts
from weighbridge.persistence.repositories.reference_cache import References
from weighbridge.persistence.repositories.reservations import Promises
from weighbridge.persistence.tables.stock import shop_items, stock_falls, stock_levels
from weighbridge.persistence.tables.transfers import transfers

ROUNDS_MEASURED = 6
PUSHES, PUSHES_MEASURED = "stock_pushes", 60
STOCK_ROUND, FAST_ROUND = ("stock", "*"), ("stock_fast", "*")
APPLIED_WITHIN = timedelta(seconds=5)
"""How long an accepted level takes to show. Source: Inventory V3, which says that it is asynchronous and no more."""


@dataclass(frozen=True, slots=True)
class Level:
    """A SKU of one connection as its last reading left it, at one location of the shop or at all of them."""

    sku: str
    available: Decimal
    """In Cin7, in the chosen locations."""
    shares: Decimal | None
    """What could be promised of a SKU that shares its parts with others; None for one that stands alone."""
    ats: int
    told: int | None
    pushed_at: datetime | None
    read_at: datetime


class Exposures:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._promises = Promises(database, clock)
        self._attempts = Attempts(database, clock)
        self._references = References(database, clock)

    async def of(self, connection: str, sharing: Collection[str], hours: float, sku: str = "") -> dict[str, Exposure]:
        """The exposure of each SKU (or of one) of a connection whose company's stock the shops of `sharing` sell.

        `hours` is how far sales and falls are looked back upon. Shops that sell the same company's stock are taken to
        sell from the same locations. SKUs that no shop was ever told of are missing.
        """
        now = self._clock.now()
        since = now - timedelta(hours=hours)
        levels = {name: whole(await self._levels(name, [sku] if sku else ())) for name in {connection, *sharing}}
        sold = {name: await self._promises.sold([name], since) for name in levels}
        read_at = {level.sku: level.read_at for level in levels[connection].values()}
        in_flight = await self._promises.in_flight(levels.keys(), min(read_at.values(), default=now), read_at)
        together = _together(sold)
        placed = {name: await self._promises.sold([name], since, as_placed=True) for name in levels}
        rushes = _together(placed)
        falls, prices = await self._falls(connection, since), await self._prices(connection, sku)
        heard = now - APPLIED_WITHIN - await self._promises.heard_within(levels.keys(), since)
        window = max([await self.push_window(name, heard) for name in levels])
        found: dict[str, Exposure] = {}
        for level in levels[connection].values():
            if level.told is None:
                continue
            there = {name: of[level.sku] for name, of in levels.items() if level.sku in of}
            times = together.get(level.sku, ())
            if level.shares is None:
                free = level.available - in_flight.get(level.sku, Decimal(0))
            else:
                free = level.shares - _units(times, level.read_at)
            found[level.sku] = Exposure(
                level.sku,
                sum(_shown(one, placed[name].get(level.sku, ())) for name, one in there.items()),
                free,
                rushes.get(level.sku, ()),
                falls.get(level.sku, ()),
                window if any(one.pushed_at is not None and one.pushed_at > heard for one in there.values()) else None,
                now - level.read_at,
                prices.get(level.sku, Decimal(0)),
            )
        return found

    async def stock_latency(self, connection: str, flow_and_key: tuple[str, str] = STOCK_ROUND) -> timedelta:
        """How long a change in Cin7 took of late until the shop was told of it, by the rounds of one flow."""
        flow, key = flow_and_key
        query = sa.select(transfers.c.id).where(
            transfers.c.connection == connection, transfers.c.flow == flow, transfers.c.key == key
        )
        async with self._database.reading() as reading:
            transfer_id = (await reading.execute(query)).scalar_one_or_none()
        rounds = await self._attempts.rounds(transfer_id, ROUNDS_MEASURED) if transfer_id else ()
        return latency(rounds, self._clock.now())

    async def push_window(self, connection: str, heard: datetime) -> timedelta:
        """The longest from asking the shop for a batch of levels until it showed those figured from them, of the pushes
        that ended after `heard`: a later push does not bring back what was sold while an earlier one was on its way. Of
        all of late where none is noted since, as after the death of a worker that was telling levels.
        """
        kept = await self._references.read(connection, PUSHES)
        pushes = [(datetime.fromisoformat(at), seconds) for at, seconds in kept[0]] if kept else []
        unheard = [seconds for at, seconds in pushes if at > heard] or [seconds for _, seconds in pushes]
        return timedelta(seconds=max(unheard, default=0.0)) + APPLIED_WITHIN

    async def pushed(self, connection: str, window: timedelta) -> None:
        """Notes how long a batch of levels took that was told by now, from asking for those at the shop to its
        answer."""
        kept = await self._references.read(connection, PUSHES)
        latest = [*(kept[0] if kept else []), [self._clock.now().isoformat(), window.total_seconds()]]
        await self._references.keep(connection, PUSHES, latest[-PUSHES_MEASURED:])

    async def fell(self, connection: str, units: Mapping[str, Decimal], keep_since: datetime) -> None:
        """Notes by how much the stock of SKUs fell for other reasons than the shops' orders; forgets older falls."""
        now = self._clock.now()
        rows = [{"connection": connection, "sku": sku, "at": now, "units": fall} for sku, fall in units.items()]
        async with self._database.transaction() as transaction:
            own = stock_falls.c.connection == connection
            await transaction.execute(sa.delete(stock_falls).where(own, stock_falls.c.at < keep_since))
            if rows:
                await transaction.execute(self._database.insert_new(stock_falls), rows)

    async def before(self, connection: str, moment: datetime, skus: Collection[str] = ()) -> dict[Slot, Level]:
        """Every SKU (or some) at every location of the shop as the last reading before a moment left it."""
        levels = await self._levels(connection, skus)
        return {slot: level for slot, level in levels.items() if level.read_at < moment}

    async def _levels(self, connection: str, skus: Collection[str]) -> dict[Slot, Level]:
        """As the latest reading left them; a SKU that it did not figure any more is missing."""
        own = stock_levels.c.connection == connection
        latest = sa.select(sa.func.max(stock_levels.c.scanned_at)).where(own).scalar_subquery()
        table = stock_levels.c
        columns = (
            table.sku,
            table.shop_location,
            table.available,
            table.ats,
            table.told,
            table.pushed_at,
            table.read_at,
        )
        query = sa.select(*columns, table.terms["parts"].label("parts")).where(own, table.scanned_at == latest)
        if skus:
            query = query.where(table.sku.in_(sorted(skus)))
        async with self._database.reading() as reading:
            # Row by row: a hundred thousand of them side by side would be most of the memory of a round.
            return {(row.sku, row.shop_location): _level(row) for row in await reading.execute(query)}

    async def _falls(self, connection: str, since: datetime) -> dict[str, Sales]:
        query = (
            sa.select(stock_falls.c.sku, stock_falls.c.at, stock_falls.c.units)
            .where(stock_falls.c.connection == connection, stock_falls.c.at >= since)
            .order_by(stock_falls.c.at)
        )
        found: dict[str, list[tuple[datetime, Decimal]]] = {}
        async with self._database.reading() as reading:
            for row in (await reading.execute(query)).all():
                found.setdefault(row.sku, []).append((row.at, row.units))
        return {sku: tuple(times) for sku, times in found.items()}

    async def _prices(self, connection: str, sku: str) -> dict[str, Decimal]:
        query = sa.select(shop_items.c.sku, shop_items.c.price).where(
            shop_items.c.connection == connection, shop_items.c.price.is_not(None)
        )
        if sku:
            query = query.where(shop_items.c.sku == sku)
        async with self._database.reading() as reading:
            return {row.sku: row.price for row in (await reading.execute(query)).all()}


def whole(levels: Mapping[Slot, Level]) -> dict[str, Level]:
    """Every SKU over all locations of the shop. What was told of any was told when the last of them was: sales that
    came before it may still be shown."""
    found: dict[str, Level] = {}
    for (sku, _), level in levels.items():
        other = found.get(sku)
        found[sku] = level if other is None else _together_at(level, other)
    return found


def _together_at(one: Level, other: Level) -> Level:
    told = [level.told for level in (one, other) if level.told is not None]
    pushed = [level.pushed_at for level in (one, other) if level.pushed_at is not None]
    shares = [level.shares for level in (one, other) if level.shares is not None]
    return replace(
        one,
        available=one.available + other.available,
        shares=sum(shares, Decimal(0)) if shares else None,
        ats=one.ats + other.ats,
        told=sum(told) if told else None,
        pushed_at=max(pushed, default=None),
    )


def _level(row: Any) -> Level:
    shares = Decimal(sum(row.parts["by_location"].values())) if row.parts else None
    return Level(row.sku, row.available, shares, row.ats, row.told, row.pushed_at, row.read_at)


def _shown(level: Level, placed: Sales) -> int:
    """What a shop shows at most: its last level, less the orders that came after it showed that."""
    if level.told is None or level.pushed_at is None:
        return 0
    return max(0, int(level.told - _units(placed, level.pushed_at + APPLIED_WITHIN)))


def _units(sold: Sales, since: datetime) -> Decimal:
    return sum((units for at, units in sold if at >= since), Decimal(0))


def _together(sold: Mapping[str, Mapping[str, Sales]]) -> dict[str, Sales]:
    found: dict[str, list[tuple[datetime, Decimal]]] = {}
    for by_sku in sold.values():
        for sku, times in by_sku.items():
            found.setdefault(sku, []).extend(times)
    return {sku: tuple(sorted(times)) for sku, times in found.items()}
