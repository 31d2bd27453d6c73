"""Stock levels: the last computed level of each SKU at each store location with its terms, and the published level."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from weighbridge.common.clock import Clock
from weighbridge.domain.documents import UnreadableDocument
from weighbridge.domain.stock.available import AvailableLevel, LevelKey, SharedComponents
from weighbridge.domain.stock.buffers import BufferKind
from weighbridge.persistence.database import Database, batches
from weighbridge.persistence.documents import LEVEL_TERMS
from weighbridge.persistence.repositories.reference_data import ROWS_PER_WRITE
from weighbridge.persistence.tables.stock import stock_levels


@dataclass(frozen=True, slots=True)
class StockLevel:
    """A SKU's last computed level at a store location with its terms, and the published level."""

    sku: str
    store_location: int
    by_location: Mapping[str, Decimal]
    in_flight: Decimal
    lent: Decimal
    """Units lent to other locations of the store; negative where this one borrows."""
    buffer: Decimal
    buffer_kind: BufferKind
    sellable: bool
    components: SharedComponents | None
    ats: int
    read_at: datetime
    current_level: int | None
    """The published level; None when the store has sold units since, or showed another level when read back."""
    published_level: int | None
    """The level that was last published, whatever happened since."""
    pushed_at: datetime | None
    verified_at: datetime | None

    @property
    def is_verified(self) -> bool:
        """Whether the store's level was read back since it was published."""
        return self.pushed_at is not None and self.verified_at is not None and self.verified_at >= self.pushed_at

    def as_json(self) -> dict[str, Any]:
        return {
            "store_location": self.store_location,
            "available": {location: str(units) for location, units in self.by_location.items()},
            "in_flight": str(self.in_flight),
            "lent": str(self.lent),
            "buffer": str(self.buffer),
            "buffer_kind": self.buffer_kind,
            "sellable": self.sellable,
            "components": asdict(self.components) if self.components else None,
            "available_to_sell": self.ats,
            "read_at": self.read_at.isoformat(),
            "published_level": self.published_level,
            "pushed_at": self.pushed_at.isoformat() if self.pushed_at else None,
            "verified": self.is_verified,
        }


