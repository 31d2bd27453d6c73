"""Clock offsets: how far this machine's clock is from those of the platforms, by the `Date` of their answers."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from weighbridge.common.clock import machine_time

ANSWERS = 5
"""The median of so many answers counts, so that one odd proxy does not."""
VALID_FOR = timedelta(hours=6)
HALF_A_SECOND = timedelta(seconds=0.5)
"""`Date` has whole seconds, so it is half a second early on average. Source: RFC 9110, 5.6.7."""


@dataclass(frozen=True, slots=True)
class DatedAnswer:
    """An answer of a platform with the time it names. One from a cache has an `Age` and says nothing about the time.
    Source: RFC 9111, 5.1."""

    date: str
    """The header `Date`."""
    received_at: datetime
    """When it arrived, by this machine's clock."""
    taken: timedelta
    """How long after its request it arrived."""


class ClockOffsets:
    """The offsets that one process has seen: its clients keep their latest dated answers, which are read when asked."""

    def __init__(self) -> None:
        self._answers: dict[str, deque[DatedAnswer]] = {}

    def answers_of(self, platform: str) -> deque[DatedAnswer]:
        """Where the clients of a platform keep their latest dated answers."""
        return self._answers.setdefault(platform, deque(maxlen=ANSWERS))

    def by_platform(self) -> dict[str, timedelta]:
        """The platform's time less this machine's; platforms without recent answers are missing."""
        # After a jump of this machine's clock, answers from before it are in the future or old.
        since = machine_time() - VALID_FOR
        offsets = {
            platform: list(_offsets(answer for answer in answers if answer.received_at >= since))
            for platform, answers in self._answers.items()
        }
        return {name: sorted(seen)[ANSWERS // 2] for name, seen in offsets.items() if len(seen) == ANSWERS}


def _offsets(answers: Iterable[DatedAnswer]) -> Iterable[timedelta]:
    for answer in answers:
        if (date := _date(answer.date)) is not None:
            yield date + HALF_A_SECOND - (answer.received_at - answer.taken / 2)


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo is not None else date.replace(tzinfo=UTC)
