"""The stored API budget: the calls that are granted, in flight or waiting, and the state of each API application."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.domain.lanes import GrantedCall, Lane, Waiter, recovered_capacity
from weighbridge.persistence.database import Database
from weighbridge.persistence.tables.budget import budget_calls, budget_state, budget_waiters

RECOVERY = timedelta(minutes=5)
"""How long the capacity stays lowered after a throttle answer that our own calls do not explain."""


@dataclass(frozen=True, slots=True)
class BudgetRules:
    """How long the rows of a budget count, in the clock's time."""

    window: timedelta
    call_timeout: timedelta
    """The longest that a call may take from its grant to its answer."""
    waiter_timeout: timedelta
    """A waiter that has not been refreshed for so long is gone."""
    cleanup_interval: timedelta
    """How often expired rows are deleted."""
    lost_call_timeout: timedelta
    """A call in flight for so long no longer counts among the concurrent calls, because its worker has probably died.
    It still counts against the window."""


@dataclass(frozen=True, slots=True)
class BudgetState:
    """The state of one API application, shared by all workers."""

    paused_until: datetime | None
    quota: int | None
    """Calls per window, as the platform's answers report it."""
    lowered_to: int | None
    lowered_at: datetime | None
    throttles: int
    peak: int
    """Most calls ever granted at once."""

    def capacity(self, full: int, now: datetime) -> int:
        """`full`, or less for a while after a throttle answer that our own calls did not explain."""
        if self.lowered_to is None or self.lowered_at is None:
            return full
        return recovered_capacity(full, self.lowered_to, (now - self.lowered_at) / RECOVERY)


@dataclass(frozen=True, slots=True)
class GrantedCalls:
    """The calls that count against the window."""

    calls: tuple[GrantedCall, ...]
    has_others: bool
    """Whether another process holds some of them."""


@dataclass(frozen=True, slots=True)
class BudgetUsage:
    """How much of one application's budget is used."""

    capacity: int
    in_window: int
    by_lane: Mapping[str, int]
    throttles: int
    peak: int
    """Most calls ever granted at once."""
    in_flight: int
    paused_until: datetime | None

    @property
    def peak_share(self) -> float:
        """The fullest window so far as a share of the present capacity."""
        return self.peak / self.capacity

    @classmethod
    def of(
        cls, state: BudgetState, granted_calls: tuple[GrantedCall, ...], capacity: int, now: datetime
    ) -> BudgetUsage:
        """The usage at `now`, from an application's state and its granted calls."""
        return cls(
            capacity=capacity,
            in_window=len(granted_calls),
            by_lane=Counter(call.lane.name.lower() for call in granted_calls),
            throttles=state.throttles,
            peak=state.peak,
            in_flight=sum(call.in_flight for call in granted_calls),
            paused_until=state.paused_until if state.paused_until and state.paused_until > now else None,
        )


APPLICATION: sa.BindParameter[str] = sa.bindparam("of_application")
TIMESTAMP: sa.BindParameter[datetime] = sa.bindparam("timestamp", type_=budget_calls.c.frees_at.type)
STATE_COLUMNS = tuple(budget_state.c[name] for name in BudgetState.__dataclass_fields__)
STATE = sa.select(*STATE_COLUMNS).where(budget_state.c.application == APPLICATION)
LOCKED_STATE = STATE.with_for_update()
CHANGE_STATE = sa.update(budget_state).where(budget_state.c.application == APPLICATION)
GRANTED_CALLS = sa.select(
    budget_calls.c.id, budget_calls.c.process, budget_calls.c.lane, budget_calls.c.granted_at, budget_calls.c.frees_at
).where(budget_calls.c.application == APPLICATION, budget_calls.c.frees_at > TIMESTAMP)
WAITERS = sa.select(budget_waiters).where(
    budget_waiters.c.application == APPLICATION, budget_waiters.c.seen_at > TIMESTAMP
)
GRANT = budget_calls.insert()
END = (
    sa.update(budget_calls)
    .where(budget_calls.c.id.in_(sa.bindparam("call_ids", expanding=True)))
    .values(frees_at=sa.bindparam("end", type_=budget_calls.c.frees_at.type))
)
REMOVE = sa.delete(budget_calls).where(budget_calls.c.id.in_(sa.bindparam("call_ids", expanding=True)))


class BudgetRepository:
    """The rows of one API application."""

    def __init__(self, database: Database, application: str, process: str, rules: BudgetRules) -> None:
        self._database = database
        self._application = application
        self._process = process
        self._rules = rules
        self._last_cleanup: datetime | None = None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[BudgetTransaction]:
        """One transaction on the budget; committed at the end of the block, rolled back on an exception."""
        async with self._database.transaction() as connection:
            yield BudgetTransaction(self._database, connection, self._application, self._process, self._rules, self)

    async def store_ends(self, ends: Mapping[str, datetime], now: datetime) -> None:
        """Stores when calls stop counting, by call id."""
        for statement, parameters in _ends(ends, now):
            await self._database.execute(statement, parameters)

    def cleanup_is_due(self, now: datetime) -> bool:
        """Whether expired rows should be deleted now."""
        is_due = self._last_cleanup is None or now - self._last_cleanup > self._rules.cleanup_interval
        if is_due:
            self._last_cleanup = now
        return is_due


