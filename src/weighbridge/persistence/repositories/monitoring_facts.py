"""What monitors read from the database: orders by hour, overdue jobs, answers to calls, orders not dispatched."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from weighbridge.persistence.database import Database, batches
from weighbridge.persistence.repositories.http_log import IS_ADDRESS, is_call_of
from weighbridge.persistence.repositories.transfers import State
from weighbridge.persistence.tables.http_log import api_addresses, http_exchanges
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.persistence.tables.work import jobs, workers

ORDERS, PARCELS = "orders", "fulfilment"
ANSWERED = "answered"
HOUR_MICROSECONDS = 3_600_000_000
MOST_ORDERS = 5_000
MOST_LATE = 500


@dataclass(frozen=True, slots=True)
class OverdueJobs:
    """Jobs of one flow that are due and were not claimed."""

    flow: str
    jobs: int
    oldest: datetime


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """One call to a platform."""

    platform: str
    at: datetime
    outcome: str


@dataclass(frozen=True, slots=True)
class UnansweredCalls:
    """Calls to one platform since the last that got any answer."""

    first_at: datetime
    last_at: datetime
    last_outcome: str


class MonitoringFacts:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def orders_by_hour(self, connection: str, since: datetime) -> dict[int, int]:
        """How many orders were first seen in each hour, by the number of the hour since 1970."""
        of = transfers.c
        hour = (sa.type_coerce(of.created_at, sa.BigInteger) // HOUR_MICROSECONDS).label("hour")
        conditions = (of.flow == ORDERS, of.connection == connection, of.created_at >= since)
        rows = await self._rows(sa.select(hour, sa.func.count()).where(*conditions).group_by(hour))
        return {int(number): int(count) for number, count in rows}

    async def order_numbers(self, connection: str, since: datetime) -> list[int]:
        """Numbers of the orders first seen since `since`, the latest 5,000 at most."""
        of = transfers.c
        conditions = (of.flow == ORDERS, of.connection == connection, of.created_at >= since)
        rows = await self._rows(sa.select(of.key).where(*conditions).order_by(of.created_at.desc()).limit(MOST_ORDERS))
        return [int(row.key) for row in rows if row.key.isdecimal()]

    async def known_orders(self, connection: str, numbers: Collection[int]) -> set[int]:
        """Those of these orders that have a transfer."""
        of = transfers.c
        known: set[int] = set()
        for batch in batches(map(str, numbers)):
            conditions = (of.flow == ORDERS, of.connection == connection, of.key.in_(batch))
            known |= {int(row.key) for row in await self._rows(sa.select(of.key).where(*conditions))}
        return known

    async def first_order_at(self, connection: str) -> datetime | None:
        """When the first order was seen; None before that."""
        of = transfers.c
        query = sa.select(of.created_at).where(of.flow == ORDERS, of.connection == connection)
        rows = await self._rows(query.order_by(of.created_at).limit(1))
        return rows[0].created_at if rows else None

    async def up_since(self) -> datetime | None:
        """The start of the worker that has been alive longest; None when none is alive."""
        first_start = sa.func.min(workers.c.started_at, type_=workers.c.started_at.type)
        rows = await self._rows(sa.select(first_start.label("at")))
        return rows[0].at if rows else None

    async def overdue(self, connection: str, since: datetime) -> list[OverdueJobs]:
        """Jobs that have been due since before `since` and were not claimed, by flow."""
        of = jobs.c
        is_overdue = (of.connection == connection, of.due_at < since)
        oldest = sa.func.min(of.due_at, type_=of.due_at.type)
        rows = await self._rows(sa.select(of.flow, sa.func.count(), oldest).where(*is_overdue).group_by(of.flow))
        return [OverdueJobs(*row) for row in rows]

    async def calls(self, connections: Collection[str], since: datetime) -> list[RecordedCall]:
        """Every call of these connections since `since`, in order."""
        of = http_exchanges.c
        query = sa.select(api_addresses.c.platform, of.started_at, of.outcome).join(api_addresses, IS_ADDRESS)
        conditions = (is_call_of(connections), of.started_at >= since)
        rows = await self._rows(query.where(*conditions).order_by(of.started_at))
        return [RecordedCall(*row) for row in rows]

    async def first_since_an_answer(self, connection: str, platform: str, outcome: str) -> datetime | None:
        """When a platform first answered a call with `outcome` since its last good answer, however long ago; None when
        it did not."""
        of = http_exchanges.c
        conditions = (is_call_of([connection], platform),)
        last_answer = (
            sa.select(of.started_at).where(*conditions, of.outcome == ANSWERED).order_by(of.started_at.desc()).limit(1)
        )
        answered = await self._rows(last_answer)
        since = [of.started_at > answered[0].started_at] if answered else []
        first = (
            sa.select(of.started_at).where(*conditions, of.outcome == outcome, *since).order_by(of.started_at).limit(1)
        )
        rows = await self._rows(first)
        return rows[0].started_at if rows else None

    async def unanswered(self, connection: str, platform: str, ignored_outcome: str) -> UnansweredCalls | None:
        """The calls to a platform since its last answer of any status, however long ago; None when there are none.

        Calls whose outcome begins with `ignored_outcome` do not count.
        """
        of = http_exchanges.c
        conditions = [is_call_of([connection], platform)]
        last_answer = (
            sa.select(of.started_at).where(*conditions, of.status.is_not(None)).order_by(of.started_at.desc()).limit(1)
        )
        if answered := await self._rows(last_answer):
            conditions.append(of.started_at > answered[0].started_at)
        conditions += [of.status.is_(None), ~of.outcome.startswith(ignored_outcome, autoescape=True)]
        calls = sa.select(of.started_at, of.outcome).where(*conditions).limit(1)
        first = await self._rows(calls.order_by(of.started_at))
        last = await self._rows(calls.order_by(of.started_at.desc()))
        return UnansweredCalls(first[0].started_at, last[0].started_at, last[0].outcome) if first and last else None

    async def undispatched(self, connection: str, posted_after: datetime, posted_before: datetime) -> Sequence[Any]:
        """Orders posted in that period without a known parcel, the oldest 500 at most: key, target_number, posted_at,
        amount, currency, content."""
        order, parcels = transfers.alias("of_order").c, transfers.alias("of_parcels").c
        has_parcel = sa.exists().where(
            parcels.connection == order.connection,
            parcels.flow == PARCELS,
            parcels.key == order.target_id,
            parcels.target_id != "",
        )
        is_undispatched = (
            order.connection == connection,
            order.flow == ORDERS,
            order.state == State.POSTED,
            order.reason_kind == "",
            order.target_id != "",
            order.posted_at.between(posted_after, posted_before),
            ~has_parcel,
        )
        columns = (order.key, order.target_number, order.posted_at, order.amount, order.currency, order.content)
        return await self._rows(sa.select(*columns).where(*is_undispatched).order_by(order.posted_at).limit(MOST_LATE))

    async def dispatched(self, connection: str, posted_after: datetime, posted_before: datetime) -> Sequence[Any]:
        """Sales whose parcels were reported in that period: target_number (the order's), posted_at, content."""
        of = transfers.c
        conditions = (
            of.connection == connection,
            of.flow == PARCELS,
            of.state == State.POSTED,
            of.target_id != "",
            of.posted_at.between(posted_after, posted_before),
        )
        return await self._rows(sa.select(of.target_number, of.posted_at, of.content).where(*conditions))

    async def _rows(self, query: sa.Executable) -> Sequence[Any]:
        async with self._database.reading() as reading:
            rows: Sequence[Any] = (await reading.execute(query)).all()
        return rows