class StockLevels:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def current_levels(self, connection: str) -> dict[LevelKey, int]:
        """The levels that the store is known to show; levels that were never published are missing."""
        return await self._levels(stock_levels.c.current_level, connection, stock_levels.c.current_level.is_not(None))

    async def published_levels(self, connection: str) -> dict[LevelKey, int]:
        """The levels that were last published, whatever the store has sold since."""
        return await self._levels(
            stock_levels.c.published_level, connection, stock_levels.c.published_level.is_not(None)
        )

    async def published_levels_of(self, connection: str, skus: Collection[str]) -> dict[LevelKey, int]:
        """`published_levels` of these SKUs."""
        is_known = stock_levels.c.published_level.is_not(None)
        levels: dict[LevelKey, int] = {}
        for batch in batches(skus):
            is_listed = stock_levels.c.sku.in_(batch)
            levels |= await self._levels(stock_levels.c.published_level, connection, is_known, is_listed)
        return levels

    async def for_sku(self, connection: str, sku: str) -> tuple[StockLevel, ...]:
        """The last computed levels of one SKU, ordered by store location; empty when it has none."""
        query = (
            sa.select(stock_levels)
            .where(stock_levels.c.connection == connection, stock_levels.c.sku == sku)
            .order_by(stock_levels.c.store_location)
        )
        async with self._database.reading() as reading:
            return tuple(_level(row) for row in (await reading.execute(query)).all())

    async def published_locations(self, connection: str) -> frozenset[int]:
        """The store locations that may show stock because a level was published to them."""
        query = (
            sa.select(stock_levels.c.store_location)
            .where(
                stock_levels.c.connection == connection,
                stock_levels.c.published_level.is_not(None),
                (stock_levels.c.published_level > 0) | stock_levels.c.current_level.is_(None),
            )
            .distinct()
        )
        async with self._database.reading() as reading:
            return frozenset((await reading.execute(query)).scalars())

    async def last_reading(self, connection: str) -> dict[LevelKey, StockLevel]:
        """The levels of the latest reading."""
        own = stock_levels.c.connection == connection
        latest = sa.select(sa.func.max(stock_levels.c.scanned_at)).where(own).scalar_subquery()
        async with self._database.reading() as reading:
            query = sa.select(stock_levels).where(own, stock_levels.c.scanned_at == latest)
            rows = (await reading.execute(query)).all()
        return {(row.sku, row.store_location): _level(row) for row in rows}

    async def with_shared_components(self, connection: str, skus: Iterable[str]) -> frozenset[str]:
        """Those of `skus` that share components with other SKUs, by the last computed levels."""
        sharing: set[str] = set()
        async with self._database.reading() as reading:
            for batch in batches(skus):
                query = sa.select(stock_levels.c.sku, stock_levels.c.terms).where(
                    stock_levels.c.connection == connection, stock_levels.c.sku.in_(batch)
                )
                sharing |= {row.sku for row in await reading.execute(query) if row.terms["components"]}
        return frozenset(sharing)

    async def unverified_levels(self, connection: str, pushed_before: datetime) -> dict[LevelKey, int]:
        """The levels that were published before `pushed_before` and have not been read back since."""
        is_unverified = stock_levels.c.verified_at.is_(None) | (stock_levels.c.verified_at < stock_levels.c.pushed_at)
        return await self._levels(
            stock_levels.c.current_level, connection, stock_levels.c.pushed_at < pushed_before, is_unverified
        )

    async def expected_levels(self, connection: str, pushed_before: datetime) -> dict[LevelKey, int]:
        """The levels that the store must show: published before `pushed_before`, with no sale or change since."""
        is_known = stock_levels.c.current_level.is_not(None)
        return await self._levels(
            stock_levels.c.current_level, connection, stock_levels.c.pushed_at < pushed_before, is_known
        )

    async def store_full_reading(
        self,
        connection: str,
        levels: Sequence[AvailableLevel],
        started_at: datetime,
        asked_at: Mapping[str, datetime],
        skus_read_separately: Collection[str] = (),
    ) -> None:
        """Stores the levels of a full reading that began at `started_at`; `asked_at` names SKUs that were read later.
        `skus_read_separately` keep their stored levels."""
        await self._store(connection, levels, started_at, asked_at, scanned_at=started_at)
        await self._set(connection, skus_read_separately, scanned_at=started_at)

    async def store_partial_reading(
        self, connection: str, levels: Sequence[AvailableLevel], started_at: datetime, asked_at: Mapping[str, datetime]
    ) -> None:
        """Stores the levels of some SKUs that were read apart from the full readings."""
        query = sa.select(sa.func.max(stock_levels.c.scanned_at, type_=stock_levels.c.scanned_at.type)).where(
            stock_levels.c.connection == connection
        )
        async with self._database.reading() as reading:
            latest = (await reading.execute(query)).scalar_one()
        await self._store(connection, levels, started_at, asked_at, scanned_at=latest or started_at)

    async def _store(
        self,
        connection: str,
        levels: Sequence[AvailableLevel],
        started_at: datetime,
        asked_at: Mapping[str, datetime],
        *,
        scanned_at: datetime,
    ) -> None:
        for start in range(0, len(levels), ROWS_PER_WRITE):
            batch = [
                {
                    "connection": connection,
                    "sku": level.sku,
                    "store_location": level.store_location,
                    "available": level.available,
                    "in_flight": level.in_flight,
                    "buffer": Decimal(level.buffer.units),
                    "ats": level.ats,
                    "terms": LEVEL_TERMS.write(level.terms),
                    "scanned_at": scanned_at,
                    "read_at": asked_at.get(level.sku, started_at),
                }
                for level in levels[start : start + ROWS_PER_WRITE]
            ]
            async with self._database.transaction() as transaction:
                await transaction.execute(self._database.upsert(stock_levels, batch[0]), batch)

    async def mark_published(self, connection: str, levels: Iterable[AvailableLevel]) -> None:
        """Records that the store accepted these levels."""
        now = self._clock.now()
        rows = [
            {"level_sku": level.sku, "level_location": level.store_location, "level": level.ats} for level in levels
        ]
        if not rows:
            return
        statement = (
            sa.update(stock_levels)
            .where(
                stock_levels.c.connection == connection,
                stock_levels.c.sku == sa.bindparam("level_sku"),
                stock_levels.c.store_location == sa.bindparam("level_location"),
            )
            .values(
                current_level=sa.bindparam("level"),
                published_level=sa.bindparam("level"),
                pushed_at=sa.literal(now, stock_levels.c.pushed_at.type),
            )
        )
        async with self._database.transaction() as transaction:
            await transaction.execute(statement, rows)

    async def mark_verified(self, connection: str, level_keys: Iterable[LevelKey]) -> None:
        """Records that these levels were read back and equal the published levels."""
        by_location: dict[int, list[str]] = {}
        for sku, location in level_keys:
            by_location.setdefault(location, []).append(sku)
        for location, skus in by_location.items():
            is_at_location = stock_levels.c.store_location == location
            await self._set(connection, skus, is_at_location, verified_at=self._clock.now())

    async def invalidate(self, connection: str, skus: Iterable[str]) -> None:
        """Forgets the current levels of these SKUs, so that the next push publishes them again."""
        await self._set(connection, skus, current_level=None)

    async def _levels(
        self, column: sa.Column[int], connection: str, *which: sa.ColumnElement[bool]
    ) -> dict[LevelKey, int]:
        query = sa.select(stock_levels.c.sku, stock_levels.c.store_location, column).where(
            stock_levels.c.connection == connection, *which
        )
        async with self._database.reading() as reading:
            return {(sku, location): level for sku, location, level in await reading.execute(query)}

    async def _set(
        self, connection: str, skus: Iterable[str], *which: sa.ColumnElement[bool], **values: object
    ) -> None:
        ordered = sorted(skus)
        for start in range(0, len(ordered), ROWS_PER_WRITE):
            batch = ordered[start : start + ROWS_PER_WRITE]
            await self._database.execute(
                sa.update(stock_levels)
                .where(stock_levels.c.connection == connection, stock_levels.c.sku.in_(batch), *which)
                .values(**values)
            )


def _level(row: Any) -> StockLevel:
    try:
        terms = LEVEL_TERMS.read(row.terms)
    except UnreadableDocument as error:
        raise UnreadableDocument(f"stock level of {row.sku}, store location {row.store_location}: {error}") from error
    return StockLevel(
        sku=row.sku,
        store_location=row.store_location,
        by_location=terms.by_location,
        in_flight=row.in_flight,
        lent=terms.lent,
        buffer=row.buffer,
        buffer_kind=terms.buffer_kind,
        sellable=terms.sellable,
        components=terms.components,
        ats=row.ats,
        read_at=row.read_at,
        current_level=row.current_level,
        published_level=row.published_level,
        pushed_at=row.pushed_at,
        verified_at=row.verified_at,
    )