class BudgetTransaction:
    """What one transaction may do with the rows of an API application."""

    def __init__(
        self,
        database: Database,
        connection: AsyncConnection,
        application: str,
        process: str,
        rules: BudgetRules,
        repository: BudgetRepository,
    ) -> None:
        self._database = database
        self._connection = connection
        self._application = application
        self._process = process
        self._rules = rules
        self._repository = repository

    async def lock_state(self) -> BudgetState:
        """Reads the application's state and locks it, so that one process at a time grants calls. SQLite has one writer
        and needs no lock."""
        query = STATE if self._database.is_sqlite else LOCKED_STATE
        parameters = {"of_application": self._application}
        row: sa.Row[Any] | None = (await self._connection.execute(query, parameters)).one_or_none()
        if row is None:
            new = {"application": self._application, "throttles": 0, "peak": 0}
            await self._connection.execute(self._database.insert_new(budget_state), new)
            row = (await self._connection.execute(query, parameters)).one()
        return BudgetState(**row._mapping)

    async def change_state(self, **values: Any) -> None:
        """Sets columns of the application's state."""
        await self._connection.execute(CHANGE_STATE, values | {"of_application": self._application})

    async def granted_calls(self, now: datetime, in_flight_here: Collection[str] = ()) -> GrantedCalls:
        """The calls that count at `now`; of this process, those in `in_flight_here` are in flight. Deletes expired rows
        from time to time."""
        if self._repository.cleanup_is_due(now):
            await self._delete_expired(now)
        rows = await self._connection.execute(GRANTED_CALLS, {"of_application": self._application, "timestamp": now})
        own: list[GrantedCall] = []
        others: list[GrantedCall] = []
        for row in rows.all():
            if row.process == self._process:
                own.append(GrantedCall(Lane(row.lane), row.frees_at, row.id in in_flight_here))
            else:
                in_flight = self._is_in_flight(row.granted_at, row.frees_at, now)
                others.append(GrantedCall(Lane(row.lane), row.frees_at, in_flight))
        return GrantedCalls((*own, *others), has_others=bool(others))

    async def waiters(self, now: datetime, excluded_ids: Collection[str]) -> tuple[Waiter, ...]:
        """The waiters of other processes; `excluded_ids` are those of this one."""
        parameters = {"of_application": self._application, "timestamp": now - self._rules.waiter_timeout}
        rows = await self._connection.execute(WAITERS, parameters)
        return tuple(Waiter(row.id, Lane(row.lane), row.since) for row in rows.all() if row.id not in excluded_ids)

    async def store_ends(self, ends: Mapping[str, datetime], now: datetime) -> None:
        """Stores when calls stop counting, by call id."""
        for statement, parameters in _ends(ends, now):
            await self._connection.execute(statement, parameters)

    async def store_grants(self, granted: Collection[Waiter], now: datetime) -> None:
        """Stores a granted call for each waiter that is served, or will be."""
        if granted:
            frees_at = now + self._rules.call_timeout + self._rules.window
            own = {"process": self._process, "granted_at": now, "frees_at": frees_at}
            await self._connection.execute(GRANT, [self._row(waiter) | own for waiter in granted])

    async def store_waiters(self, waiters: Collection[Waiter], now: datetime) -> None:
        """Stores waiters of this process for other processes to see."""
        if waiters:
            rows = [self._row(waiter) | {"since": waiter.since, "seen_at": now} for waiter in waiters]
            await self._connection.execute(self._database.upsert(budget_waiters, rows[0]), rows)

    async def remove_waiters(self, waiter_ids: Collection[str]) -> None:
        """Removes waiters of this process that no longer wait."""
        if waiter_ids:
            await self._connection.execute(sa.delete(budget_waiters).where(budget_waiters.c.id.in_(waiter_ids)))

    async def _delete_expired(self, now: datetime) -> None:
        is_own_call = budget_calls.c.application == self._application
        await self._connection.execute(sa.delete(budget_calls).where(is_own_call, budget_calls.c.frees_at <= now))
        is_own_waiter = budget_waiters.c.application == self._application
        is_gone = budget_waiters.c.seen_at <= now - self._rules.waiter_timeout
        await self._connection.execute(sa.delete(budget_waiters).where(is_own_waiter, is_gone))

    def _is_in_flight(self, granted_at: datetime, frees_at: datetime, now: datetime) -> bool:
        """An answered call stops counting within a window from now, a call in flight later than that."""
        return frees_at > now + self._rules.window and granted_at > now - self._rules.lost_call_timeout

    def _row(self, waiter: Waiter) -> dict[str, Any]:
        return {"id": waiter.id, "application": self._application, "lane": int(waiter.lane)}


def _ends(ends: Mapping[str, datetime], now: datetime) -> Iterator[tuple[sa.Executable, dict[str, Any]]]:
    """The statements that store ends. Calls that end nearly at the same time all count until the last of them does;
    slots that were not used, whose end is not in the future, are removed."""
    used = [call_id for call_id, end in ends.items() if end > now]
    if used:
        yield END, {"call_ids": used, "end": max(ends.values())}
    if len(used) < len(ends):
        yield REMOVE, {"call_ids": [call_id for call_id, end in ends.items() if end <= now]}


def later_of(first: datetime | None, second: datetime | None) -> datetime | None:
    """The later of two times, of which either may be unknown."""
    return max((timestamp for timestamp in (first, second) if timestamp is not None), default=None)
