"""Stock levels: each SKU's last figure with its terms, and what the shop was last told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from weighbridge.clock import Clock
from weighbridge.database import Database
from weighbridge.domain.buffer import BufferKind
from weighbridge.domain.stock import Figure, SharedParts
from weighbridge.journal.catalogue import ROWS_PER_WRITE
from weighbridge.tables import stock_levels


@dataclass(frozen=True, slots=True)
class StockLevel:
    """A SKU's last figure with its terms, and what the shop was told."""

    sku: str
    by_location: Mapping[str, Decimal]
    in_flight: Decimal
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
            "available": {place: str(units) for place, units in self.by_location.items()},
            "in_flight": str(self.in_flight),
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

    async def shown(self, connection: str) -> dict[str, int]:
        """What the shop was last told, by SKU; SKUs it was never told of are missing."""
        query = sa.select(stock_levels.c.sku, stock_levels.c.shown).where(
            stock_levels.c.connection == connection, stock_levels.c.shown.is_not(None)
        )
        async with self._database.reading() as reading:
            return {row.sku: row.shown for row in (await reading.execute(query)).all()}

    async def last_told(self, connection: str) -> dict[str, int]:
        """What the shop was last told by SKU, whatever it has sold since."""
        query = sa.select(stock_levels.c.sku, stock_levels.c.told).where(
            stock_levels.c.connection == connection, stock_levels.c.told.is_not(None)
        )
        async with self._database.reading() as reading:
            return {row.sku: row.told for row in (await reading.execute(query)).all()}

    async def level(self, connection: str, sku: str) -> StockLevel | None:
        """The last figure of one SKU; None when it has none."""
        query = sa.select(stock_levels).where(stock_levels.c.connection == connection, stock_levels.c.sku == sku)
        async with self._database.reading() as reading:
            row = (await reading.execute(query)).one_or_none()
        return None if row is None else _level(row)

    async def last_reading(self, connection: str) -> dict[str, StockLevel]:
        """The figures of the latest reading, by SKU."""
        own = stock_levels.c.connection == connection
        latest = sa.select(sa.func.max(stock_levels.c.scanned_at)).where(own).scalar_subquery()
        async with self._database.reading() as reading:
            query = sa.select(stock_levels).where(own, stock_levels.c.scanned_at == latest)
            rows = (await reading.execute(query)).all()
        return {row.sku: _level(row) for row in rows}

    async def shared(self, connection: str, skus: Iterable[str]) -> frozenset[str]:
        """Those of `skus` whose parts other SKUs need too, by the last figures."""
        query = sa.select(stock_levels.c.sku, stock_levels.c.terms).where(
            stock_levels.c.connection == connection, stock_levels.c.sku.in_(sorted(skus))
        )
        async with self._database.reading() as reading:
            rows = (await reading.execute(query)).all()
        return frozenset(row.sku for row in rows if row.terms["parts"])

    async def told_before(self, connection: str, moment: datetime) -> dict[str, int]:
        """What the shop was told before `moment` and has not been read back since."""
        query = sa.select(stock_levels.c.sku, stock_levels.c.shown).where(
            stock_levels.c.connection == connection,
            stock_levels.c.pushed_at < moment,
            stock_levels.c.verified_at.is_(None) | (stock_levels.c.verified_at < stock_levels.c.pushed_at),
        )
        async with self._database.reading() as reading:
            return {row.sku: row.shown for row in (await reading.execute(query)).all()}

    async def standing(self, connection: str, moment: datetime) -> dict[str, int]:
        """What the shop has to show by SKU: told before `moment`, and nothing sold or changed of it since."""
        query = sa.select(stock_levels.c.sku, stock_levels.c.shown).where(
            stock_levels.c.connection == connection,
            stock_levels.c.pushed_at < moment,
            stock_levels.c.shown.is_not(None),
        )
        async with self._database.reading() as reading:
            return {row.sku: row.shown for row in await reading.execute(query)}

    async def scanned(self, connection: str, figures: Sequence[Figure], began: datetime) -> None:
        """Stores the figures of a reading that began at `began`."""
        for start in range(0, len(figures), ROWS_PER_WRITE):
            batch = [
                {
                    "connection": connection,
                    "sku": figure.sku,
                    "available": figure.available,
                    "in_flight": figure.in_flight,
                    "buffer": Decimal(figure.buffer.units),
                    "ats": figure.ats,
                    "terms": _terms(figure),
                    "scanned_at": began,
                }
                for figure in figures[start : start + ROWS_PER_WRITE]
            ]
            async with self._database.transaction() as transaction:
                await transaction.execute(self._database.upsert(stock_levels, batch[0]), batch)

    async def told(self, connection: str, figures: Iterable[Figure]) -> None:
        """Notes that the shop accepted these figures."""
        now = self._clock.now()
        rows = [{"of": one.sku, "level": one.ats} for one in figures]
        if not rows:
            return
        statement = (
            sa.update(stock_levels)
            .where(stock_levels.c.connection == connection, stock_levels.c.sku == sa.bindparam("of"))
            .values(
                shown=sa.bindparam("level"),
                told=sa.bindparam("level"),
                pushed_at=sa.literal(now, stock_levels.c.pushed_at.type),
            )
        )
        async with self._database.transaction() as transaction:
            await transaction.execute(statement, rows)

    async def verified(self, connection: str, skus: Iterable[str]) -> None:
        """Notes that the shop was read back and shows what it was told."""
        await self._set(connection, skus, verified_at=self._clock.now())

    async def distrust(self, connection: str, skus: Iterable[str]) -> None:
        """Forgets what the shop was told of these SKUs, so that the next push tells it again."""
        await self._set(connection, skus, shown=None)

    async def _set(self, connection: str, skus: Iterable[str], **values: object) -> None:
        wanted = sorted(skus)
        for start in range(0, len(wanted), ROWS_PER_WRITE):
            chosen = wanted[start : start + ROWS_PER_WRITE]
            await self._database.execute(
                sa.update(stock_levels)
                .where(stock_levels.c.connection == connection, stock_levels.c.sku.in_(chosen))
                .values(**values)
            )


def _terms(figure: Figure) -> dict[str, Any]:
    """The terms of a figure that have no column of their own, as JSON."""
    return {
        "by_location": {place: str(units) for place, units in figure.by_location.items()},
        "buffer_kind": figure.buffer.kind,
        "sellable": figure.sellable,
        "parts": asdict(figure.parts) if figure.parts else None,
    }


def _level(row: Any) -> StockLevel:
    terms, parts = row.terms, row.terms["parts"]
    return StockLevel(
        sku=row.sku,
        by_location={place: Decimal(units) for place, units in terms["by_location"].items()},
        in_flight=row.in_flight,
        buffer=row.buffer,
        buffer_kind=BufferKind(terms["buffer_kind"]),
        sellable=terms["sellable"],
        parts=SharedParts(parts["by_location"], tuple(parts["limited_by"]), tuple(parts["shares_with"]))
        if parts
        else None,
        ats=row.ats,
        read_at=row.scanned_at,
        shown=row.shown,
        told=row.told,
        pushed_at=row.pushed_at,
        verified_at=row.verified_at,
    )
