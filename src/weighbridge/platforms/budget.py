"""The API budget: one book of calls per API application, shared by all workers, so that nobody is ever throttled.

Why it holds. A slot counts from its grant until its answer came plus the window; the platform counts the call at some
moment between grant and answer. Take any window of the platform's that holds n calls, and the one of them that was
granted last. Each of the others was counted inside the window, so its answer came inside it or later, and its slot
counts at least until the window's end: beyond the moment of that last grant. So all n calls held slots at that one
moment, and slots are never granted beyond the capacity. Latency, jitter and the number of processes do not enter. A
slot whose owner died counts until its call must have ended; the transport cuts off what would last longer
(`Permit.seconds_left`). Processes on several hosts need clocks that agree.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.common.clock import Clock, seconds_between
from weighbridge.common.ids import new_id
from weighbridge.domain.lanes import (
    DEFAULT_FLOORS,
    Lane,
    Slot,
    Waiter,
    first_served,
    recovered_capacity,
    window_opens,
)
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.api_budget import BookRules, BudgetBook, BudgetUsage
from weighbridge.platforms.call_slot import Permit, Quota

POLL_WALL_SECONDS = 0.05
ANSWERS_WALL_SECONDS = 0.2
"""How long answers may wait to be stored together; a grant takes them along earlier."""
WAITER_PATIENCE_WALL_SECONDS = 3.0
MOST_WAITERS_TOLD = 200
CALL_PATIENCE_WALL_SECONDS = 20.0
RECOVERY = timedelta(minutes=5)
"""How long capacity stays lowered after a throttle answer that our own calls do not explain."""


class Budget:
    """The budget of one API application. Source: platform notes, cin7 1.2 (60 calls per 60 s) and bigcommerce 1.3.

    `capacity` calls per `window_seconds`, of which the share `reserve` is left to others; at most `in_flight` calls at
    the same moment over all workers. Where the platform's answers tell its quota, that replaces `capacity`.
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
        self._database = database
        self._clock = clock
        self._window = timedelta(seconds=window_seconds)
        self._floors = {**DEFAULT_FLOORS, **(floors or {})}
        self._call_timeout = self._of_wall(call_timeout_wall_seconds)
        self._book = BudgetBook(
            database,
            application,
            BookRules(
                self._window,
                self._call_timeout,
                self._of_wall(WAITER_PATIENCE_WALL_SECONDS),
                self._of_wall(CALL_PATIENCE_WALL_SECONDS),
            ),
        )
        self._capacity = capacity
        self._at_once = in_flight
        self._reserve = reserve
        self._told_quota: int | None = None
        self._told_pause: datetime | None = None
        self._queue: dict[str, tuple[Waiter, asyncio.Future[Permit]]] = {}
        self._open: set[str] = set()
        self._ends: dict[str, datetime] = {}
        self._registered: dict[str, datetime] = {}
        """Our waiters that other processes know of, with the moment when they were last told."""
        self._teller: asyncio.Task[None] | None = None
        self._storing: asyncio.Task[None] | None = None
        self._answers_due: asyncio.TimerHandle | None = None
        self._woken = asyncio.Event()

    @asynccontextmanager
    async def slot(self, lane: Lane) -> AsyncIterator[Permit]:
        """Waits for permission for one call, and gives the slot its end when the block ends."""
        permit = await self._ask(lane)
        try:
            yield permit
        finally:
            self._end(permit.call_id, sent=not permit.given_back)

    async def close(self) -> None:
        """Stores what is not stored yet. The budget can be used again afterwards."""
        if self._answers_due is not None:
            self._answers_due.cancel()
            self._answers_due = None
        if self._storing is not None:
            await asyncio.wait({self._storing})
        if self._ends:
            await self._store_ends()

    async def throttled(self, retry_after_seconds: float | None) -> None:
        """Notes a throttle answer: all workers pause; unless our own calls explain it, the capacity is lowered.

        Somebody else then uses the same quota. The capacity comes back over `RECOVERY`.
        """
        pause = timedelta(seconds=retry_after_seconds or self._window.total_seconds() / 6)
        async with self._database.transaction() as transaction:
            state = await self._book.locked_state(transaction)
            await self._store_ends_in(transaction)
            now = self._clock.now()
            used = len(await self._book.slots(transaction, now))
            explained = used >= self._quota(state)
            await self._book.change_state(
                transaction,
                paused_until=_later(state.paused_until, now + pause),
                throttles=state.throttles + 1,
                **({} if explained else {"lowered_to": max(1, used - 1), "lowered_at": now}),
            )

    async def learned(self, told: Quota) -> None:
        """Takes the quota as the platform tells it, for all workers; stops them while others need the reserve.

        Writes only what is news: most answers tell nothing new.
        """
        until = None
        if told.reset_seconds is not None and told.left < told.calls * self._reserve:
            until = self._clock.now() + timedelta(seconds=told.reset_seconds)
            if self._told_pause is not None and until - self._told_pause < timedelta(seconds=1):
                until = None
        if told.calls == self._told_quota and until is None:
            return
        self._told_quota, self._told_pause = told.calls, until or self._told_pause
        async with self._database.transaction() as transaction:
            state = await self._book.locked_state(transaction)
            until = _later(state.paused_until, until)
            await self._book.change_state(transaction, quota=told.calls, paused_until=until)

    async def usage(self) -> BudgetUsage:
        """What the budget stands at now."""
        async with self._database.transaction() as transaction:
            state = await self._book.locked_state(transaction)
            await self._store_ends_in(transaction)
            now = self._clock.now()
            slots = await self._book.slots(transaction, now)
        return BudgetUsage.of(state, slots, self._capacity_now(state), now)

    async def _ask(self, lane: Lane) -> Permit:
        """Queues at the teller."""
        waiter = Waiter(new_id(), lane, self._clock.now())
        answer: asyncio.Future[Permit] = asyncio.get_running_loop().create_future()
        self._queue[waiter.id] = (waiter, answer)
        self._wake_teller()
        try:
            return await answer
        except asyncio.CancelledError:
            if answer.done() and not answer.cancelled() and answer.exception() is None:
                self._end(waiter.id, sent=False)
            raise
        finally:
            self._queue.pop(waiter.id, None)

    def _end(self, call_id: str, *, sent: bool) -> None:
        """The call is over: it counts for one window more, or not at all."""
        now = self._clock.now()
        self._open.discard(call_id)
        self._ends[call_id] = now + self._window if sent else now
        if self._queue:
            self._wake_teller()
        if self._answers_due is None:
            loop = asyncio.get_running_loop()
            self._answers_due = loop.call_later(ANSWERS_WALL_SECONDS, self._store_ends_soon)

    def _store_ends_soon(self) -> None:
        """No grant took them along: other processes must not wait for ours to ask again."""
        self._answers_due = None
        if self._ends and not self._queue:
            self._storing = asyncio.create_task(self._store_ends())

    def _wake_teller(self) -> None:
        if self._teller is None or self._teller.done():
            self._teller = asyncio.create_task(self._serve())
        self._woken.set()

    async def _serve(self) -> None:
        """The teller: one transaction for all callers of this process that wait at the moment."""
        while self._queue:
            self._woken.clear()
            try:
                wait = await self._grant_what_can_be()
            except Exception as error:  # noqa: BLE001 - every caller that waits gets it
                for _, answer in self._queue.values():
                    if not answer.done():
                        answer.set_exception(error)
                return
            if any(not answer.done() for _, answer in self._queue.values()):
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), max(wait, POLL_WALL_SECONDS / 5))
            else:
                await asyncio.sleep(0)

    async def _store_ends(self) -> None:
        async with self._database.transaction() as transaction:
            await self._store_ends_in(transaction)

    async def _store_ends_in(self, transaction: AsyncConnection) -> None:
        """Calls that ended since the last transaction. A crash before it makes them count longer, never shorter."""
        ends, self._ends = self._ends, {}
        await self._book.store_ends(transaction, ends)

    async def _grant_what_can_be(self) -> float:
        """Grants slots in claim order; machine seconds until asking again can help the others."""
        mine = {key: pair for key, pair in self._queue.items() if not pair[1].done()}
        async with self._database.transaction() as transaction:
            state = await self._book.locked_state(transaction)
            now = self._clock.now()
            await self._store_ends_in(transaction)
            slots = await self._book.slots(transaction, now)
            others = await self._book.waiters(transaction, now, self._registered)
            capacity = self._capacity_now(state)
            waiters = (*others, *(waiter for waiter, _ in mine.values()))
            paused = state.paused_until is not None and state.paused_until > now
            chosen = [] if paused else first_served(waiters, slots, capacity, self._floors, self._at_once)
            served = [waiter for waiter in chosen if waiter.id in mine]
            await self._book.store_grants(transaction, served, now)
            if served and len(slots) + len(served) > state.peak:
                await self._book.change_state(transaction, peak=len(slots) + len(served))
            granted = {one.id for one in served}
            left = [waiter for waiter, _ in mine.values() if waiter.id not in granted]
            await self._tell_others(transaction, left, now)
        for waiter in served:
            self._hand_over(waiter, mine[waiter.id][1], now)
        return self._pause(now, state.paused_until if paused else None, slots, capacity) if left else 0.0

    async def _tell_others(self, transaction: AsyncConnection, left: list[Waiter], now: datetime) -> None:
        """Who waits here, for the tellers of other processes: as many as may matter to them, told anew in good time."""
        waiting = {one.id: one for one in sorted(left, key=lambda one: (one.lane, one.since))[:MOST_WAITERS_TOLD]}
        gone = [key for key in self._registered if key not in waiting]
        stale = now - self._of_wall(WAITER_PATIENCE_WALL_SECONDS / 3)
        news = [one for key, one in waiting.items() if self._registered.get(key, stale) <= stale]
        await self._book.remove_waiters(transaction, gone)
        await self._book.store_waiters(transaction, news, now)
        told = {one.id for one in news}
        self._registered = {key: now if key in told else self._registered[key] for key in waiting}

    def _hand_over(self, waiter: Waiter, answer: asyncio.Future[Permit], now: datetime) -> None:
        if answer.done():
            self._end(waiter.id, sent=False)
        else:
            self._open.add(waiter.id)
            answer.set_result(Permit(waiter.id, self._clock, now + self._call_timeout))

    def _pause(self, now: datetime, paused_until: datetime | None, slots: tuple[Slot, ...], capacity: int) -> float:
        """Short enough to stay known as waiting to other processes, never a busy loop; an answer to one of our own
        calls wakes the teller earlier."""
        longest = WAITER_PATIENCE_WALL_SECONDS / 3
        until = paused_until or window_opens(slots, capacity)
        if until is not None:
            return min(max(self._clock.wall_seconds(seconds_between(now, until)), POLL_WALL_SECONDS), longest)
        under_way = sum(slot.under_way for slot in slots)
        full_of_ours = self._at_once is not None and under_way >= self._at_once and len(self._open) >= under_way
        return longest if full_of_ours else POLL_WALL_SECONDS

    def _quota(self, state: sa.Row[Any]) -> int:
        return int(state.quota or self._capacity)

    def _capacity_now(self, state: sa.Row[Any]) -> int:
        """The capacity, lowered for a while where someone else uses the same quota; it comes back step by step."""
        capacity = max(1, int(self._quota(state) * (1 - self._reserve)))
        if state.lowered_to is None or state.lowered_at is None:
            return capacity
        return recovered_capacity(capacity, state.lowered_to, (self._clock.now() - state.lowered_at) / RECOVERY)

    def _of_wall(self, seconds: float) -> timedelta:
        """The clock's time that passes in `seconds` of the machine's."""
        return timedelta(seconds=seconds / self._clock.wall_seconds(1.0))


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((moment for moment in (one, other) if moment is not None), default=None)
