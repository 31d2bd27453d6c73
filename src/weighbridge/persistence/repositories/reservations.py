"""Promises: units the shop has sold that the warehouse's figures do not show yet."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from weighbridge.common.clock import Clock
from weighbridge.persistence.database import Database
from weighbridge.persistence.tables.stock import promises, stock_levels

HEARD_AT_LATEST = timedelta(minutes=15)
"""A sweep looks every minute: what is captured later was edited since, or came before we listened."""
MICROSECOND = timedelta(microseconds=1)
NOTHING_LATER: Mapping[str, datetime] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class OpenPromise:
    """Units that an order was sold and that a reading of Cin7 may not show."""

    connection: str
    order_id: str
    quantity: Decimal
    captured_at: datetime
    allocated_at: datetime | None

    def as_json(self) -> dict[str, Any]:
        return {
            "connection": self.connection,
            "order": self.order_id,
            "quantity": str(self.quantity),
            "captured_at": self.captured_at.isoformat(),
            "allocated_at": self.allocated_at.isoformat() if self.allocated_at else None,
        }


class Promises:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def make(
        self, connection: str, order_id: str, units: Mapping[str, Decimal], placed_at: datetime | None = None
    ) -> bool:
        """Sets what an order promises, replacing what it promised before; keeps what Cin7 already took over and what is
        promised already. Answers whether anything is promised that was not before.

        Units that Cin7 took over stay so only as far as they cover what the order promises now: an order that grew,
        or came back after it had ended, is in flight with all its units again. That claims too little for a while
        where claiming too much would oversell.
        """
        now = self._clock.now()
        own = (promises.c.connection == connection) & (promises.c.order_id == order_id)
        async with self._database.transaction() as transaction:
            query = sa.select(promises.c.sku, promises.c.quantity, promises.c.allocated_at).where(
                own, promises.c.released_at.is_(None)
            )
            kept = {
                row.sku
                for row in (await transaction.execute(query)).all()
                if row.quantity == units.get(row.sku)
                or (row.allocated_at is not None and row.quantity >= units.get(row.sku, Decimal(0)))
            }
            new = {"connection": connection, "order_id": order_id, "captured_at": now, "placed_at": placed_at}
            rows = [{**new, "sku": sku, "quantity": units[sku]} for sku in units if sku not in kept]
            await transaction.execute(sa.delete(promises).where(own, promises.c.sku.not_in(sorted(kept))))
            if rows:
                await transaction.execute(self._database.insert_new(promises), rows)
        return bool(rows)

    async def allocated(self, connection: str, order_id: str) -> None:
        """Notes that Cin7 has allocated the order's units: from now on its own figures show them."""
        await self._end(connection, order_id, "allocated_at")

    async def released(self, connection: str, order_id: str) -> None:
        """Notes that the order ended without a sale: its units are free again."""
        await self._end(connection, order_id, "released_at")

    async def in_flight(
        self, connections: Collection[str], scan_started_at: datetime, asked_at: Mapping[str, datetime] = NOTHING_LATER
    ) -> dict[str, Decimal]:
        """Units per SKU that a scan begun at `scan_started_at` may not show, sold by any of `connections`.

        An order that Cin7 allocated after the scan began counts still: its row may have been read before. `asked_at`
        says of which SKUs the row is known to have been asked for later.
        """
        query = sa.select(promises.c.sku, promises.c.quantity, promises.c.allocated_at).where(
            promises.c.connection.in_(sorted(connections)),
            promises.c.released_at.is_(None),
            promises.c.allocated_at.is_(None) | (promises.c.allocated_at >= scan_started_at),
        )
        units: dict[str, Decimal] = {}
        async with self._database.reading() as reading:
            for row in (await reading.execute(query)).all():
                if row.allocated_at is None or row.allocated_at >= asked_at.get(row.sku, scan_started_at):
                    units[row.sku] = units.get(row.sku, Decimal(0)) + row.quantity
        return units

    async def open_of(
        self, connections: Collection[str], sku: str, scan_started_at: datetime
    ) -> tuple[OpenPromise, ...]:
        """The orders behind `in_flight` of one SKU, oldest first."""
        query = (
            sa.select(promises)
            .where(
                promises.c.connection.in_(sorted(connections)),
                promises.c.sku == sku,
                promises.c.released_at.is_(None),
                promises.c.allocated_at.is_(None) | (promises.c.allocated_at >= scan_started_at),
            )
            .order_by(promises.c.captured_at, promises.c.order_id)
        )
        async with self._database.reading() as reading:
            rows = (await reading.execute(query)).all()
        return tuple(OpenPromise(r.connection, r.order_id, r.quantity, r.captured_at, r.allocated_at) for r in rows)

    async def sold(
        self, connections: Collection[str], since: datetime, *, as_placed: bool = False
    ) -> dict[str, tuple[tuple[datetime, Decimal], ...]]:
        """When units of each SKU were captured since a moment, and how many; without orders that ended unsold.

        `as_placed` tells when their orders were placed: many may be captured at once that came one by one.
        """
        moment = sa.func.coalesce(promises.c.placed_at, promises.c.captured_at, type_=promises.c.captured_at.type)
        query = sa.select(
            promises.c.sku, (moment if as_placed else promises.c.captured_at).label("at"), promises.c.quantity
        ).where(
            promises.c.connection.in_(sorted(connections)),
            promises.c.captured_at >= since,
            promises.c.released_at.is_(None),
        )
        found: dict[str, list[tuple[datetime, Decimal]]] = {}
        async with self._database.reading() as reading:
            for row in (await reading.execute(query)).all():
                found.setdefault(row.sku, []).append((row.at, row.quantity))
        return {sku: tuple(sorted(times)) for sku, times in found.items()}

    async def heard_within(self, connections: Collection[str], since: datetime) -> timedelta:
        """The longest from an order's coming until its units were taken off, of the orders captured since a moment.

        What took longer than `HEARD_AT_LATEST` says nothing of it: such orders were edited, or came before we listened.
        """
        moments = [sa.type_coerce(column, sa.BigInteger) for column in (promises.c.captured_at, promises.c.placed_at)]
        took = moments[0] - moments[1]
        query = sa.select(sa.func.max(took)).where(
            promises.c.connection.in_(sorted(connections)),
            promises.c.captured_at >= since,
            took <= HEARD_AT_LATEST // MICROSECOND,
        )
        async with self._database.reading() as reading:
            longest = (await reading.execute(query)).scalar_one()
        return max(longest or 0, 0) * MICROSECOND

    async def placed_since_told(self, connection: str, skus: Collection[str]) -> dict[str, Decimal]:
        """Units of each of `skus` in orders that were placed at the shop after it was last told a level of the SKU."""
        moment = sa.func.max(stock_levels.c.pushed_at, type_=stock_levels.c.pushed_at.type).label("pushed_at")
        told = (
            sa.select(stock_levels.c.sku, moment)
            .where(stock_levels.c.connection == connection, stock_levels.c.sku.in_(sorted(skus)))
            .group_by(stock_levels.c.sku)
            .subquery()
        )
        query = (
            sa.select(promises.c.sku, promises.c.quantity)
            .join(told, told.c.sku == promises.c.sku)
            .where(
                promises.c.connection == connection,
                promises.c.released_at.is_(None),
                promises.c.placed_at >= told.c.pushed_at,
            )
        )
        units: dict[str, Decimal] = {}
        async with self._database.reading() as reading:
            for row in (await reading.execute(query)).all():
                units[row.sku] = units.get(row.sku, Decimal(0)) + row.quantity
        return units

    async def _end(self, connection: str, order_id: str, column: str) -> None:
        await self._database.execute(
            sa.update(promises)
            .where(
                promises.c.connection == connection,
                promises.c.order_id == order_id,
                promises.c[column].is_(None),
            )
            .values({column: self._clock.now()})
        )
