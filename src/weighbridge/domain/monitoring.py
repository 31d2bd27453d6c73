"""What monitors judge: whether silence is usual, which numbers are missing, who used up a quota."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

HOUR, WEEK_HOURS, WEEKS = timedelta(hours=1), 168, 4
SURELY = Decimal(7)
"""So many orders expected and none seen is chance in one case of a thousand: e to the power of minus 7."""
MOST_MISSING = 10
MINUTE = timedelta(minutes=1)
OWN_SHARE = Decimal("0.8")
FEW_THROTTLES = 3
"""One throttle answer may be the platform's own clock; three in an hour are somebody's calls."""


def hour_of(moment: datetime) -> int:
    """The number of a moment's hour since 1970, UTC."""
    return int(moment.astimezone(UTC).timestamp() // HOUR.total_seconds())


@dataclass(frozen=True, slots=True)
class Silence:
    """A feed that has been silent for longer than chance explains."""

    since: datetime
    """The end of the last hour in which something came."""
    expected: Decimal
    """How much usually comes in so much time at these hours of the week."""


def silence(seen: Mapping[int, int], now: datetime) -> Silence | None:
    """Whether nothing came for so long that it cannot be chance.

    `seen` is how much came in each hour (`hour_of`); what is usual is the mean of the same hours of the week in up to
    four weeks before. None while a feed is younger than a week, or comes as usual.
    """
    past = {hour: count for hour, count in seen.items() if count}
    if not past:
        return None
    current, first, last = hour_of(now), min(past), max(past)
    expected = Decimal(0)
    for hour in range(last + 1, current):
        earlier = [hour - week * WEEK_HOURS for week in range(1, WEEKS + 1)]
        known = [past.get(one, 0) for one in earlier if one >= first]
        if known:
            expected += Decimal(sum(known)) / len(known)
    if expected < SURELY:
        return None
    since = datetime.fromtimestamp((last + 1) * HOUR.total_seconds(), UTC)
    return Silence(since, expected.quantize(Decimal("0.1")))


def missing_numbers(known: Sequence[int], asked: frozenset[int]) -> tuple[int, ...]:
    """Numbers between the first and the last known that are not known and were not `asked` for yet, the latest first.

    Gaps are natural: a shop gives numbers to orders that are never finished. So each is asked for once.
    """
    if not known:
        return ()
    there = set(known) | asked
    found: list[int] = []
    for number in range(max(known) - 1, min(known), -1):
        if number not in there:
            found.append(number)
            if len(found) == MOST_MISSING:
                break
    return tuple(found)


@dataclass(frozen=True, slots=True)
class ForeignUse:
    """Throttle answers that our own calls do not explain."""

    throttles: int
    most_of_ours: int
    """Our calls in the fullest of the minutes before them."""


def foreign_use(calls: Sequence[datetime], throttled: Sequence[datetime], per_minute: int) -> ForeignUse | None:
    """Whether somebody else calls on our quota: throttle answers although we made less than four fifths of the calls
    that `per_minute` allows in the minute before.

    Source: platform notes, cin7 1.2 (whether keys of one account share its quota is open; whoever uses our key does).
    """
    moments = sorted(calls)
    ours = [bisect_left(moments, at) - bisect_left(moments, at - MINUTE) for at in throttled]
    unexplained = [count for count in ours if count < per_minute * OWN_SHARE]
    return ForeignUse(len(unexplained), max(unexplained)) if len(unexplained) >= FEW_THROTTLES else None
