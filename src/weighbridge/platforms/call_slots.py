"""Call slots of one process: those in use, those taken in advance, and the calls that wait for one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from weighbridge.domain.lanes import Lane, Waiter, claim_order


@dataclass(slots=True)
class CallSlot:
    """The permission for one call. It counts unless it is released."""

    call_id: str
    ends_at: datetime
    """Until when the call may be sent; later it must not be."""
    is_released: bool = False

    def release(self) -> None:
        """Frees the slot, because nothing was sent."""
        self.is_released = True


@dataclass(frozen=True, slots=True)
class Quota:
    """The quota of an API account as an answer reports it."""

    calls: int
    """Calls per window, shared by all applications of the account."""
    left: int
    reset_seconds: float | None
    """Seconds until the next window; None when the platform does not say."""


WaitingCall = tuple[Waiter, "asyncio.Future[CallSlot]"]


class WaitingCalls:
    """The waiting calls by the id of their waiter, each with the future that gets its slot."""

    def __init__(self) -> None:
        self._calls: dict[str, WaitingCall] = {}

    def __bool__(self) -> bool:
        return bool(self._calls)

    def add(self, waiter: Waiter) -> asyncio.Future[CallSlot]:
        """Queues a call; the future gets its slot."""
        answer: asyncio.Future[CallSlot] = asyncio.get_running_loop().create_future()
        self._calls[waiter.id] = (waiter, answer)
        return answer

    def remove(self, waiter_id: str) -> None:
        """Removes a call that has its slot or was cancelled."""
        self._calls.pop(waiter_id, None)

    def without_slot(self) -> dict[str, WaitingCall]:
        """The calls that still wait."""
        return {key: pair for key, pair in self._calls.items() if not pair[1].done()}

    def fail(self, error: Exception) -> None:
        """Gives every waiting call the error."""
        for _, answer in self.without_slot().values():
            answer.set_exception(error)


class SlotsInUse:
    """The slots of one process for one API application: calls in flight, spare slots, and ends to be stored."""

    def __init__(self, call_timeout: timedelta, max_in_flight: int | None) -> None:
        self._call_timeout = call_timeout
        self._max_in_flight = max_in_flight
        self.in_flight: set[str] = set()
        """The calls whose answer has not arrived."""
        self.ends: dict[str, datetime] = {}
        """When slots stop counting; not stored yet."""
        self._spare: dict[str, datetime] = {}
        """Slots granted in advance, with the time of their grant."""

    @property
    def spare(self) -> int:
        """How many slots are granted and not used."""
        return len(self._spare)

    def add_spare(self, call_ids: Collection[str], granted_at: datetime) -> None:
        """Adds slots that were granted in advance."""
        self._spare |= dict.fromkeys(call_ids, granted_at)

    def may_use_spare(self) -> bool:
        """Whether a call can start without asking for a slot."""
        return bool(self._spare) and (self._max_in_flight is None or len(self.in_flight) < self._max_in_flight)

    def use_spare(self) -> CallSlot:
        """Starts a call in a spare slot."""
        call_id = next(iter(self._spare))
        return self.start(call_id, self._spare.pop(call_id))

    def serve_from_spare(self, waiting: Mapping[str, WaitingCall], floors: Mapping[Lane, int]) -> None:
        """Gives spare slots to waiting calls, the most important first."""
        for waiter in claim_order(tuple(waiter for waiter, _ in waiting.values()), {}, floors):
            if not self.may_use_spare():
                return
            waiting[waiter.id][1].set_result(self.use_spare())

    def start(self, call_id: str, granted_at: datetime) -> CallSlot:
        """Starts a call in a slot that was granted for it."""
        self.in_flight.add(call_id)
        return CallSlot(call_id, granted_at + self._call_timeout)

    def end(self, call_id: str, frees_at: datetime) -> None:
        """Ends a call, or gives back its slot; it counts until `frees_at`."""
        self.in_flight.discard(call_id)
        self.ends[call_id] = frees_at

    def give_back_spare(self, now: datetime) -> None:
        """Gives back the slots that were granted in advance and not used."""
        self.ends |= dict.fromkeys(self._spare, now)
        self._spare.clear()

    @contextmanager
    def storing_ends(self) -> Iterator[Callable[[], Mapping[str, datetime]]]:
        """A function that takes the ends to be stored now. If the block fails, they are to be stored next time."""
        taken: dict[str, datetime] = {}

        def take() -> Mapping[str, datetime]:
            taken.update(self.ends)
            self.ends = {}
            return taken

        try:
            yield take
        except BaseException:
            self.ends = taken | self.ends
            raise
