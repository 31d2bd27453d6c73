"""The API budget: one book of calls per API application, shared by all workers, so that nobody is ever throttled.

A slot counts from its grant until the answer came plus the window. The vendor counts the call at some moment between
the two; so whenever we grant a slot, every call that the vendor can still have in a window ending now or later holds
a slot in our book, and no window at the vendor, sliding or fixed, ever holds more than the capacity, whatever the
latency of calls or the jitter of processes. A slot whose owner died counts until its call must have ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.clock import Clock
from weighbridge.database import Database
from weighbridge.identity import new_id
from weighbridge.platforms.lanes import DEFAULT_FLOORS, Lane, Slot, Waiter, granted
from weighbridge.tables import budget_calls, budget_state, budget_waiters

POLL_WALL_SECONDS = 0.05
WAITER_PATIENCE_WALL_SECONDS = 3.0
RECOVERY = timedelta(minutes=5)
"""How long capacity stays lowered after a throttle answer that our own calls do not explain."""


@dataclass(frozen=True, slots=True)
class BudgetUsage:
    """The state of one application's budget."""

    capacity: int
    in_window: int
    by_lane: Mapping[str, int]
    throttles: int
    peak: int


class Budget:
    """The budget of one API application. Source: platform notes, cin7 1.2 (60 calls per 60 s)."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        application: str,
        *,
        capacity: int,
        window_seconds: float,
        floors: Mapping[Lane, int] | None = None,
        call_timeout_wall_seconds: float = 75.0,
        in_flight: int | None = None,
        reserve: float = 0.0,
    ) -> None:
        self._database = database
        self._clock = clock
        self._application = application
        self._window = timedelta(seconds=window_seconds)
        self._floors = {**DEFAULT_FLOORS, **(floors or {})}
        self._call_timeout = timedelta(seconds=call_timeout_wall_seconds * _speed(clock))
        self._reserve = reserve
        self._locally = asyncio.Semaphore(in_flight or 64)
        self._seen_quota = capacity

    @asynccontextmanager
    async def slot(self, lane: Lane) -> AsyncIterator[None]:
        """Waits for permission for one call, and gives the slot its end when the block ends."""
        async with self._locally:
            call_id = await self._wait_for_grant(lane)
            try:
                yield
            finally:
                await self._answered(call_id)

    async def throttled(self, retry_after_seconds: float | None) -> None:
        """Notes a throttle answer: all workers pause; unless our own calls explain it, the capacity is lowered."""
        now = self._clock.now()
        pause = timedelta(seconds=retry_after_seconds or self._window.total_seconds() / 6)
        async with self._database.transaction() as transaction:
            await self._lock(transaction)
            used = len(await self._slots(transaction, now))
            explained = used >= self._seen_quota
            await transaction.execute(
                sa.update(budget_state)
                .where(budget_state.c.application == self._application)
                .values(
                    paused_until=now + pause,
                    throttles=budget_state.c.throttles + 1,
                    **({} if explained else {"lowered_to": max(1, used - 1), "lowered_at": now}),
                )
            )

    async def observed(self, headers: Mapping[str, str]) -> None:
        """Takes the quota from BigCommerce's headers: it is shared with other apps and re-divided at any time.

        Source: platform notes, bigcommerce 1.3. Other platforms send no such headers and change nothing.
        """
        quota, left = headers.get("x-rate-limit-requests-quota"), headers.get("x-rate-limit-requests-left")
        reset = headers.get("x-rate-limit-time-reset-ms")
        if not (quota and left and quota.isdigit() and left.isdigit()):
            return
        self._seen_quota = int(quota)
        if int(left) <= int(quota) * self._reserve / 2 and reset and reset.isdigit():
            async with self._database.transaction() as transaction:
                until = self._clock.now() + timedelta(milliseconds=int(reset))
                await transaction.execute(
                    sa.update(budget_state)
                    .where(budget_state.c.application == self._application)
                    .values(paused_until=until)
                )

    async def usage(self) -> BudgetUsage:
        """What the budget stands at now."""
        async with self._database.transaction() as transaction:
            await self._lock(transaction)
            slots = await self._slots(transaction, self._clock.now())
            state = (await transaction.execute(self._state_query())).one()
        by_lane: dict[str, int] = {}
        for slot in slots:
            by_lane[slot.lane.name.lower()] = by_lane.get(slot.lane.name.lower(), 0) + 1
        return BudgetUsage(self._capacity_now(state), len(slots), by_lane, state.throttles, state.peak)

    async def _wait_for_grant(self, lane: Lane) -> str:
        waiter = Waiter(new_id(), lane, self._clock.now())
        queued = False
        while True:
            granted_now, wait = await self._try(waiter, queued)
            if granted_now:
                return waiter.id
            queued = True
            await asyncio.sleep(wait)

    async def _try(self, me: Waiter, queued: bool) -> tuple[bool, float]:
        """One short transaction: the grant, or how many of the machine's seconds to wait before asking again."""
        now = self._clock.now()
        async with self._database.transaction() as transaction:
            await self._lock(transaction)
            state = (await transaction.execute(self._state_query())).one()
            slots = await self._slots(transaction, now)
            others = await self._waiters(transaction, now, me)
            paused = state.paused_until is not None and state.paused_until > now
            capacity = self._capacity_now(state)
            if not paused and granted(me, (*others, me), slots, capacity, self._floors):
                await self._grant(transaction, me, now, queued, max(state.peak, len(slots) + 1))
                return True, 0.0
            if not queued:
                row = {"id": me.id, "application": self._application, "lane": int(me.lane), "since": me.since}
                await transaction.execute(budget_waiters.insert().values(**row, seen_at=now))
            else:
                seen = sa.update(budget_waiters).where(budget_waiters.c.id == me.id).values(seen_at=now)
                await transaction.execute(seen)
            return False, self._pause(now, state.paused_until if paused else None, slots, capacity)

    def _pause(self, now: datetime, paused_until: datetime | None, slots: tuple[Slot, ...], capacity: int) -> float:
        """Machine seconds until asking again can help: short enough to stay known as waiting, never a busy loop."""
        until = paused_until
        if until is None and len(slots) >= capacity:
            until = sorted(slot.frees_at for slot in slots)[len(slots) - capacity]
        wait = self._clock.wall_seconds((until - now).total_seconds()) if until else 0.0
        return min(max(wait, POLL_WALL_SECONDS), WAITER_PATIENCE_WALL_SECONDS / 3)

    async def _grant(self, transaction: AsyncConnection, me: Waiter, now: datetime, queued: bool, peak: int) -> None:
        row = {
            "id": me.id,
            "application": self._application,
            "lane": int(me.lane),
            "granted_at": now,
            "frees_at": now + self._call_timeout + self._window,
        }
        await transaction.execute(budget_calls.insert().values(row))
        if queued:
            await transaction.execute(sa.delete(budget_waiters).where(budget_waiters.c.id == me.id))
        mine = budget_state.c.application == self._application
        await transaction.execute(sa.update(budget_state).where(mine, budget_state.c.peak < peak).values(peak=peak))

    async def _answered(self, call_id: str) -> None:
        async with self._database.transaction() as transaction:
            await transaction.execute(
                sa.update(budget_calls)
                .where(budget_calls.c.id == call_id)
                .values(frees_at=self._clock.now() + self._window)
            )

    async def _lock(self, transaction: AsyncConnection) -> None:
        """One grant at a time: SQLite has one writer anyway, PostgreSQL locks the application's row."""
        row = {"application": self._application, "throttles": 0, "peak": 0}
        if not self._database.is_sqlite:
            found = await transaction.execute(self._state_query().with_for_update())
            if found.one_or_none() is not None:
                return
        await transaction.execute(self._database.insert_new(budget_state, [row]))
        if not self._database.is_sqlite:
            await transaction.execute(self._state_query().with_for_update())

    def _state_query(self) -> sa.Select[tuple[object, ...]]:
        return sa.select(budget_state).where(budget_state.c.application == self._application)

    async def _slots(self, transaction: AsyncConnection, now: datetime) -> tuple[Slot, ...]:
        mine = budget_calls.c.application == self._application
        await transaction.execute(sa.delete(budget_calls).where(mine, budget_calls.c.frees_at <= now))
        rows = await transaction.execute(sa.select(budget_calls.c.lane, budget_calls.c.frees_at).where(mine))
        return tuple(Slot(Lane(row.lane), row.frees_at) for row in rows.all())

    async def _waiters(self, transaction: AsyncConnection, now: datetime, me: Waiter) -> tuple[Waiter, ...]:
        """The others that wait; who has not asked for a while is gone."""
        patience = timedelta(seconds=WAITER_PATIENCE_WALL_SECONDS * _speed(self._clock))
        rows = await transaction.execute(
            sa.select(budget_waiters).where(
                budget_waiters.c.application == self._application,
                budget_waiters.c.id != me.id,
                budget_waiters.c.seen_at > now - patience,
            )
        )
        return tuple(Waiter(row.id, Lane(row.lane), row.since) for row in rows.all())

    def _capacity_now(self, state: sa.Row[tuple[object, ...]]) -> int:
        """The capacity, lowered for a while where someone else uses the same quota; it comes back step by step."""
        capacity = max(1, int(self._seen_quota * (1 - self._reserve)))
        if state.lowered_to is None or state.lowered_at is None:
            return capacity
        recovered = (self._clock.now() - state.lowered_at) / RECOVERY
        return min(capacity, int(state.lowered_to + (capacity - state.lowered_to) * min(1.0, recovered)))


def _speed(clock: Clock) -> float:
    """Seconds of `clock` that pass in one second of the machine's time."""
    return 1 / clock.wall_seconds(1.0)
