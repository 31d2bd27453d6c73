"""Levels by store location: they sum to the total level, and each stays within the stock of its location."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.domain.stock.available import (
    AvailableLevel,
    SharedComponents,
    available_level,
    changed_levels,
    less_unprocessed_orders,
)
from weighbridge.domain.stock.buffers import Buffer, BufferKind
from weighbridge.domain.stock.locations import StoreLocations, by_store_location

HOME, OVERFLOW, ANNEX = "Main Warehouse", "Overflow", "Annex"
ALL = frozenset({HOME, OVERFLOW, ANNEX})
STORE_LOCATIONS = StoreLocations(1, {OVERFLOW: 2, ANNEX: 2})
whole_units = st.integers(-9, 60).map(Decimal)
odd_units = st.decimals(-9, 60, places=1)


def _mug(units: dict[str, Decimal], in_flight: int, buffer: int, *, sellable: bool = True) -> AvailableLevel:
    held_back = Buffer(buffer, BufferKind.UNITS) if buffer else Buffer()
    return available_level("MUG", units, Decimal(in_flight), held_back, sellable=sellable)


def _levels(levels: tuple[AvailableLevel, ...]) -> dict[int, int]:
    return {level.store_location: level.ats for level in levels}


@settings(deadline=None)
@given(
    units=st.dictionaries(st.sampled_from(sorted(ALL)), whole_units),
    in_flight=st.integers(0, 30),
    buffer=st.integers(0, 9),
    sellable=st.booleans(),
)
def test_levels_of_all_locations_are_together_what_one_would_show(
    units: dict[str, Decimal], in_flight: int, buffer: int, sellable: bool
) -> None:
    total_level = _mug(units, in_flight, buffer, sellable=sellable)
    levels = by_store_location(total_level, STORE_LOCATIONS, ALL, HOME)
    assert sum(level.ats for level in levels) == total_level.ats
    assert sum(level.available for level in levels) == total_level.available
    assert sum(level.in_flight for level in levels) == total_level.in_flight
    for level in levels:
        in_stock = sum((max(Decimal(0), units_there) for units_there in level.by_location.values()), Decimal(0))
        assert 0 <= level.ats <= in_stock
        assert not level.ats or level.ats == level.available - level.in_flight - level.lent - level.buffer.units


@settings(deadline=None)
@given(units=st.dictionaries(st.sampled_from(sorted(ALL)), odd_units), in_flight=st.integers(0, 30))
def test_fractions_of_units_are_never_rounded_up(units: dict[str, Decimal], in_flight: int) -> None:
    total_level = _mug(units, in_flight, 0)
    assert sum(level.ats for level in by_store_location(total_level, STORE_LOCATIONS, ALL, HOME)) <= total_level.ats


@settings(deadline=None)
@given(
    built=st.dictionaries(st.sampled_from(sorted(ALL)), st.integers(0, 40)),
    buffer=st.integers(0, 50),
)
def test_kits_are_on_sale_where_they_can_be_built(built: dict[str, int], buffer: int) -> None:
    shared = SharedComponents(built, ("MUG",), ("TEA",))
    ats = max(0, sum(built.values()) - buffer)
    total_level = AvailableLevel(
        "SET", Decimal(0), Decimal(3), Buffer(buffer, BufferKind.UNITS), True, ats, components=shared
    )
    levels = by_store_location(total_level, STORE_LOCATIONS, ALL, HOME)
    assert sum(level.ats for level in levels) == ats
    for level in levels:
        assert level.components is not None
        assert level.ats <= sum(level.components.by_location.values())


def test_what_was_sold_comes_off_where_it_ships_from_and_then_off_the_others() -> None:
    units = {HOME: Decimal(4), OVERFLOW: Decimal(6), ANNEX: Decimal(5)}
    assert _levels(by_store_location(_mug(units, 3, 0), STORE_LOCATIONS, ALL, HOME)) == {1: 1, 2: 11}
    short = by_store_location(_mug(units, 9, 0), STORE_LOCATIONS, ALL, HOME)
    assert _levels(short) == {1: 0, 2: 6}
    assert {level.store_location: (level.in_flight, level.lent) for level in short} == {1: (9, -5), 2: (0, 5)}


def test_what_one_location_owes_comes_off_the_others() -> None:
    units = {HOME: Decimal(10), OVERFLOW: Decimal(-3), ANNEX: Decimal(2)}
    assert _levels(by_store_location(_mug(units, 0, 0), STORE_LOCATIONS, ALL, HOME)) == {1: 9, 2: 0}


def test_sold_units_come_off_all_locations_when_sales_ship_from_an_unpublished_location() -> None:
    units = {OVERFLOW: Decimal(6), ANNEX: Decimal(5)}
    store = StoreLocations(1, {ANNEX: 2})
    levels = by_store_location(_mug(units, 7, 0), store, frozenset({OVERFLOW, ANNEX}), HOME)
    assert _levels(levels) == {1: 4, 2: 0}


def test_the_buffer_is_held_back_in_proportion() -> None:
    units = {HOME: Decimal(30), OVERFLOW: Decimal(10)}
    levels = by_store_location(_mug(units, 0, 8), STORE_LOCATIONS, ALL, HOME)
    assert {level.store_location: (level.ats, level.buffer.units) for level in levels} == {1: (24, 6), 2: (8, 2)}


def test_a_retired_store_location_is_published_as_zero() -> None:
    moved = StoreLocations(1, {}, frozenset({2}))
    levels = by_store_location(_mug({HOME: Decimal(5), OVERFLOW: Decimal(2)}, 0, 0), moved, ALL, HOME)
    assert _levels(levels) == {1: 7, 2: 0}


def test_a_single_store_location_gets_the_total_level() -> None:
    total_level = _mug({HOME: Decimal(5), OVERFLOW: Decimal(2)}, 1, 1)
    (level,) = by_store_location(total_level, StoreLocations(4), ALL, HOME)
    assert (level.ats, level.store_location, level.by_location) == (5, 4, total_level.by_location)


@settings(deadline=None)
@given(
    published=st.tuples(st.integers(0, 20), st.integers(0, 20)),
    bought=st.tuples(st.integers(0, 20), st.integers(0, 20)),
    known=st.integers(0, 40),
)
def test_units_of_a_known_order_explain_a_lower_level_at_one_location_only(
    published: tuple[int, int], bought: tuple[int, int], known: int
) -> None:
    """However the sold units were spread over store locations, the new levels offer none of them again."""
    sold = tuple(min(pair) for pair in zip(published, bought, strict=True))
    units = {HOME: Decimal(published[0]), OVERFLOW: Decimal(published[1])}
    processed = min(known, sum(sold))
    levels = by_store_location(_mug(units, processed, 0), STORE_LOCATIONS, ALL, HOME)
    last = {("MUG", number): level for number, level in enumerate(published, 1)}
    current = {
        ("MUG", number): level - less for number, (level, less) in enumerate(zip(published, sold, strict=True), 1)
    }
    reduced = less_unprocessed_orders(levels, last, current, {"MUG": Decimal(processed)})
    unprocessed = sum(sold) - processed
    assert sum(level.ats for level in reduced) >= sum(published) - sum(sold)
    assert sum(level.ats for level in levels) - sum(level.ats for level in reduced) <= unprocessed
    if all(level.ats >= unprocessed for level in levels):
        assert sum(level.ats for level in reduced) == sum(published) - sum(sold)


@given(st.permutations([("MUG", 1), ("MUG", 2), ("TEA", 1), ("TEA", 2)]))
def test_changes_of_one_sku_stay_together(order: list[tuple[str, int]]) -> None:
    levels = [
        available_level(sku, {HOME: Decimal(3)}, Decimal(0), Buffer(), sellable=True, store_location=store_location)
        for sku, store_location in order
    ]
    changed = changed_levels(levels, {("TEA", 2): 9})
    assert [level.sku for level in changed] == ["TEA", "TEA", "MUG", "MUG"]
