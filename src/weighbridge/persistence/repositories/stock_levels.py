"""Stock levels: the last figure of each SKU at each location of the shop with its terms, and what the shop was told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from weighbridge.common.clock import Clock
from weighbridge.domain.stock.available import Figure, SharedParts, Slot
from weighbridge.domain.stock.buffers import BufferKind
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.catalogue import ROWS_PER_WRITE
from weighbridge.persistence.tables.stock import stock_levels


@dataclass(frozen=True, slots=True)
class StockLevel:
    """A SKU's last figure at a location of the shop with its terms, and what the shop was told."""

    sku: str
    shop_location: int
    by_location: Mapping[str, Decimal]
    in_flight: Decimal
    lent: Decimal
    """Units that other locations of the shop need; negative where they gave some."""
    buffer: Decimal
    buffer_kind: BufferKind
    sellable: bool
    parts: SharedParts | None
    ats: int
    read_at: datetime
    shown: int | None
    """What the shop was last told; None when it has sold of it since, or showed something else when read back."""
    told: int | None
    """What the shop was last told, whatever came after."""
    pushed_at: datetime | None
    verified_at: datetime | None

    @property
    def verified(self) -> bool:
        """Whether the shop was read back since it was told."""
        return self.pushed_at is not None and self.verified_at is not None and self.verified_at >= self.pushed_at

    def as_json(self) -> dict[str, Any]:
        return {
            "shop_location": self.shop_location,
            "available": {place: str(units) for place, units in self.by_location.items()},
            "in_flight": str(self.in_flight),
            "lent": str(self.lent),
            "buffer": str(self.buffer),
            "buffer_kind": self.buffer_kind,
            "sellable": self.sellable,
            "parts": asdict(self.parts) if self.parts else None,
            "may_be_sold": self.ats,
            "read_at": self.read_at.isoformat(),
            "told": self.told,
            "told_at": self.pushed_at.isoformat() if self.pushed_at else None,
            "read_back": self.verified,
        }


