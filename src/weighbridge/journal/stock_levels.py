"""Stock levels: each SKU's last figure with its terms, and what the shop was last told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from weighbridge.clock import Clock
from weighbridge.database import Database
from weighbridge.domain.stock import Figure
from weighbridge.journal.catalogue import ROWS_PER_WRITE
from weighbridge.tables import stock_levels


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

    async def told_before(self, connection: str, moment: datetime) -> dict[str, int]:
        """What the shop was told before `moment` and has not been read back since."""
        query = sa.select(stock_levels.c.sku, stock_levels.c.shown).where(
            stock_levels.c.connection == connection,
            stock_levels.c.pushed_at < moment,
            stock_levels.c.verified_at.is_(None) | (stock_levels.c.verified_at < stock_levels.c.pushed_at),
        )
        async with self._database.reading() as reading:
            return {row.sku: row.shown for row in (await reading.execute(query)).all()}

    async def scanned(self, connection: str, figures: Sequence[Figure], began: datetime) -> None:
        """Stores the figures of a reading that began at `began`."""
        rows = [
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
            for figure in figures
        ]
        for start in range(0, len(rows), ROWS_PER_WRITE):
            batch = rows[start : start + ROWS_PER_WRITE]
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
