"""The clock that is passed to everything that needs the time: always UTC, and optionally faster than real time."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time and waits."""

    def now(self) -> datetime:
        """Returns the current time, aware, in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Waits until `seconds` of this clock's time have passed."""
        ...

    def wall_seconds(self, seconds: float) -> float:
        """Converts `seconds` of this clock to seconds of the machine's clock."""
        ...


@dataclass(frozen=True, slots=True)
class ScaledClock:
    """A clock that advances `speed` seconds per second of the machine's clock.

    Processes with the same `speed`, `wall_origin` and `origin` show the same time, also after a restart.
    The default shows the machine's time.
    """

    speed: float = 1.0
    wall_origin: float = 0.0
    """Machine time (Unix seconds) at which this clock shows `origin`."""
    origin: float = 0.0
    """Time of this clock (Unix seconds) at `wall_origin`."""

    @classmethod
    def starting_now(cls, speed: float, origin: datetime | None = None) -> ScaledClock:
        """Returns a clock that starts now at `origin` (default: the machine's time) and runs at `speed`."""
        wall = time.time()
        return cls(speed, wall, origin.timestamp() if origin else wall)

    @classmethod
    def parse(cls, text: str) -> ScaledClock:
        """Parses the form that `str()` writes, `speed@wall_origin@origin`. Raises ValueError."""
        parts = text.split("@")
        if len(parts) != 3:
            raise ValueError(f"clock: expected speed@wall_origin@origin, not {text!r}")
        speed, wall_origin, origin = (float(number) for number in parts)
        if speed <= 0:
            raise ValueError(f"clock: speed must be above zero, not {speed}")
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


def seconds_between(earlier: datetime, later: datetime) -> float:
    """Returns the seconds from `earlier` to `later`; negative when `later` comes first."""
    return (later - earlier) / timedelta(seconds=1)
