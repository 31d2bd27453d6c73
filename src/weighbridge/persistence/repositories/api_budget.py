"""The book behind a budget: who called, who is calling, who waits; each method a part of one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.domain.lanes import Lane, Slot, Waiter
from weighbridge.persistence.database import Database
from weighbridge.persistence.tables.budget import budget_calls, budget_state, budget_waiters


@dataclass(frozen=True, slots=True)
class BookRules:
    """How long entries of the book count, in the clock's time."""

    window: timedelta
    call_timeout: timedelta
    """The longest that a call may take from its grant to its answer."""
    waiter_patience: timedelta
    """A waiter that has not asked for so long is gone."""
    call_patience: timedelta
    """A call that is under way for so long does not count as one of those at the same moment any more: its owner has
    probably died. It still counts against the window."""


@dataclass(frozen=True, slots=True)
class BudgetUsage:
    """The state of one application's budget."""

    capacity: int
    in_window: int
    by_lane: Mapping[str, int]
    throttles: int
    peak: int
    """Most slots ever held at once."""
    under_way: int
    paused_until: datetime | None

    @property
    def peak_share(self) -> float:
        """The fullest window so far as a share of the present capacity."""
        return self.peak / self.capacity

    @classmethod
    def of(cls, state: sa.Row[Any], slots: tuple[Slot, ...], capacity: int, now: datetime) -> BudgetUsage:
        """The usage that an application's row and its slots show at `now`."""
        return cls(
            capacity=capacity,
            in_window=len(slots),
            by_lane=Counter(slot.lane.name.lower() for slot in slots),
            throttles=state.throttles,
            peak=state.peak,
            under_way=sum(slot.under_way for slot in slots),
            paused_until=state.paused_until if state.paused_until and state.paused_until > now else None,
        )


APPLICATION: sa.BindParameter[str] = sa.bindparam("of")
MOMENT: sa.BindParameter[datetime] = sa.bindparam("moment", type_=budget_calls.c.frees_at.type)
STATE = sa.select(budget_state).where(budget_state.c.application == APPLICATION)
LOCKED_STATE = STATE.with_for_update()
CHANGE_STATE = sa.update(budget_state).where(budget_state.c.application == APPLICATION)
SLOTS = sa.select(budget_calls.c.lane, budget_calls.c.granted_at, budget_calls.c.frees_at).where(
    budget_calls.c.application == APPLICATION, budget_calls.c.frees_at > MOMENT
)
WAITERS = sa.select(budget_waiters).where(
    budget_waiters.c.application == APPLICATION, budget_waiters.c.seen_at > MOMENT
)
GRANT = budget_calls.insert()
END = (
    sa.update(budget_calls)
    .where(budget_calls.c.id == sa.bindparam("call"))
    .values(frees_at=sa.bindparam("end", type_=budget_calls.c.frees_at.type))
)


class BudgetBook:
    """The entries of one API application."""

    def __init__(self, database: Database, application: str, rules: BookRules) -> None:
        self._database = database
        self._application = application
        self._rules = rules
        self._cleared: datetime | None = None

    async def locked_state(self, transaction: AsyncConnection) -> sa.Row[Any]:
        """The application's row, locked: one teller at a time over all processes. SQLite has one writer anyway."""
        query, mine = STATE if self._database.is_sqlite else LOCKED_STATE, {"of": self._application}
        row: sa.Row[Any] | None = (await transaction.execute(query, mine)).one_or_none()
        if row is None:
            fresh = {"application": self._application, "throttles": 0, "peak": 0}
            await transaction.execute(self._database.insert_new(budget_state), fresh)
            row = (await transaction.execute(query, mine)).one()
        return row

    async def change_state(self, transaction: AsyncConnection, **values: Any) -> None:
        await transaction.execute(CHANGE_STATE, values | {"of": self._application})

    async def slots(self, transaction: AsyncConnection, now: datetime) -> tuple[Slot, ...]:
        """The calls that count now. What does not count any more is cleared away once in a window."""
        if self._cleared is None or now - self._cleared > self._rules.window:
            self._cleared = now
            mine = budget_calls.c.application == self._application
            await transaction.execute(sa.delete(budget_calls).where(mine, budget_calls.c.frees_at <= now))
            gone = budget_waiters.c.seen_at <= now - self._rules.waiter_patience
            await transaction.execute(
                sa.delete(budget_waiters).where(budget_waiters.c.application == self._application, gone)
            )
        rows = await transaction.execute(SLOTS, {"of": self._application, "moment": now})
        return tuple(
            Slot(Lane(row.lane), row.frees_at, self._is_under_way(row.granted_at, row.frees_at, now))
            for row in rows.all()
        )

    def _is_under_way(self, granted_at: datetime, frees_at: datetime, now: datetime) -> bool:
        """An answered call ends within a window from now, one under way later than that."""
        return frees_at > now + self._rules.window and granted_at > now - self._rules.call_patience

    async def waiters(
        self, transaction: AsyncConnection, now: datetime, besides: Collection[str]
    ) -> tuple[Waiter, ...]:
        """Who waits in other processes; `besides` are the ids of our own."""
        seen_after = now - self._rules.waiter_patience
        rows = await transaction.execute(WAITERS, {"of": self._application, "moment": seen_after})
        return tuple(Waiter(row.id, Lane(row.lane), row.since) for row in rows.all() if row.id not in besides)

    async def store_ends(self, transaction: AsyncConnection, ends: Mapping[str, datetime]) -> None:
        """When calls stop counting, by call id."""
        if ends:
            await transaction.execute(END, [{"call": key, "end": end} for key, end in ends.items()])

    async def store_grants(self, transaction: AsyncConnection, served: Collection[Waiter], now: datetime) -> None:
        if served:
            frees_at = now + self._rules.call_timeout + self._rules.window
            rows = [self._row(one) | {"granted_at": now, "frees_at": frees_at} for one in served]
            await transaction.execute(GRANT, rows)

    async def store_waiters(self, transaction: AsyncConnection, left: Collection[Waiter], now: datetime) -> None:
        """Who waits here, for other processes to see."""
        if left:
            rows = [self._row(one) | {"since": one.since, "seen_at": now} for one in left]
            await transaction.execute(self._database.upsert(budget_waiters, rows[0]), rows)

    async def remove_waiters(self, transaction: AsyncConnection, gone: Collection[str]) -> None:
        if gone:
            await transaction.execute(sa.delete(budget_waiters).where(budget_waiters.c.id.in_(gone)))

    def _row(self, waiter: Waiter) -> dict[str, Any]:
        return {"id": waiter.id, "application": self._application, "lane": int(waiter.lane)}
