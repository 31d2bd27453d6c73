"""Permission for one call, and what a platform tells about its quota: what transport and budget say to each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from weighbridge.common.clock import Clock, seconds_between


class Permit:
    """Permission for one call. It counts unless it is given back."""

    def __init__(self, call_id: str, clock: Clock, ends_at: datetime) -> None:
        self.call_id = call_id
        self.given_back = False
        self._clock = clock
        self._ends_at = ends_at

    def seconds_left(self) -> float:
        """Machine seconds that the call may still take; one that could take longer must not be sent."""
        return self._clock.wall_seconds(seconds_between(self._clock.now(), self._ends_at))

    def give_back(self) -> None:
        """Nothing was sent: the slot is free again."""
        self.given_back = True


@dataclass(frozen=True, slots=True)
class Quota:
    """What an answer tells about the quota of the account."""

    calls: int
    """Calls per window, shared with everybody who uses the account."""
    left: int
    reset_seconds: float | None
    """Until the window begins anew; None when the platform does not say."""
