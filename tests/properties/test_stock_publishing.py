"""Buffers, increases and measured latency: decreases are published sooner and increases later, never the reverse."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from weighbridge.domain.stock.available import LevelKey, available_level
from weighbridge.domain.stock.buffers import Buffer, BufferKind, BufferPolicy, buffer
from weighbridge.domain.stock.increases import publishable_levels
from weighbridge.domain.stock.latency import latency, most_within, per_hour

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SKUS = ("MUG", "TEA", "SET")
levels = st.dictionaries(st.sampled_from(SKUS), st.integers(0, 9))
sales = st.lists(st.tuples(st.integers(0, 600), st.integers(1, 5)), max_size=12).map(
    lambda times: [(NOON + timedelta(seconds=at), Decimal(units)) for at, units in sorted(times)]
)


@given(reading=levels, published=levels, earlier=levels)
def test_decreases_are_published_at_once_and_increases_only_as_far_as_two_readings_agree(
    reading: dict[str, int], published: dict[str, int], earlier: dict[str, int]
) -> None:
    current_levels = [
        available_level(sku, {"Main": Decimal(units)}, Decimal(0), Buffer(), sellable=True)
        for sku, units in reading.items()
    ]
    result = publishable_levels(current_levels, _at_one_location(published), _at_one_location(earlier))
    publishable = {level.sku: level.ats for level in result.levels}
    for sku, units in reading.items():
        before = published.get(sku)
        if before is not None and units <= before:
            assert publishable[sku] == units
            assert (sku, 1) not in result.unconfirmed
        else:
            allowed = min(units, earlier[sku]) if sku in earlier else None
            is_increase = allowed is not None and (before is None or allowed > before)
            assert publishable.get(sku) == (allowed if is_increase else None)
            assert ((sku, 1) in result.unconfirmed) == (allowed != units)


def _at_one_location(levels: dict[str, int]) -> dict[LevelKey, int]:
    return {(sku, 1): units for sku, units in levels.items()}


@given(
    units=st.integers(0, 20),
    percent=st.integers(0, 100),
    factor=st.integers(0, 3),
    available=st.integers(-20, 200),
    rate=st.integers(0, 60),
    minutes=st.integers(0, 60),
)
def test_the_largest_buffer_applies_in_whole_units(
    units: int, percent: int, factor: int, available: int, rate: int, minutes: int
) -> None:
    policy = BufferPolicy(units, Decimal(percent), Decimal(factor))
    held_back = buffer(policy, Decimal(available), Decimal(rate), timedelta(minutes=minutes))
    shares = (Decimal(units), Decimal(max(0, available) * percent) / 100, Decimal(factor * rate * minutes) / 60)
    assert max(shares) <= Decimal(held_back.units) + Decimal("0.001")
    assert held_back.units < max(shares) + 1
    assert (held_back.kind is BufferKind.NONE) == (held_back.units == 0)


def test_latency_is_measured_from_the_start_of_one_run_to_the_end_of_the_next() -> None:
    minute = timedelta(minutes=1)
    runs = [(NOON, NOON + minute), (NOON + 5 * minute, NOON + 8 * minute), (NOON + 10 * minute, NOON + 11 * minute)]
    assert latency([], NOON) == timedelta(0)
    assert latency(runs, NOON + 12 * minute) == 8 * minute
    assert latency(runs, NOON + 40 * minute) == 30 * minute, "an overdue run counts as if it ended now"


@given(sold=sales, seconds=st.integers(0, 600))
def test_most_within_a_window_is_what_counting_each_window_finds(
    sold: list[tuple[datetime, Decimal]], seconds: int
) -> None:
    window = timedelta(seconds=seconds)
    each = [sum((units for at, units in sold if end - window <= at <= end), Decimal(0)) for end, _ in sold]
    assert most_within(sold, window) == max(each, default=Decimal(0))


def test_units_per_hour_count_sales_within_the_period_only() -> None:
    hour = timedelta(hours=1)
    sold = [(NOON - 5 * hour, Decimal(40)), (NOON - hour, Decimal(3)), (NOON, Decimal(3))]
    assert per_hour(sold, NOON - 2 * hour, NOON) == Decimal(3)
