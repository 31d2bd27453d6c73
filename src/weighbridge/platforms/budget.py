"""The API budget: one book of calls per API application, shared by all workers, so that nobody is ever throttled.

A slot counts from its grant until the answer came plus the window. The vendor counts the call at some moment between
the two; so whenever we grant a slot, every call that the vendor can still have in a window ending now or later holds
a slot in our book, and no window at the vendor, sliding or fixed, ever holds more than the capacity, whatever the
latency of calls or the jitter of processes. A slot whose owner died counts until its call must have ended.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.clock import Clock
from weighbridge.database import Database
from weighbridge.identity import new_id
from weighbridge.platforms.lanes import DEFAULT_FLOORS, Lane, Slot, Waiter, first_served
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
        self._cleared: datetime | None = None
        self._queue: dict[str, tuple[Waiter, asyncio.Future[None]]] = {}
        self._answers: dict[str, datetime] = {}
        self._registered: set[str] = set()
        self._teller: asyncio.Task[None] | None = None
        self._woken = asyncio.Event()

    @asynccontextmanager
    async def slot(self, lane: Lane) -> AsyncIterator[None]:
        """Waits for permission for one call, and gives the slot its end when the block ends."""
        async with self._locally:
            call_id = await self._ask(lane)
            try:
                yield
            finally:
                self._answers[call_id] = self._clock.now() + self._window

    async def throttled(self, retry_after_seconds: float | None) -> None:
        """Notes a throttle answer: all workers pause; unless our own calls explain it, the capacity is lowered."""
        now = self._clock.now()
        pause = timedelta(seconds=retry_after_seconds or self._window.total_seconds() / 6)
        async with self._database.transaction() as transaction:
            await self._locked_state(transaction)
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
            state = await self._locked_state(transaction)
            slots = await self._slots(transaction, self._clock.now())
        by_lane: dict[str, int] = {}
        for slot in slots:
            by_lane[slot.lane.name.lower()] = by_lane.get(slot.lane.name.lower(), 0) + 1
        return BudgetUsage(self._capacity_now(state), len(slots), by_lane, state.throttles, state.peak)

    async def _ask(self, lane: Lane) -> str:
        """Queues at the teller and answers the id of the slot granted."""
        waiter = Waiter(new_id(), lane, self._clock.now())
        granted_now: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue[waiter.id] = (waiter, granted_now)
        if self._teller is None or self._teller.done():
            self._teller = asyncio.create_task(self._serve())
        self._woken.set()
        try:
            await granted_now
        finally:
            self._queue.pop(waiter.id, None)
        return waiter.id

    async def _serve(self) -> None:
        """The teller: one transaction for all callers of this process that wait at the moment."""
        while self._queue:
            self._woken.clear()
            try:
                wait = await self._grant_what_can_be()
            except Exception as error:
                for _, future in self._queue.values():
                    if not future.done():
                        future.set_exception(error)
                raise
            if any(not future.done() for _, future in self._queue.values()):
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), max(wait, POLL_WALL_SECONDS / 5))

    async def _grant_what_can_be(self) -> float:
        """Grants slots in claim order; machine seconds until asking again can help the others."""
        now = self._clock.now()
        mine = {key: pair for key, pair in self._queue.items() if not pair[1].done()}
        answers, self._answers = self._answers, {}
        async with self._database.transaction() as transaction:
            state = await self._locked_state(transaction)
            await self._store_answers(transaction, answers)
            slots = await self._slots(transaction, now)
            others = await self._others(transaction, now)
            paused = state.paused_until is not None and state.paused_until > now
            capacity = self._capacity_now(state)
            waiters = (*others, *(waiter for waiter, _ in mine.values()))
            chosen = [] if paused else first_served(waiters, slots, capacity, self._floors)
            served = [waiter for waiter in chosen if waiter.id in mine]
            await self._store_grants(transaction, served, now, state.peak, len(slots))
            left = [waiter for waiter, _ in mine.values() if waiter not in served]
            await self._store_waiters(transaction, left, served, now)
        for waiter in served:
            future = mine[waiter.id][1]
            if not future.done():
                future.set_result(None)
        return self._pause(now, state.paused_until if paused else None, slots, capacity) if left else 0.0

    def _pause(self, now: datetime, paused_until: datetime | None, slots: tuple[Slot, ...], capacity: int) -> float:
        """Short enough to stay known as waiting to other processes, never a busy loop."""
        until = paused_until
        if until is None and len(slots) >= capacity:
            until = sorted(slot.frees_at for slot in slots)[len(slots) - capacity]
        wait = self._clock.wall_seconds((until - now).total_seconds()) if until else 0.0
        return min(max(wait, POLL_WALL_SECONDS), WAITER_PATIENCE_WALL_SECONDS / 3)

    async def _store_answers(self, transaction: AsyncConnection, answers: Mapping[str, datetime]) -> None:
        """Calls that were answered stop counting a window later. Kept back until the next grant: a crash meanwhile
        makes them count longer, never shorter."""
        if answers:
            statement = (
                sa.update(budget_calls)
                .where(budget_calls.c.id == sa.bindparam("call"))
                .values(frees_at=sa.bindparam("end", type_=budget_calls.c.frees_at.type))
            )
            await transaction.execute(statement, [{"call": key, "end": end} for key, end in answers.items()])

    async def _store_grants(
        self, transaction: AsyncConnection, served: list[Waiter], now: datetime, peak: int, used: int
    ) -> None:
        if not served:
            return
        frees_at = now + self._call_timeout + self._window
        rows = [
            {
                "id": one.id,
                "application": self._application,
                "lane": int(one.lane),
                "granted_at": now,
                "frees_at": frees_at,
            }
            for one in served
        ]
        await transaction.execute(budget_calls.insert(), rows)
        if used + len(served) > peak:
            mine = budget_state.c.application == self._application
            await transaction.execute(sa.update(budget_state).where(mine).values(peak=used + len(served)))

    async def _store_waiters(
        self, transaction: AsyncConnection, left: list[Waiter], served: list[Waiter], now: datetime
    ) -> None:
        """Who still waits is known to other processes; who was served or gave up is not any more."""
        gone = [one.id for one in served if one.id in self._registered]
        gone += [key for key in self._registered if key not in self._queue]
        if gone:
            await transaction.execute(sa.delete(budget_waiters).where(budget_waiters.c.id.in_(gone)))
            self._registered.difference_update(gone)
        if left:
            rows = [
                {
                    "id": one.id,
                    "application": self._application,
                    "lane": int(one.lane),
                    "since": one.since,
                    "seen_at": now,
                }
                for one in left
            ]
            await transaction.execute(self._database.upsert(budget_waiters, rows))
            self._registered.update(one.id for one in left)

    def _row(self, waiter: Waiter) -> dict[str, Any]:
        return {"id": waiter.id, "application": self._application, "lane": int(waiter.lane)}

    async def _locked_state(self, transaction: AsyncConnection) -> sa.Row[Any]:
        """The application's row, locked: one grant at a time over all processes. SQLite has one writer anyway."""
        query = self._state_query() if self._database.is_sqlite else self._state_query().with_for_update()
        row: sa.Row[Any] | None = (await transaction.execute(query)).one_or_none()
        if row is None:
            fresh = {"application": self._application, "throttles": 0, "peak": 0}
            await transaction.execute(self._database.insert_new(budget_state, [fresh]))
            row = (await transaction.execute(query)).one()
        return row

    def _state_query(self) -> sa.Select[Any]:
        return sa.select(budget_state).where(budget_state.c.application == self._application)

    async def _slots(self, transaction: AsyncConnection, now: datetime) -> tuple[Slot, ...]:
        """The calls that count now. Those that do not any more are cleared away now and then."""
        mine = budget_calls.c.application == self._application
        if self._cleared is None or now - self._cleared > self._window:
            self._cleared = now
            await transaction.execute(sa.delete(budget_calls).where(mine, budget_calls.c.frees_at <= now))
        query = sa.select(budget_calls.c.lane, budget_calls.c.frees_at).where(mine, budget_calls.c.frees_at > now)
        return tuple(Slot(Lane(row.lane), row.frees_at) for row in (await transaction.execute(query)).all())

    async def _others(self, transaction: AsyncConnection, now: datetime) -> tuple[Waiter, ...]:
        """The waiters of other processes; who has not asked for a while is gone."""
        patience = timedelta(seconds=WAITER_PATIENCE_WALL_SECONDS * _speed(self._clock))
        rows = await transaction.execute(
            sa.select(budget_waiters).where(
                budget_waiters.c.application == self._application, budget_waiters.c.seen_at > now - patience
            )
        )
        return tuple(Waiter(row.id, Lane(row.lane), row.since) for row in rows.all() if row.id not in self._registered)

    def _capacity_now(self, state: sa.Row[Any]) -> int:
        """The capacity, lowered for a while where someone else uses the same quota; it comes back step by step."""
        capacity = max(1, int(self._seen_quota * (1 - self._reserve)))
        if state.lowered_to is None or state.lowered_at is None:
            return capacity
        recovered = (self._clock.now() - state.lowered_at) / RECOVERY
        return min(capacity, int(state.lowered_to + (capacity - state.lowered_to) * min(1.0, recovered)))


def _speed(clock: Clock) -> float:
    """Seconds of `clock` that pass in one second of the machine's time."""
    return 1 / clock.wall_seconds(1.0)
