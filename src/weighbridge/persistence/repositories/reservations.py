"""Reservations: units that the store has sold and Cin7's availability does not show yet."""

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
from weighbridge.persistence.tables.stock import reservations, stock_levels

LONGEST_ORDER_DELAY = timedelta(minutes=15)
"""A sweep runs every minute: an order reserved later than this was edited since, or is older than the connection."""
MICROSECOND = timedelta(microseconds=1)
NOTHING_LATER: Mapping[str, datetime] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class OpenReservation:
    """Units of an order that a reading of Cin7 may not show."""

    connection: str
    order_id: str
    quantity: Decimal
    reserved_at: datetime
    allocated_at: datetime | None

    def as_json(self) -> dict[str, Any]:
        return {
            "connection": self.connection,
            "order": self.order_id,
            "quantity": str(self.quantity),
            "reserved_at": self.reserved_at.isoformat(),
            "allocated_at": self.allocated_at.isoformat() if self.allocated_at else None,
        }


class Reservations:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def reserve(
        self, connection: str, order_id: str, units: Mapping[str, Decimal], placed_at: datetime | None = None
    ) -> bool:
        """Sets the reservations of an order, in place of its former ones. Units that are reserved already, or that Cin7
        has allocated, keep their row. Returns whether anything is reserved that was not before.

        Allocated units keep their row only if they cover the order's present quantity: an order that grew, or was
        reopened after it had ended, is in flight with all its units again. The available level is then too low for a
        while; the opposite error would oversell.
        """
        now = self._clock.now()
        own = (reservations.c.connection == connection) & (reservations.c.order_id == order_id)
        async with self._database.transaction() as transaction:
            of = reservations.c
            query = sa.select(of.sku, of.quantity, of.allocated_at, of.released_at).where(own)
            earlier = (await transaction.execute(query)).all()
            unchanged = {
                row.sku
                for row in earlier
                if row.released_at is None
                and _still_covers(row.quantity, units.get(row.sku, Decimal(0)), row.allocated_at is not None)
            }
            new = {"connection": connection, "order_id": order_id, "reserved_at": now, "placed_at": placed_at}
            rows = [{**new, "sku": sku, "quantity": units[sku]} for sku in units if sku not in unchanged]
            if len(unchanged) < len(earlier):
                await transaction.execute(sa.delete(reservations).where(own, of.sku.not_in(sorted(unchanged))))
            if rows:
                await transaction.execute(self._database.insert_new(reservations), rows)
        return bool(rows)

    async def mark_allocated(self, connection: str, order_id: str) -> None:
        """Records that Cin7 has allocated the order's units: its availability shows them from now on."""
        await self._end(connection, order_id, "allocated_at")

    async def release(self, connection: str, order_id: str) -> None:
        """Records that the order ended without a sale: its units are free again."""
        await self._end(connection, order_id, "released_at")

    async def in_flight(
        self, connections: Collection[str], scan_started_at: datetime, asked_at: Mapping[str, datetime] = NOTHING_LATER
    ) -> dict[str, Decimal]:
        """Units per SKU, sold by any of `connections`, that a scan started at `scan_started_at` may not show.

        An order that Cin7 allocated after the start still counts: its row may have been read before. `asked_at` names
        the SKUs whose row is known to have been read later.
        """
        query = sa.select(reservations.c.sku, reservations.c.quantity, reservations.c.allocated_at).where(
            reservations.c.connection.in_(sorted(connections)),
            reservations.c.released_at.is_(None),
            reservations.c.allocated_at.is_(None) | (reservations.c.allocated_at >= scan_started_at),
        )
        units: dict[str, Decimal] = {}
        async with self._database.reading() as reading:
            for row in (await reading.execute(query)).all():
                if row.allocated_at is None or row.allocated_at >= asked_at.get(row.sku, scan_started_at):
                    units[row.sku] = units.get(row.sku, Decimal(0)) + row.quantity
        return units

    async def open_for_sku(
        self, connections: Collection[str], sku: str, scan_started_at: datetime
    ) -> tuple[OpenReservation, ...]:
        """The orders behind `in_flight` of one SKU, oldest first."""
        query = (
            sa.select(reservations)
            .where(
                reservations.c.connection.in_(sorted(connections)),
                reservations.c.sku == sku,
                reservations.c.released_at.is_(None),
                reservations.c.allocated_at.is_(None) | (reservations.c.allocated_at >= scan_started_at),
            )
            .order_by(reservations.c.reserved_at, reservations.c.order_id)
        )
        async with self._database.reading() as reading:
            rows = (await reading.execute(query)).all()
        return tuple(OpenReservation(r.connection, r.order_id, r.quantity, r.reserved_at, r.allocated_at) for r in rows)

    async def sold(
        self, connections: Collection[str], since: datetime, *, as_placed: bool = False
    ) -> dict[str, tuple[tuple[datetime, Decimal], ...]]:
        """When units of each SKU were reserved since `since`, and how many; without orders that ended without a sale.

        With `as_placed` the times are those of the orders: orders placed one by one may be reserved all at once.
        """
        timestamp = sa.func.coalesce(
            reservations.c.placed_at, reservations.c.reserved_at, type_=reservations.c.reserved_at.type
        )
        query = sa.select(
            reservations.c.sku,
            (timestamp if as_placed else reservations.c.reserved_at).label("at"),
            reservations.c.quantity,
        ).where(
            reservations.c.connection.in_(sorted(connections)),
            reservations.c.reserved_at >= since,
            reservations.c.released_at.is_(None),
        )
        sales: dict[str, list[tuple[datetime, Decimal]]] = {}
        async with self._database.reading() as reading:
            for row in (await reading.execute(query)).all():
                sales.setdefault(row.sku, []).append((row.at, row.quantity))
        return {sku: tuple(sorted(of_sku)) for sku, of_sku in sales.items()}

    async def longest_order_delay(self, connections: Collection[str], since: datetime) -> timedelta:
        """The longest time from placing an order to reserving its units, of the orders reserved since `since`.

        Delays above `LONGEST_ORDER_DELAY` do not count: such orders were edited, or came before the connection began.
        """
        timestamps = [
            sa.type_coerce(column, sa.BigInteger) for column in (reservations.c.reserved_at, reservations.c.placed_at)
        ]
        delay = timestamps[0] - timestamps[1]
        query = sa.select(sa.func.max(delay)).where(
            reservations.c.connection.in_(sorted(connections)),
            reservations.c.reserved_at >= since,
            delay <= LONGEST_ORDER_DELAY // MICROSECOND,
        )
        async with self._database.reading() as reading:
            longest = (await reading.execute(query)).scalar_one()
        return max(longest or 0, 0) * MICROSECOND

    async def placed_since_push(self, connection: str, skus: Collection[str]) -> dict[str, Decimal]:
        """Units of each of `skus` in orders that were placed after the SKU's level was last published."""
        timestamp = sa.func.max(stock_levels.c.pushed_at, type_=stock_levels.c.pushed_at.type).label("pushed_at")
        pushed = (
            sa.select(stock_levels.c.sku, timestamp)
            .where(stock_levels.c.connection == connection, stock_levels.c.sku.in_(sorted(skus)))
            .group_by(stock_levels.c.sku)
            .subquery()
        )
        query = (
            sa.select(reservations.c.sku, reservations.c.quantity)
            .join(pushed, pushed.c.sku == reservations.c.sku)
            .where(
                reservations.c.connection == connection,
                reservations.c.released_at.is_(None),
                reservations.c.placed_at >= pushed.c.pushed_at,
            )
        )
        units: dict[str, Decimal] = {}
        async with self._database.reading() as reading:
            for row in (await reading.execute(query)).all():
                units[row.sku] = units.get(row.sku, Decimal(0)) + row.quantity
        return units

    async def _end(self, connection: str, order_id: str, column: str) -> None:
        await self._database.execute(
            sa.update(reservations)
            .where(
                reservations.c.connection == connection,
                reservations.c.order_id == order_id,
                reservations.c[column].is_(None),
            )
            .values({column: self._clock.now()})
        )


def _still_covers(reserved: Decimal, units: Decimal, is_allocated: bool) -> bool:
    """Whether a stored reservation is right for `units` of its SKU."""
    return reserved == units or (is_allocated and reserved >= units)
