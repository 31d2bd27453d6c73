"""Clock offsets: how far this machine's clock is from those of the platforms, by the `Date` of their answers."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from weighbridge.common.clock import REAL_CLOCK, Clock

ANSWERS = 5
"""The median of so many answers counts, so that one odd proxy does not."""
VALID_FOR = timedelta(hours=6)
HALF_A_SECOND = timedelta(seconds=0.5)
"""`Date` has whole seconds, so it is half a second early on average. Source: RFC 9110, 5.6.7."""


class ClockOffsets:
    """The offsets that one process has seen."""

    def __init__(self, wall_clock: Clock = REAL_CLOCK) -> None:
        self._wall_clock = wall_clock
        self._offsets: dict[str, deque[tuple[datetime, timedelta]]] = {}

    def record(self, platform: str, headers: Mapping[str, str], taken: timedelta) -> None:
        """Records an answer that arrived just now, `taken` after its request was sent.

        An answer from a cache has an `Age` and says nothing about the time. Source: RFC 9111, 5.1.
        """
        if "age" in headers or (date := _date(headers.get("date", ""))) is None:
            return
        now = self._wall_clock.now()
        offset = date + HALF_A_SECOND - (now - taken / 2)
        self._offsets.setdefault(platform, deque(maxlen=ANSWERS)).append((now, offset))

    def by_platform(self) -> dict[str, timedelta]:
        """The platform's time less this machine's; platforms without recent answers are missing."""
        since = self._wall_clock.now() - VALID_FOR
        # After a jump of this machine's clock, answers from before it are in the future or old.
        recent = {name: [offset for at, offset in answers if at >= since] for name, answers in self._offsets.items()}
        return {name: sorted(offsets)[ANSWERS // 2] for name, offsets in recent.items() if len(offsets) == ANSWERS}


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo is not None else date.replace(tzinfo=UTC)
