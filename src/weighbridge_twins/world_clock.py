"""The twins' own clock: one object shared by everything in the process, which a test may move or make run faster."""

from __future__ import annotations

import asyncio
from datetime import datetime

from weighbridge_twins.clock import ScaledClock, seconds_between

LONGEST_NAP = 0.05
"""Wall seconds after which a sleeper looks at the clock again, because somebody may have moved it."""


class MovableClock:
    """A ScaledClock that can be exchanged while others hold it; answers what a `Clock` asks for."""

    def __init__(self, clock: ScaledClock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        """The current moment of the twins, aware, UTC."""
        return self._clock.now()

    def wall_seconds(self, seconds: float) -> float:
        """How many of the machine's own seconds `seconds` of this clock take at the present speed."""
        return self._clock.wall_seconds(seconds)

    async def sleep(self, seconds: float) -> None:
        """Waits until `seconds` of this clock have passed, also when it is moved meanwhile."""
        start = self.now()
        # A moved clock sets off no event, so the sleeper has to look.
        while (left := seconds - seconds_between(start, self.now())) > 0:  # noqa: ASYNC110
            await asyncio.sleep(min(self.wall_seconds(left), LONGEST_NAP))

    @property
    def scaled(self) -> ScaledClock:
        """The reading in force, as a value that another process can take over (`str(...)` and `ScaledClock.parse`)."""
        return self._clock

    def set(self, *, now: datetime | None = None, speed: float | None = None) -> None:
        """Moves the clock to `now`, lets it run at `speed`; what is not given stays. Raises ValueError: speed <= 0."""
        chosen = self._clock.speed if speed is None else speed
        if chosen <= 0:
            raise ValueError(f"a clock's speed is above zero, not {chosen}")
        self._clock = ScaledClock.starting_now(chosen, now or self.now())

    def __str__(self) -> str:
        return str(self._clock)
