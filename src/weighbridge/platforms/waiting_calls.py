"""The calls of one process that wait for a slot."""

from __future__ import annotations

import asyncio

from weighbridge.domain.lanes import Waiter
from weighbridge.platforms.call_slot import CallSlot

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
