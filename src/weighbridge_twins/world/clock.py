"""The twins' clock: one object that the whole process shares and that a test may move or speed up."""

from __future__ import annotations

import asyncio
from datetime import datetime

from weighbridge_twins.clock import ScaledClock, seconds_between

LONGEST_NAP = 0.05
"""Wall seconds between two checks of a sleeping task, because a test may have moved the clock."""


class MovableClock:
    """A `Clock` whose time and speed can be changed while others use it."""

    def __init__(self, clock: ScaledClock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        """Returns the twins' current time, aware, in UTC."""
        return self._clock.now()

    def wall_seconds(self, seconds: float) -> float:
        """Converts `seconds` of this clock to seconds of the machine's clock at the current speed."""
        return self._clock.wall_seconds(seconds)

    async def sleep(self, seconds: float) -> None:
        """Waits until `seconds` of this clock have passed, even when the clock is moved meanwhile."""
        start = self.now()
        # Moving the clock sets no event, so the task has to poll.
        while (left := seconds - seconds_between(start, self.now())) > 0:  # noqa: ASYNC110
            await asyncio.sleep(min(self.wall_seconds(left), LONGEST_NAP))

    @property
    def scaled(self) -> ScaledClock:
        """The clock as a value that another process can use (`str(...)` and `ScaledClock.parse`)."""
        return self._clock

    def set(self, *, now: datetime | None = None, speed: float | None = None) -> None:
        """Sets time and speed; None leaves them unchanged. Raises ValueError when speed is not above zero."""
        chosen = self._clock.speed if speed is None else speed
        if chosen <= 0:
            raise ValueError(f"speed: must be above zero, not {chosen}")
        self._clock = ScaledClock.starting_now(chosen, now or self.now())

    def __str__(self) -> str:
        return str(self._clock)
