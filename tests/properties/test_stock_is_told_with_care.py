"""Buffers, rises and measured delays: the shop is told less sooner and more later, never the other way round."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from weighbridge.domain.stock.available import Slot, figure
from weighbridge.domain.stock.buffers import Buffer, BufferKind, BufferPolicy, buffer
from weighbridge.domain.stock.increases import agreed
from weighbridge.domain.stock.latency import latency, most_within, per_hour

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SKUS = ("MUG", "TEA", "SET")
levels = st.dictionaries(st.sampled_from(SKUS), st.integers(0, 9))
sales = st.lists(st.tuples(st.integers(0, 600), st.integers(1, 5)), max_size=12).map(
    lambda times: [(NOON + timedelta(seconds=at), Decimal(units)) for at, units in sorted(times)]
)


@given(reading=levels, shown=levels, earlier=levels)
def test_less_is_told_at_once_and_more_only_as_far_as_two_readings_agree(
    reading: dict[str, int], shown: dict[str, int], earlier: dict[str, int]
) -> None:
    figures = [
        figure(sku, {"Main": Decimal(units)}, Decimal(0), Buffer(), sellable=True) for sku, units in reading.items()
    ]
    found = agreed(figures, _at_one_location(shown), _at_one_location(earlier))
    told = {one.sku: one.ats for one in found.figures}
    for sku, units in reading.items():
        before = shown.get(sku)
        if before is not None and units <= before:
            assert told[sku] == units
            assert (sku, 1) not in found.unconfirmed
        else:
            allowed = min(units, earlier[sku]) if sku in earlier else None
            rises = allowed is not None and (before is None or allowed > before)
            assert told.get(sku) == (allowed if rises else None)
            assert ((sku, 1) in found.unconfirmed) == (allowed != units)


def _at_one_location(levels: dict[str, int]) -> dict[Slot, int]:
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
    kept = buffer(policy, Decimal(available), Decimal(rate), timedelta(minutes=minutes))
    shares = (Decimal(units), Decimal(max(0, available) * percent) / 100, Decimal(factor * rate * minutes) / 60)
    assert max(shares) <= Decimal(kept.units) + Decimal("0.001")
    assert kept.units < max(shares) + 1
    assert (kept.kind is BufferKind.NONE) == (kept.units == 0)


def test_latency_runs_from_the_beginning_of_one_round_to_the_end_of_the_next() -> None:
    minute = timedelta(minutes=1)
    rounds = [(NOON, NOON + minute), (NOON + 5 * minute, NOON + 8 * minute), (NOON + 10 * minute, NOON + 11 * minute)]
    assert latency([], NOON) == timedelta(0)
    assert latency(rounds, NOON + 12 * minute) == 8 * minute
    assert latency(rounds, NOON + 40 * minute) == 30 * minute, "a round that is overdue counts as if it ended now"


@given(sold=sales, seconds=st.integers(0, 600))
def test_most_within_a_window_is_what_counting_each_window_finds(
    sold: list[tuple[datetime, Decimal]], seconds: int
) -> None:
    window = timedelta(seconds=seconds)
    each = [sum((units for at, units in sold if end - window <= at <= end), Decimal(0)) for end, _ in sold]
    assert most_within(sold, window) == max(each, default=Decimal(0))


def test_units_an_hour_count_from_the_look_back_only() -> None:
    hour = timedelta(hours=1)
    sold = [(NOON - 5 * hour, Decimal(40)), (NOON - hour, Decimal(3)), (NOON, Decimal(3))]
    assert per_hour(sold, NOON - 2 * hour, NOON) == Decimal(3)