class StockLevels:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def shown(self, connection: str) -> dict[Slot, int]:
        """What the shop was last told; what it was never told of is missing."""
        return await self._levels(stock_levels.c.shown, connection, stock_levels.c.shown.is_not(None))

    async def last_told(self, connection: str) -> dict[Slot, int]:
        """What the shop was last told, whatever it has sold since."""
        return await self._levels(stock_levels.c.told, connection, stock_levels.c.told.is_not(None))

    async def last_told_of(self, connection: str, skus: Collection[str]) -> dict[Slot, int]:
        """`last_told` of these SKUs alone, as many as one push tells at once."""
        known = stock_levels.c.told.is_not(None)
        return await self._levels(stock_levels.c.told, connection, known, stock_levels.c.sku.in_(sorted(skus)))

    async def of(self, connection: str, sku: str) -> tuple[StockLevel, ...]:
        """The last figures of one SKU, by location of the shop; none when it has none."""
        query = (
            sa.select(stock_levels)
            .where(stock_levels.c.connection == connection, stock_levels.c.sku == sku)
            .order_by(stock_levels.c.shop_location)
        )
        async with self._database.reading() as reading:
            return tuple(_level(row) for row in (await reading.execute(query)).all())

    async def shop_locations_told(self, connection: str) -> frozenset[int]:
        """The shop's locations that may show stock because they were told so."""
        query = (
            sa.select(stock_levels.c.shop_location)
            .where(
                stock_levels.c.connection == connection,
                stock_levels.c.told.is_not(None),
                (stock_levels.c.told > 0) | stock_levels.c.shown.is_(None),
            )
            .distinct()
        )
        async with self._database.reading() as reading:
            return frozenset((await reading.execute(query)).scalars())

    async def last_reading(self, connection: str) -> dict[Slot, StockLevel]:
        """The figures of the latest reading."""
        own = stock_levels.c.connection == connection
        latest = sa.select(sa.func.max(stock_levels.c.scanned_at)).where(own).scalar_subquery()
        async with self._database.reading() as reading:
            query = sa.select(stock_levels).where(own, stock_levels.c.scanned_at == latest)
            rows = (await reading.execute(query)).all()
        return {(row.sku, row.shop_location): _level(row) for row in rows}

    async def shared(self, connection: str, skus: Iterable[str]) -> frozenset[str]:
        """Those of `skus` whose parts other SKUs need too, by the last figures."""
        query = sa.select(stock_levels.c.sku, stock_levels.c.terms).where(
            stock_levels.c.connection == connection, stock_levels.c.sku.in_(sorted(skus))
        )
        async with self._database.reading() as reading:
            rows = (await reading.execute(query)).all()
        return frozenset(row.sku for row in rows if row.terms["parts"])

    async def told_before(self, connection: str, moment: datetime) -> dict[Slot, int]:
        """What the shop was told before `moment` and has not been read back since."""
        unread = stock_levels.c.verified_at.is_(None) | (stock_levels.c.verified_at < stock_levels.c.pushed_at)
        return await self._levels(stock_levels.c.shown, connection, stock_levels.c.pushed_at < moment, unread)

    async def standing(self, connection: str, moment: datetime) -> dict[Slot, int]:
        """What the shop has to show: told before `moment`, and nothing sold or changed of it since."""
        known = stock_levels.c.shown.is_not(None)
        return await self._levels(stock_levels.c.shown, connection, stock_levels.c.pushed_at < moment, known)

    async def scanned(
        self,
        connection: str,
        figures: Sequence[Figure],
        began: datetime,
        asked_at: Mapping[str, datetime],
        besides: Collection[str] = (),
    ) -> None:
        """Stores the figures of a full reading that began at `began`; `asked_at` says which SKUs were asked for later.
        SKUs in `besides` are read otherwise and keep their figures."""
        await self._store(connection, figures, began, asked_at, scanned_at=began)
        await self._set(connection, besides, scanned_at=began)

    async def read_between(
        self, connection: str, figures: Sequence[Figure], began: datetime, asked_at: Mapping[str, datetime]
    ) -> None:
        """Stores the figures of some SKUs, read by themselves beside the full readings."""
        query = sa.select(sa.func.max(stock_levels.c.scanned_at, type_=stock_levels.c.scanned_at.type)).where(
            stock_levels.c.connection == connection
        )
        async with self._database.reading() as reading:
            latest = (await reading.execute(query)).scalar_one()
        await self._store(connection, figures, began, asked_at, scanned_at=latest or began)

    async def _store(
        self,
        connection: str,
        figures: Sequence[Figure],
        began: datetime,
        asked_at: Mapping[str, datetime],
        *,
        scanned_at: datetime,
    ) -> None:
        for start in range(0, len(figures), ROWS_PER_WRITE):
            batch = [
                {
                    "connection": connection,
                    "sku": figure.sku,
                    "shop_location": figure.shop_location,
                    "available": figure.available,
                    "in_flight": figure.in_flight,
                    "buffer": Decimal(figure.buffer.units),
                    "ats": figure.ats,
                    "terms": _terms(figure),
                    "scanned_at": scanned_at,
                    "read_at": asked_at.get(figure.sku, began),
                }
                for figure in figures[start : start + ROWS_PER_WRITE]
            ]
            async with self._database.transaction() as transaction:
                await transaction.execute(self._database.upsert(stock_levels, batch[0]), batch)

    async def told(self, connection: str, figures: Iterable[Figure]) -> None:
        """Notes that the shop accepted these figures."""
        now = self._clock.now()
        rows = [{"of": one.sku, "at": one.shop_location, "level": one.ats} for one in figures]
        if not rows:
            return
        statement = (
            sa.update(stock_levels)
            .where(
                stock_levels.c.connection == connection,
                stock_levels.c.sku == sa.bindparam("of"),
                stock_levels.c.shop_location == sa.bindparam("at"),
            )
            .values(
                shown=sa.bindparam("level"),
                told=sa.bindparam("level"),
                pushed_at=sa.literal(now, stock_levels.c.pushed_at.type),
            )
        )
        async with self._database.transaction() as transaction:
            await transaction.execute(statement, rows)

    async def verified(self, connection: str, slots: Iterable[Slot]) -> None:
        """Notes that the shop was read back and shows what it was told."""
        by_location: dict[int, list[str]] = {}
        for sku, location in slots:
            by_location.setdefault(location, []).append(sku)
        for location, skus in by_location.items():
            at = stock_levels.c.shop_location == location
            await self._set(connection, skus, at, verified_at=self._clock.now())

    async def distrust(self, connection: str, skus: Iterable[str]) -> None:
        """Forgets what the shop was told of these SKUs, so that the next push tells it again."""
        await self._set(connection, skus, shown=None)

    async def _levels(self, column: sa.Column[int], connection: str, *which: sa.ColumnElement[bool]) -> dict[Slot, int]:
        query = sa.select(stock_levels.c.sku, stock_levels.c.shop_location, column).where(
            stock_levels.c.connection == connection, *which
        )
        async with self._database.reading() as reading:
            return {(sku, location): level for sku, location, level in await reading.execute(query)}

    async def _set(
        self, connection: str, skus: Iterable[str], *which: sa.ColumnElement[bool], **values: object
    ) -> None:
        wanted = sorted(skus)
        for start in range(0, len(wanted), ROWS_PER_WRITE):
            chosen = wanted[start : start + ROWS_PER_WRITE]
            await self._database.execute(
                sa.update(stock_levels)
                .where(stock_levels.c.connection == connection, stock_levels.c.sku.in_(chosen), *which)
                .values(**values)
            )


def _terms(figure: Figure) -> dict[str, Any]:
    """The terms of a figure that have no column of their own, as JSON."""
    return {
        "by_location": {place: str(units) for place, units in figure.by_location.items()},
        "lent": str(figure.lent),
        "buffer_kind": figure.buffer.kind,
        "sellable": figure.sellable,
        "parts": asdict(figure.parts) if figure.parts else None,
    }


def _level(row: Any) -> StockLevel:
    terms, parts = row.terms, row.terms["parts"]
    return StockLevel(
        sku=row.sku,
        shop_location=row.shop_location,
        by_location={place: Decimal(units) for place, units in terms["by_location"].items()},
        in_flight=row.in_flight,
        lent=Decimal(terms["lent"]),
        buffer=row.buffer,
        buffer_kind=BufferKind(terms["buffer_kind"]),
        sellable=terms["sellable"],
        parts=SharedParts(parts["by_location"], tuple(parts["limited_by"]), tuple(parts["shares_with"]))
        if parts
        else None,
        ats=row.ats,
        read_at=row.read_at,
        shown=row.shown,
        told=row.told,
        pushed_at=row.pushed_at,
        verified_at=row.verified_at,
    )
