"""What monitors judge: no silence that is usual is told, none that is not is kept back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.domain.monitoring import (
    MOST_MISSING,
    SURELY,
    WEEK_HOURS,
    foreign_use,
    hour_of,
    missing_numbers,
    silence,
)

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
"""A Monday."""
HOUR = timedelta(hours=1)


def orders(weeks: int, until: datetime, per_hour: int = 5) -> dict[int, int]:
    """So many orders in each hour between nine and five, every day, the last before `until`."""
    first = hour_of(NOW) - weeks * WEEK_HOURS
    return {hour: per_hour for hour in range(first, hour_of(until)) if 9 <= hour % 24 < 17}


def test_a_shop_that_falls_silent_in_its_busy_hours_is_told_after_two_of_them() -> None:
    until = NOW.replace(hour=13, minute=0)
    found = silence(orders(2, until), NOW)
    assert found is not None
    assert found.since == until
    assert found.expected == 10, "five each from one to two and from two to three; the hour that runs does not count"


def test_nights_weekends_and_new_shops_are_no_silence() -> None:
    midnight = NOW.replace(hour=23)
    assert silence(orders(2, NOW.replace(hour=17)), midnight) is None, "nobody buys after five, ever"
    assert silence(orders(2, NOW), NOW) is None, "orders come"
    young = {hour_of(NOW) - back: 50 for back in range(40, 60)}
    assert silence(young, NOW) is None, "nothing is known of what is usual"
    assert silence({}, NOW) is None


@given(st.dictionaries(st.integers(0, 5 * WEEK_HOURS), st.integers(0, 40), max_size=200), st.integers(0, 100))
@settings(deadline=None)
def test_silence_is_told_only_of_more_than_chance_and_never_while_orders_come(seen: dict[int, int], since: int) -> None:
    now = datetime.fromtimestamp((5 * WEEK_HOURS + since) * 3600, UTC)
    found = silence(seen, now)
    if found is not None:
        assert found.expected >= SURELY
        assert not any(count for hour, count in seen.items() if hour >= hour_of(found.since))
    if seen.get(hour_of(now) - 1):
        assert found is None


@given(st.sets(st.integers(1, 300), min_size=1, max_size=80), st.frozensets(st.integers(1, 300), max_size=80))
@settings(deadline=None)
def test_numbers_between_the_known_are_asked_for_once_the_latest_first(known: set[int], asked: frozenset[int]) -> None:
    found = missing_numbers(sorted(known), asked)
    gaps = sorted(set(range(min(known), max(known))) - known - asked, reverse=True)
    assert list(found) == gaps[:MOST_MISSING]


def minute_of_calls(count: int) -> list[datetime]:
    return [NOW + timedelta(seconds=60 * number / count) for number in range(count)]


def test_throttles_that_our_own_calls_explain_are_nobody_elses() -> None:
    end = NOW + timedelta(seconds=60)
    throttles = [end + timedelta(seconds=second) for second in range(3)]
    assert foreign_use(minute_of_calls(60), throttles, 60) is None
    assert foreign_use(minute_of_calls(30), throttles[:2], 60) is None, "two may be the platform's own clock"
    found = foreign_use(minute_of_calls(30), throttles, 60)
    assert found is not None
    assert (found.throttles, found.most_of_ours) == (3, 30)
