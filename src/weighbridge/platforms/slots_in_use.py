"""The call slots that one process holds: calls in flight, slots taken in advance, and ends that are not stored yet."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from weighbridge.domain.lanes import Lane, claim_order
from weighbridge.platforms.call_slot import CallSlot
from weighbridge.platforms.waiting_calls import WaitingCall


class SlotsInUse:
    """The slots of one process for one API application."""

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

    def take_ends(self) -> dict[str, datetime]:
        """The ends to be stored now."""
        ends, self.ends = self.ends, {}
        return ends
