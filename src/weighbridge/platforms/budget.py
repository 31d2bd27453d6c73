"""The API budget: the calls of one API application, counted over all workers, so that none is ever throttled.

Proof. A call slot counts from its grant until its answer plus the window; the platform counts the call at some time
between grant and answer. Take any window of the platform that holds n calls, and of these the one that was granted
last. Each other call was counted inside the window, so its answer came inside it or later, and its slot counts at least
until the end of the window, which is after that last grant. So all n calls held slots at the time of that grant, and
slots are never granted beyond the capacity. Latency, jitter and the number of processes do not matter. The slot of a
worker that died counts until its call must have ended; the HTTP client cancels calls that would last longer
(`CallSlot.ends_at`). Processes on several hosts follow the database server's clock.

A process that is alone with an application takes some slots in advance, so that most calls need no statement. A spare
slot counts like a call from its grant on, which the proof allows, and is given back when it is not used soon.
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
    spare_slots,
    window_opens,
)
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.api_budget import (
    BudgetRepository,
    BudgetRules,
    BudgetState,
    BudgetUsage,
    later_of,
)
from weighbridge.persistence.types import new_id
from weighbridge.platforms.budget_transactions import BudgetTransactions
from weighbridge.platforms.call_slots import CallSlot, Quota, SlotsInUse, WaitingCalls
from weighbridge.platforms.published_waiters import PublishedWaiters

POLL_WALL_SECONDS = 0.05
ANSWERS_WALL_SECONDS = 1.0
"""How long ends of calls and unused slots may wait to be stored together; a grant stores them earlier."""
CLEANUP_WALL_SECONDS = 600.0
WAITER_TIMEOUT_WALL_SECONDS = 3.0
LOST_CALL_TIMEOUT_WALL_SECONDS = 20.0


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
            new_id(),
            BudgetRules(
                self._window,
                self._call_timeout,
                self._of_wall(WAITER_TIMEOUT_WALL_SECONDS),
                max(self._window, self._of_wall(CLEANUP_WALL_SECONDS)),
                self._of_wall(LOST_CALL_TIMEOUT_WALL_SECONDS),
            ),
        )
        self._capacity = capacity
        self._max_in_flight = in_flight
        self._reserve = reserve
        self._last_quota: int | None = None
        self._last_pause: datetime | None = None
        self._queue = WaitingCalls()
        self._slots = SlotsInUse(self._call_timeout, in_flight)
        self._transactions = BudgetTransactions(self._repository, self._slots, clock)
        self._published = PublishedWaiters(self._of_wall(WAITER_TIMEOUT_WALL_SECONDS / 3))
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
        self._slots.give_back_spare(self._clock.now())
        if self._slots.ends:
            await self._transactions.store_ends()

    async def record_throttle(self, retry_after_seconds: float | None) -> None:
        """Records a throttle answer: all workers pause. If our own calls do not explain it, another application uses
        the same quota, and the capacity is lowered until it has recovered over some minutes."""
        pause = timedelta(seconds=retry_after_seconds or self._window.total_seconds() / 6)
        self._slots.give_back_spare(self._clock.now())
        async with self._transactions.locked() as (transaction, state):
            now = self._clock.now()
            used = len((await transaction.granted_calls(now)).calls)
            is_explained = used >= self._quota(state)
            await transaction.change_state(
                paused_until=later_of(state.paused_until, now + pause),
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
        self._slots.give_back_spare(self._clock.now())
        async with self._repository.transaction() as transaction:
            state = await transaction.lock_state()
            until = later_of(state.paused_until, until)
            await transaction.change_state(quota=quota.calls, paused_until=until)

    async def usage(self) -> BudgetUsage:
        """How much of the budget is used now."""
        self._slots.give_back_spare(self._clock.now())
        async with self._transactions.locked() as (transaction, state):
            now = self._clock.now()
            granted = await transaction.granted_calls(now, self._slots.in_flight)
        return BudgetUsage.of(state, granted.calls, self._capacity_now(state), now)

    async def _wait_for_slot(self, lane: Lane) -> CallSlot:
        """A spare slot if there is one; otherwise queues a waiter and waits for its grant."""
        if not self._queue and self._slots.may_use_spare():
            return self._slots.use_spare()
        waiter = Waiter(new_id(), lane, self._clock.now())
        answer = self._queue.add(waiter)
        self._notify_grant_loop()
        try:
            return await answer
        except asyncio.CancelledError:
            if answer.done() and not answer.cancelled() and answer.exception() is None:
                self._end(answer.result().call_id, sent=False)
            raise
        finally:
            self._queue.remove(waiter.id)

    def _end(self, call_id: str, *, sent: bool) -> None:
        """Ends a call: it counts for one more window, or not at all if it was not sent."""
        now = self._clock.now()
        self._slots.end(call_id, now + self._window if sent else now)
        if self._queue:
            self._notify_grant_loop()
        self._store_ends_later()

    def _store_ends_later(self) -> None:
        if self._store_timer is None:
            loop = asyncio.get_running_loop()
            self._store_timer = loop.call_later(ANSWERS_WALL_SECONDS, self._store_ends_soon)

    def _store_ends_soon(self) -> None:
        """Stores ends that no grant has stored, so that other processes do not wait for the next grant of this one."""
        self._store_timer = None
        self._slots.give_back_spare(self._clock.now())
        if self._slots.ends and not self._queue:
            self._store_task = asyncio.create_task(self._store_ends_or_later())

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
                self._queue.fail(error)
                return
            if self._queue.without_slot():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wakeup.wait(), max(wait, POLL_WALL_SECONDS / 5))
            else:
                await asyncio.sleep(0)

    async def _store_ends_or_later(self) -> None:
        """Stores recent ends of calls, a little later if the database cannot be used now."""
        if not await self._transactions.can_store_ends():
            self._store_ends_later()

    async def _grant_available(self) -> float:
        """Grants slots in claim order; returns the machine's seconds until the next attempt can serve other waiters."""
        self._slots.serve_from_spare(self._queue.without_slot(), self._floors)
        own = self._queue.without_slot()
        if not own:
            return 0.0
        async with self._transactions.locked() as (transaction, state):
            now = self._clock.now()
            granted = await transaction.granted_calls(now, self._slots.in_flight)
            others = await transaction.waiters(now, self._published.ids)
            capacity = self._capacity_now(state)
            is_paused = state.paused_until is not None and state.paused_until > now
            waiters = () if is_paused else (*others, *(waiter for waiter, _ in own.values()))
            chosen = first_served(waiters, granted.calls, capacity, self._floors, self._max_in_flight)
            served = [waiter for waiter in chosen if waiter.id in own]
            is_alone = not granted.has_others and not others
            used = len(granted.calls) + len(served)
            spare = self._spare_for(served, capacity - used, now) if is_alone and not is_paused else []
            await transaction.store_grants([*served, *spare], now)
            if used > state.peak:
                await transaction.change_state(peak=used)
            served_ids = {waiter.id for waiter in served}
            remaining = [waiter for waiter, _ in own.values() if waiter.id not in served_ids]
            await self._published.publish(transaction, [] if is_alone else remaining, now)
        self._slots.add_spare([waiter.id for waiter in spare], now)
        self._store_ends_later()
        for waiter in served:
            self._hand_over(waiter, own[waiter.id][1], now)
        if not remaining:
            return 0.0
        return self._pause(now, state.paused_until if is_paused else None, granted.calls, capacity)

    def _spare_for(self, served: list[Waiter], free: int, now: datetime) -> list[Waiter]:
        """Slots to take in advance while slots are plentiful, in the lane that called last."""
        missing = spare_slots(free) - self._slots.spare
        return [Waiter(new_id(), served[-1].lane, now) for _ in range(missing)] if served else []

    def _hand_over(self, waiter: Waiter, answer: asyncio.Future[CallSlot], now: datetime) -> None:
        if answer.done():
            self._end(waiter.id, sent=False)
        else:
            answer.set_result(self._slots.start(waiter.id, now))

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
            self._max_in_flight is not None
            and in_flight >= self._max_in_flight
            and len(self._slots.in_flight) >= in_flight
        )
        return longest if is_full_of_own_calls else POLL_WALL_SECONDS

    def _quota(self, state: BudgetState) -> int:
        return int(state.quota or self._capacity)

    def _capacity_now(self, state: BudgetState) -> int:
        """The capacity; after a throttle answer it is lowered for a while and recovers step by step."""
        return state.capacity(max(1, int(self._quota(state) * (1 - self._reserve))), self._clock.now())

    def _of_wall(self, seconds: float) -> timedelta:
        """The clock's time that passes in `seconds` of the machine's time."""
        return timedelta(seconds=seconds / self._clock.wall_seconds(1.0))
