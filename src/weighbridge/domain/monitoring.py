"""Decisions of the monitors: whether a gap without orders is unusual, which order numbers are missing, and whether
other software uses the quota."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

HOUR, WEEK_HOURS, WEEKS = timedelta(hours=1), 168, 4
MIN_EXPECTED = Decimal(7)
"""If this many orders are expected, none arrives by chance in one case of a thousand (e to the power of -7)."""
MAX_MISSING = 10
MINUTE = timedelta(minutes=1)
OWN_SHARE = Decimal("0.8")
MIN_THROTTLES = 3
"""One throttled call may be a clock difference; three in an hour come from other software."""


def hour_of(at: datetime) -> int:
    """The number of hours from 1970 (UTC) to the hour of `at`."""
    return int(at.astimezone(UTC).timestamp() // HOUR.total_seconds())


@dataclass(frozen=True, slots=True)
class Silence:
    """A time without orders that is longer than chance explains."""

    since: datetime
    """The end of the last hour with an order."""
    expected: Decimal
    """How many orders usually arrive in this time at these hours of the week."""


def silence(counts_by_hour: Mapping[int, int], now: datetime) -> Silence | None:
    """The current silence if it is too long to be chance; None while orders arrive as usual or for less than a week.

    `counts_by_hour` are the orders of each hour (`hour_of`). The usual count is the mean of the same hour of the week
    in up to four earlier weeks.
    """
    past = {hour: count for hour, count in counts_by_hour.items() if count}
    if not past:
        return None
    current, first, last = hour_of(now), min(past), max(past)
    expected = Decimal(0)
    for hour in range(last + 1, current):
        earlier = [hour - week * WEEK_HOURS for week in range(1, WEEKS + 1)]
        known = [past.get(same_hour, 0) for same_hour in earlier if same_hour >= first]
        if known:
            expected += Decimal(sum(known)) / len(known)
    if expected < MIN_EXPECTED:
        return None
    since = datetime.fromtimestamp((last + 1) * HOUR.total_seconds(), UTC)
    return Silence(since, expected.quantize(Decimal("0.1")))


def missing_numbers(known: Sequence[int], already_requested: frozenset[int]) -> tuple[int, ...]:
    """Numbers between the first and the last known one that are not known and not yet requested, the latest first.

    Gaps are normal, since a store also numbers orders that are never completed. So each number is requested once.
    """
    if not known:
        return ()
    excluded = set(known) | already_requested
    missing: list[int] = []
    for number in range(max(known) - 1, min(known), -1):
        if number not in excluded:
            missing.append(number)
            if len(missing) == MAX_MISSING:
                break
    return tuple(missing)


@dataclass(frozen=True, slots=True)
class ForeignUse:
    """Throttled calls that our own calls do not explain."""

    throttles: int
    peak_own_calls: int
    """Our own calls in the busiest of the minutes before them."""


def foreign_use(calls: Sequence[datetime], throttled: Sequence[datetime], per_minute: int) -> ForeignUse | None:
    """The throttled calls that show that other software uses our quota; None when our own calls explain them.

    A throttled call is unexplained if we made less than four fifths of `per_minute` calls in the minute before.
    Source: platform notes, cin7 1.2 (whether keys of one account share a quota is open; users of one key do).
    """
    timestamps = sorted(calls)
    ours = [bisect_left(timestamps, at) - bisect_left(timestamps, at - MINUTE) for at in throttled]
    unexplained = [count for count in ours if count < per_minute * OWN_SHARE]
    return ForeignUse(len(unexplained), max(unexplained)) if len(unexplained) >= MIN_THROTTLES else None
