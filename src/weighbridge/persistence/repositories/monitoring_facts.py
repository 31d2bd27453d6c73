"""What monitors read of the journal: how orders came, what waits too long, what calls were answered, what left."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.transfers import State
from weighbridge.persistence.tables.http_log import exchanges
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.persistence.tables.work import agenda

ORDERS, PARCELS = "orders", "fulfilment"
ANSWERED = "answered"
HOUR_MICROSECONDS = 3_600_000_000
MOST_ORDERS = 5_000
MOST_LATE = 500


@dataclass(frozen=True, slots=True)
class Overdue:
    """Looks of one flow that are due and were not begun."""

    flow: str
    looks: int
    oldest: datetime


@dataclass(frozen=True, slots=True)
class Made:
    """One call to a platform."""

    platform: str
    at: datetime
    outcome: str


class Watching:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def orders_by_hour(self, connection: str, since: datetime) -> dict[int, int]:
        """How many orders were first seen in each hour, by the number of the hour since 1970."""
        of = transfers.c
        hour = (sa.type_coerce(of.created_at, sa.BigInteger) // HOUR_MICROSECONDS).label("hour")
        mine = (of.flow == ORDERS, of.connection == connection, of.created_at >= since)
        rows = await self._rows(sa.select(hour, sa.func.count()).where(*mine).group_by(hour))
        return {int(number): int(count) for number, count in rows}

    async def order_numbers(self, connection: str, since: datetime) -> list[int]:
        """Numbers of the orders first seen since a moment, the latest 5,000 at most."""
        of = transfers.c
        mine = (of.flow == ORDERS, of.connection == connection, of.created_at >= since)
        rows = await self._rows(sa.select(of.key).where(*mine).order_by(of.created_at.desc()).limit(MOST_ORDERS))
        return [int(row.key) for row in rows if row.key.isdecimal()]

    async def known_orders(self, connection: str, numbers: Collection[int]) -> set[int]:
        """Which of these orders were ever seen."""
        of = transfers.c
        mine = (of.flow == ORDERS, of.connection == connection, of.key.in_([str(number) for number in numbers]))
        return {int(row.key) for row in await self._rows(sa.select(of.key).where(*mine))} if numbers else set()

    async def listening_since(self, connection: str) -> datetime | None:
        """When the first order of all was seen; None before it."""
        of = transfers.c
        query = sa.select(of.created_at).where(of.flow == ORDERS, of.connection == connection)
        rows = await self._rows(query.order_by(of.created_at).limit(1))
        return rows[0].created_at if rows else None

    async def overdue(self, connection: str, since: datetime) -> list[Overdue]:
        """Looks that have been due since before a moment and were not handed out, by flow."""
        of = agenda.c
        waiting = (of.connection == connection, of.generation > of.taken, of.due_at < since)
        oldest = sa.func.min(of.due_at, type_=of.due_at.type)
        rows = await self._rows(sa.select(of.flow, sa.func.count(), oldest).where(*waiting).group_by(of.flow))
        return [Overdue(*row) for row in rows]

    async def calls(self, connections: Collection[str], since: datetime) -> list[Made]:
        """Every call of these connections since a moment, in order."""
        of = exchanges.c
        mine = (of.connection.in_(sorted(connections)), of.started_at >= since)
        rows = await self._rows(sa.select(of.platform, of.started_at, of.outcome).where(*mine).order_by(of.started_at))
        return [Made(*row) for row in rows]

    async def first_since_an_answer(self, connection: str, platform: str, outcome: str) -> datetime | None:
        """When a platform answered a call with `outcome` for the first time since it last answered one well, however
        long ago; None when it did not."""
        of = exchanges.c
        mine = (of.connection == connection, of.platform == platform)
        well = sa.select(of.started_at).where(*mine, of.outcome == ANSWERED).order_by(of.started_at.desc()).limit(1)
        ended = await self._rows(well)
        since = [of.started_at > ended[0].started_at] if ended else []
        first = sa.select(of.started_at).where(*mine, of.outcome == outcome, *since).order_by(of.started_at).limit(1)
        found = await self._rows(first)
        return found[0].started_at if found else None

    async def undispatched(self, connection: str, posted_after: datetime, posted_before: datetime) -> Sequence[Any]:
        """Posted orders of that time of whose sale no parcel is known, the oldest 500 at most: key, target_number,
        posted_at, amount, currency, content."""
        order, parcels = transfers.alias("of_order").c, transfers.alias("of_parcels").c
        left = sa.exists().where(
            parcels.connection == order.connection,
            parcels.flow == PARCELS,
            parcels.key == order.target_id,
            parcels.target_id != "",
        )
        waits = (
            order.connection == connection,
            order.flow == ORDERS,
            order.state == State.POSTED,
            order.reason_kind == "",
            order.target_id != "",
            order.posted_at.between(posted_after, posted_before),
            ~left,
        )
        told = (order.key, order.target_number, order.posted_at, order.amount, order.currency, order.content)
        return await self._rows(sa.select(*told).where(*waits).order_by(order.posted_at).limit(MOST_LATE))

    async def dispatched(self, connection: str, posted_after: datetime, posted_before: datetime) -> Sequence[Any]:
        """Sales of that time whose parcels the shop was told of: target_number (the order's), posted_at, content."""
        of = transfers.c
        mine = (
            of.connection == connection,
            of.flow == PARCELS,
            of.state == State.POSTED,
            of.target_id != "",
            of.posted_at.between(posted_after, posted_before),
        )
        return await self._rows(sa.select(of.target_number, of.posted_at, of.content).where(*mine))

    async def _rows(self, query: sa.Executable) -> Sequence[Any]:
        async with self._database.reading() as reading:
            rows: Sequence[Any] = (await reading.execute(query)).all()
        return rows
