"""The API budget: the calls of one API application, counted over all workers, so that none is ever throttled.

Proof. A call slot counts from its grant until its answer plus the window; the platform counts the call at some time
between grant and answer. Take any window of the platform that holds n calls, and of these the one that was granted
last. Each other call was counted inside the window, so its answer came inside it or later, and its slot counts at least
until the end of the window, which is after that last grant. So all n calls held slots at the time of that grant, and
slots are never granted beyond the capacity. Latency, jitter and the number of processes do not matter. The slot of a
worker that died counts until its call must have ended; the HTTP client cancels calls that would last longer
(`CallSlot.ends_at`). Processes on several hosts need synchronised clocks.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from weighbridge.common.clock import Clock, seconds_between
from weighbridge.domain.lanes import (
    DEFAULT_FLOORS,
    GrantedCall,
    Lane,
    Waiter,
    first_served,
    recovered_capacity,
    window_opens,
)
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.api_budget import (
    BudgetRepository,
    BudgetRules,
    BudgetState,
    BudgetTransaction,
    BudgetUsage,
)
from weighbridge.persistence.types import new_id
from weighbridge.platforms.call_slot import CallSlot, Quota

POLL_WALL_SECONDS = 0.05
ANSWERS_WALL_SECONDS = 0.2
"""How long ends of calls may wait to be stored together; a grant stores them earlier."""
WAITER_TIMEOUT_WALL_SECONDS = 3.0
MOST_WAITERS_PUBLISHED = 200
LOST_CALL_TIMEOUT_WALL_SECONDS = 20.0
RECOVERY = timedelta(minutes=5)
"""How long the capacity stays lowered after a throttle answer that our own calls do not explain."""


class Budget:
    """The budget of one API application. Source: platform notes, cin7 1.2 (60 calls per 60 s) and bigcommerce 1.3.

    It grants `capacity` calls per `window_seconds`, less the share `reserve` that is left to other applications, and at
    most `in_flight` concurrent calls over all workers. A quota in the platform's answers replaces `capacity`.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        application: str,
        *,
        capacity: int = 60,
        window_seconds: float = 60.0,
        floors: Mapping[Lane, int] | None = None,
        call_timeout_wall_seconds: float = 75.0,
        in_flight: int | None = None,
        reserve: float = 0.0,
    ) -> None:
        self._clock = clock
        self._window = timedelta(seconds=window_seconds)
        self._floors = {**DEFAULT_FLOORS, **(floors or {})}
        self._call_timeout = self._of_wall(call_timeout_wall_seconds)
        self._repository = BudgetRepository(
            database,
            application,
            BudgetRules(
                self._window,
                self._call_timeout,
                self._of_wall(WAITER_TIMEOUT_WALL_SECONDS),
                self._of_wall(LOST_CALL_TIMEOUT_WALL_SECONDS),
            ),
        )
        self._capacity = capacity
        self._max_in_flight = in_flight
        self._reserve = reserve
        self._last_quota: int | None = None
        self._last_pause: datetime | None = None
        self._queue: dict[str, tuple[Waiter, asyncio.Future[CallSlot]]] = {}
        self._open: set[str] = set()
        self._ends: dict[str, datetime] = {}
        self._registered: dict[str, datetime] = {}
        """Waiters of this process that are stored for other processes, with the time of their last refresh."""
        self._grant_task: asyncio.Task[None] | None = None
        self._store_task: asyncio.Task[None] | None = None
        self._store_timer: asyncio.TimerHandle | None = None
        self._wakeup = asyncio.Event()

    @asynccontextmanager
    async def call_slot(self, lane: Lane) -> AsyncIterator[CallSlot]:
        """Waits for a slot for one call, and ends the slot at the end of the block."""
        call_slot = await self._wait_for_slot(lane)
        try:
            yield call_slot
        finally:
            self._end(call_slot.call_id, sent=not call_slot.is_released)

    async def close(self) -> None:
        """Stores the ends of calls that are not stored yet. The budget can be used again afterwards."""
        if self._store_timer is not None:
            self._store_timer.cancel()
            self._store_timer = None
        if self._store_task is not None:
            await asyncio.wait({self._store_task})
        if self._ends:
            await self._store_ends()

    async def record_throttle(self, retry_after_seconds: float | None) -> None:
        """Records a throttle answer: all workers pause. If our own calls do not explain it, another application uses
        the same quota, and the capacity is lowered until it has recovered over `RECOVERY`."""
        pause = timedelta(seconds=retry_after_seconds or self._window.total_seconds() / 6)
        async with self._repository.transaction() as transaction:
            state = await transaction.lock_state()
            await self._store_ends_in(transaction)
            now = self._clock.now()
            used = len(await transaction.granted_calls(now))
            is_explained = used >= self._quota(state)
            await transaction.change_state(
                paused_until=_later(state.paused_until, now + pause),
                throttles=state.throttles + 1,
                **({} if is_explained else {"lowered_to": max(1, used - 1), "lowered_at": now}),
            )

    async def record_quota(self, quota: Quota) -> None:
        """Stores the quota that an answer reports, for all workers, and pauses them while others need the reserve.

        Writes only a change: most answers report nothing new.
        """
        until = None
        if quota.reset_seconds is not None and quota.left < quota.calls * self._reserve:
            until = self._clock.now() + timedelta(seconds=quota.reset_seconds)
            if self._last_pause is not None and until - self._last_pause < timedelta(seconds=1):
                until = None
        if quota.calls == self._last_quota and until is None:
            return
        self._last_quota, self._last_pause = quota.calls, until or self._last_pause
        async with self._repository.transaction() as transaction:
            state = await transaction.lock_state()
            until = _later(state.paused_until, until)
            await transaction.change_state(quota=quota.calls, paused_until=until)

    async def usage(self) -> BudgetUsage:
        """How much of the budget is used now."""
        async with self._repository.transaction() as transaction:
            state = await transaction.lock_state()
            await self._store_ends_in(transaction)
            now = self._clock.now()
            granted_calls = await transaction.granted_calls(now)
        return BudgetUsage.of(state, granted_calls, self._capacity_now(state), now)

    async def _wait_for_slot(self, lane: Lane) -> CallSlot:
        """Queues a waiter and waits for its grant."""
        waiter = Waiter(new_id(), lane, self._clock.now())
        answer: asyncio.Future[CallSlot] = asyncio.get_running_loop().create_future()
        self._queue[waiter.id] = (waiter, answer)
        self._notify_grant_loop()
        try:
            return await answer
        except asyncio.CancelledError:
            if answer.done() and not answer.cancelled() and answer.exception() is None:
                self._end(waiter.id, sent=False)
            raise
        finally:
            self._queue.pop(waiter.id, None)

    def _end(self, call_id: str, *, sent: bool) -> None:
        """Ends a call: it counts for one more window, or not at all if it was not sent."""
        now = self._clock.now()
        self._open.discard(call_id)
        self._ends[call_id] = now + self._window if sent else now
        if self._queue:
            self._notify_grant_loop()
        if self._store_timer is None:
            loop = asyncio.get_running_loop()
            self._store_timer = loop.call_later(ANSWERS_WALL_SECONDS, self._store_ends_soon)

    def _store_ends_soon(self) -> None:
        """Stores ends that no grant has stored, so that other processes do not wait for the next grant of this one."""
        self._store_timer = None
        if self._ends and not self._queue:
            self._store_task = asyncio.create_task(self._store_ends())

    def _notify_grant_loop(self) -> None:
        if self._grant_task is None or self._grant_task.done():
            self._grant_task = asyncio.create_task(self._run_grant_loop())
        self._wakeup.set()

    async def _run_grant_loop(self) -> None:
        """Grants slots in one transaction for all callers of this process that wait."""
        while self._queue:
            self._wakeup.clear()
            try:
                wait = await self._grant_available()
            except Exception as error:  # noqa: BLE001 - every waiting caller gets it
                for _, answer in self._queue.values():
                    if not answer.done():
                        answer.set_exception(error)
                return
            if any(not answer.done() for _, answer in self._queue.values()):
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wakeup.wait(), max(wait, POLL_WALL_SECONDS / 5))
            else:
                await asyncio.sleep(0)

    async def _store_ends(self) -> None:
        async with self._repository.transaction() as transaction:
            await self._store_ends_in(transaction)

    async def _store_ends_in(self, transaction: BudgetTransaction) -> None:
        """Stores recent ends of calls. A crash before that makes the calls count longer, never shorter."""
        ends, self._ends = self._ends, {}
        await transaction.store_ends(ends)

    async def _grant_available(self) -> float:
        """Grants slots in claim order; returns the machine's seconds until the next attempt can serve other waiters."""
        own = {key: pair for key, pair in self._queue.items() if not pair[1].done()}
        async with self._repository.transaction() as transaction:
            state = await transaction.lock_state()
            now = self._clock.now()
            await self._store_ends_in(transaction)
            granted_calls = await transaction.granted_calls(now)
            others = await transaction.waiters(now, self._registered)
            capacity = self._capacity_now(state)
            is_paused = state.paused_until is not None and state.paused_until > now
            waiters = () if is_paused else (*others, *(waiter for waiter, _ in own.values()))
            chosen = first_served(waiters, granted_calls, capacity, self._floors, self._max_in_flight)
            served = [waiter for waiter in chosen if waiter.id in own]
            await transaction.store_grants(served, now)
            if served and len(granted_calls) + len(served) > state.peak:
                await transaction.change_state(peak=len(granted_calls) + len(served))
            served_ids = {waiter.id for waiter in served}
            remaining = [waiter for waiter, _ in own.values() if waiter.id not in served_ids]
            await self._publish_waiters(transaction, remaining, now)
        for waiter in served:
            self._hand_over(waiter, own[waiter.id][1], now)
        paused_until = state.paused_until if is_paused else None
        return self._pause(now, paused_until, granted_calls, capacity) if remaining else 0.0

    async def _publish_waiters(self, transaction: BudgetTransaction, remaining: list[Waiter], now: datetime) -> None:
        """Stores the waiters of this process for other processes: as many as can matter to them, refreshed in time."""
        ordered = sorted(remaining, key=lambda waiter: (waiter.lane, waiter.since))
        waiting = {waiter.id: waiter for waiter in ordered[:MOST_WAITERS_PUBLISHED]}
        gone = [waiter_id for waiter_id in self._registered if waiter_id not in waiting]
        stale = now - self._of_wall(WAITER_TIMEOUT_WALL_SECONDS / 3)
        refreshed = {key: waiter for key, waiter in waiting.items() if self._registered.get(key, stale) <= stale}
        await transaction.remove_waiters(gone)
        await transaction.store_waiters(refreshed.values(), now)
        self._registered = {key: now if key in refreshed else self._registered[key] for key in waiting}

    def _hand_over(self, waiter: Waiter, answer: asyncio.Future[CallSlot], now: datetime) -> None:
        if answer.done():
            self._end(waiter.id, sent=False)
        else:
            self._open.add(waiter.id)
            answer.set_result(CallSlot(waiter.id, now + self._call_timeout))

    def _pause(
        self, now: datetime, paused_until: datetime | None, granted_calls: tuple[GrantedCall, ...], capacity: int
    ) -> float:
        """Seconds until the next attempt: short enough to stay registered, never a busy loop. The end of one of our own
        calls starts the next attempt earlier."""
        longest = WAITER_TIMEOUT_WALL_SECONDS / 3
        until = paused_until or window_opens(granted_calls, capacity)
        if until is not None:
            return min(max(self._clock.wall_seconds(seconds_between(now, until)), POLL_WALL_SECONDS), longest)
        in_flight = sum(call.in_flight for call in granted_calls)
        is_full_of_own_calls = (
            self._max_in_flight is not None and in_flight >= self._max_in_flight and len(self._open) >= in_flight
        )
        return longest if is_full_of_own_calls else POLL_WALL_SECONDS

    def _quota(self, state: BudgetState) -> int:
        return int(state.quota or self._capacity)

    def _capacity_now(self, state: BudgetState) -> int:
        """The capacity; after a throttle answer it is lowered for a while and recovers step by step."""
        capacity = max(1, int(self._quota(state) * (1 - self._reserve)))
        if state.lowered_to is None or state.lowered_at is None:
            return capacity
        return recovered_capacity(capacity, state.lowered_to, (self._clock.now() - state.lowered_at) / RECOVERY)

    def _of_wall(self, seconds: float) -> timedelta:
        """The clock's time that passes in `seconds` of the machine's time."""
        return timedelta(seconds=seconds / self._clock.wall_seconds(1.0))


def _later(first: datetime | None, second: datetime | None) -> datetime | None:
    return max((timestamp for timestamp in (first, second) if timestamp is not None), default=None)
