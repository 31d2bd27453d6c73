"""Monitors report an unusual silence, and only that; missing order numbers; and foreign use of the quota."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.domain.monitoring import (
    MAX_MISSING,
    MIN_EXPECTED,
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
    """`per_hour` orders in each hour between nine and five, every day, until `until`."""
    first = hour_of(NOW) - weeks * WEEK_HOURS
    return {hour: per_hour for hour in range(first, hour_of(until)) if 9 <= hour % 24 < 17}


def test_silence_in_busy_hours_is_reported_after_two_hours() -> None:
    until = NOW.replace(hour=13, minute=0)
    reported = silence(orders(2, until), NOW)
    assert reported is not None
    assert reported.since == until
    assert reported.expected == 10, (
        "five orders each from one to two and from two to three; the current hour does not count"
    )


def test_nights_weekends_and_new_stores_are_no_silence() -> None:
    midnight = NOW.replace(hour=23)
    assert silence(orders(2, NOW.replace(hour=17)), midnight) is None, "there are no orders after five"
    assert silence(orders(2, NOW), NOW) is None, "orders arrive"
    young = {hour_of(NOW) - back: 50 for back in range(40, 60)}
    assert silence(young, NOW) is None, "there is no earlier week to compare with"
    assert silence({}, NOW) is None


@given(st.dictionaries(st.integers(0, 5 * WEEK_HOURS), st.integers(0, 40), max_size=200), st.integers(0, 100))
@settings(deadline=None)
def test_silence_is_reported_only_beyond_chance_and_never_while_orders_arrive(
    counts_by_hour: dict[int, int], since: int
) -> None:
    now = datetime.fromtimestamp((5 * WEEK_HOURS + since) * 3600, UTC)
    reported = silence(counts_by_hour, now)
    if reported is not None:
        assert reported.expected >= MIN_EXPECTED
        assert not any(count for hour, count in counts_by_hour.items() if hour >= hour_of(reported.since))
    if counts_by_hour.get(hour_of(now) - 1):
        assert reported is None


@given(st.sets(st.integers(1, 300), min_size=1, max_size=80), st.frozensets(st.integers(1, 300), max_size=80))
@settings(deadline=None)
def test_missing_numbers_are_requested_once_the_latest_first(
    known: set[int], already_requested: frozenset[int]
) -> None:
    missing = missing_numbers(sorted(known), already_requested)
    gaps = sorted(set(range(min(known), max(known))) - known - already_requested, reverse=True)
    assert list(missing) == gaps[:MAX_MISSING]


def minute_of_calls(count: int) -> list[datetime]:
    return [NOW + timedelta(seconds=60 * number / count) for number in range(count)]


def test_throttles_explained_by_our_own_calls_are_not_foreign_use() -> None:
    end = NOW + timedelta(seconds=60)
    throttles = [end + timedelta(seconds=second) for second in range(3)]
    assert foreign_use(minute_of_calls(60), throttles, 60) is None
    assert foreign_use(minute_of_calls(30), throttles[:2], 60) is None, "two may be a clock difference"
    foreign = foreign_use(minute_of_calls(30), throttles, 60)
    assert foreign is not None
    assert (foreign.throttles, foreign.peak_own_calls) == (3, 30)
