"""The clock: injected everywhere, always UTC; it may run faster than the machine's."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

SMALL_DIFFERENCE = timedelta(seconds=1)


class Clock(Protocol):
    """Tells the time and waits; nothing else in Weighbridge reads the machine's time."""

    def now(self) -> datetime:
        """The current time as an aware datetime in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Waits until `seconds` of this clock's time have passed."""
        ...

    def wall_seconds(self, seconds: float) -> float:
        """How many of the machine's seconds `seconds` of this clock take."""
        ...


@dataclass(frozen=True, slots=True)
class ScaledClock:
    """A clock that advances `speed` seconds for each second of the machine's.

    Processes that share `speed`, `wall_origin` and `origin` share one time, also across restarts.
    The default is the ordinary clock.
    """

    speed: float = 1.0
    wall_origin: float = 0.0
    """Machine time (Unix seconds) at which this clock showed `origin`."""
    origin: float = 0.0
    """What this clock showed (Unix seconds) at `wall_origin`."""

    @classmethod
    def starting_now(cls, speed: float, origin: datetime | None = None) -> ScaledClock:
        """A clock that shows `origin` (or the machine's time) now and runs at `speed` from then on."""
        wall = time.time()
        return cls(speed, wall, origin.timestamp() if origin else wall)

    @classmethod
    def parse(cls, text: str) -> ScaledClock:
        """Reads what `str()` wrote: `speed@wall_origin@origin`. Raises ValueError on anything else."""
        parts = text.split("@")
        if len(parts) != 3:
            raise ValueError(f"a clock is written as speed@wall_origin@origin, not {text!r}")
        speed, wall_origin, origin = (float(part) for part in parts)
        if speed <= 0:
            raise ValueError(f"a clock's speed must be above zero, not {speed}")
        return cls(speed, wall_origin, origin)

    def __str__(self) -> str:
        return f"{self.speed!r}@{self.wall_origin!r}@{self.origin!r}"

    def now(self) -> datetime:
        seconds = self.origin + (time.time() - self.wall_origin) * self.speed
        return datetime.fromtimestamp(seconds, UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(self.wall_seconds(max(0.0, seconds)))

    def wall_seconds(self, seconds: float) -> float:
        return seconds / self.speed


REAL_CLOCK = ScaledClock()


@dataclass(frozen=True, slots=True)
class ServerTime:
    """The database server's time, and between which two times of this machine the server told it."""

    server_time: datetime
    asked_at: datetime
    answered_at: datetime


class CorrectedClock:
    """Another clock, corrected by how much the machine's clock is ahead of the database server's.

    Due times and documents of all workers then follow one clock, the server's, wherever they run.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._machine_ahead = timedelta(0)
        self._ahead = timedelta(0)
        """The same in the clock's own time."""

    def correct(self, reading: ServerTime) -> None:
        """Follows the server's clock, unless the difference may be the time that the server's answer took."""
        least, most = reading.asked_at - reading.server_time, reading.answered_at - reading.server_time
        if not least - SMALL_DIFFERENCE <= self._machine_ahead <= most + SMALL_DIFFERENCE:
            self._machine_ahead = (least + most) / 2
            self._ahead = self._machine_ahead / self._clock.wall_seconds(1.0)

    def now(self) -> datetime:
        return self._clock.now() - self._ahead

    async def sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds)

    def wall_seconds(self, seconds: float) -> float:
        return self._clock.wall_seconds(seconds)


def machine_time() -> datetime:
    """The time of this machine, UTC, which may be wrong."""
    return datetime.fromtimestamp(time.time(), UTC)


def seconds_between(earlier: datetime, later: datetime) -> float:
    """Seconds from `earlier` to `later`; negative when they are in the opposite order."""
    return (later - earlier) / timedelta(seconds=1)
