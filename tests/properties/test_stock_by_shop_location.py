"""Levels by the shop's locations: together never more than one location would show, each within what lies there."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.domain.stock.available import Figure, SharedParts, changes, figure, less_unseen
from weighbridge.domain.stock.buffers import Buffer, BufferKind
from weighbridge.domain.stock.locations import ShopLocations, by_shop_location

HOME, OVERFLOW, ANNEX = "Main Warehouse", "Overflow", "Annex"
ALL = frozenset({HOME, OVERFLOW, ANNEX})
SHOP = ShopLocations(1, {OVERFLOW: 2, ANNEX: 2})
whole_units = st.integers(-9, 60).map(Decimal)
odd_units = st.decimals(-9, 60, places=1)


def _mug(units: dict[str, Decimal], in_flight: int, buffer: int, *, sellable: bool = True) -> Figure:
    kept = Buffer(buffer, BufferKind.UNITS) if buffer else Buffer()
    return figure("MUG", units, Decimal(in_flight), kept, sellable=sellable)


def _levels(figures: tuple[Figure, ...]) -> dict[int, int]:
    return {one.shop_location: one.ats for one in figures}


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
    whole = _mug(units, in_flight, buffer, sellable=sellable)
    found = by_shop_location(whole, SHOP, ALL, HOME)
    assert sum(one.ats for one in found) == whole.ats
    assert sum(one.available for one in found) == whole.available
    assert sum(one.in_flight for one in found) == whole.in_flight
    for one in found:
        lying = sum((max(Decimal(0), there) for there in one.by_location.values()), Decimal(0))
        assert 0 <= one.ats <= lying
        assert not one.ats or one.ats == one.available - one.in_flight - one.lent - one.buffer.units


@settings(deadline=None)
@given(units=st.dictionaries(st.sampled_from(sorted(ALL)), odd_units), in_flight=st.integers(0, 30))
def test_parts_of_units_are_never_rounded_up(units: dict[str, Decimal], in_flight: int) -> None:
    whole = _mug(units, in_flight, 0)
    assert sum(one.ats for one in by_shop_location(whole, SHOP, ALL, HOME)) <= whole.ats


@settings(deadline=None)
@given(
    built=st.dictionaries(st.sampled_from(sorted(ALL)), st.integers(0, 40)),
    buffer=st.integers(0, 50),
)
def test_kits_are_shown_where_they_can_be_built(built: dict[str, int], buffer: int) -> None:
    parts = SharedParts(built, ("MUG",), ("TEA",))
    ats = max(0, sum(built.values()) - buffer)
    whole = Figure("SET", Decimal(0), Decimal(3), Buffer(buffer, BufferKind.UNITS), True, ats, parts=parts)
    found = by_shop_location(whole, SHOP, ALL, HOME)
    assert sum(one.ats for one in found) == ats
    for one in found:
        assert one.parts is not None
        assert one.ats <= sum(one.parts.by_location.values())


def test_what_was_sold_comes_off_where_it_ships_from_and_then_off_the_others() -> None:
    units = {HOME: Decimal(4), OVERFLOW: Decimal(6), ANNEX: Decimal(5)}
    assert _levels(by_shop_location(_mug(units, 3, 0), SHOP, ALL, HOME)) == {1: 1, 2: 11}
    short = by_shop_location(_mug(units, 9, 0), SHOP, ALL, HOME)
    assert _levels(short) == {1: 0, 2: 6}
    assert {one.shop_location: (one.in_flight, one.lent) for one in short} == {1: (9, -5), 2: (0, 5)}


def test_what_one_location_owes_comes_off_the_others() -> None:
    units = {HOME: Decimal(10), OVERFLOW: Decimal(-3), ANNEX: Decimal(2)}
    assert _levels(by_shop_location(_mug(units, 0, 0), SHOP, ALL, HOME)) == {1: 9, 2: 0}


def test_what_was_sold_comes_off_all_where_sales_ship_from_a_location_that_is_not_shown() -> None:
    units = {OVERFLOW: Decimal(6), ANNEX: Decimal(5)}
    shop = ShopLocations(1, {ANNEX: 2})
    found = by_shop_location(_mug(units, 7, 0), shop, frozenset({OVERFLOW, ANNEX}), HOME)
    assert _levels(found) == {1: 4, 2: 0}


def test_the_buffer_is_held_back_in_proportion() -> None:
    units = {HOME: Decimal(30), OVERFLOW: Decimal(10)}
    found = by_shop_location(_mug(units, 0, 8), SHOP, ALL, HOME)
    assert {one.shop_location: (one.ats, one.buffer.units) for one in found} == {1: (24, 6), 2: (8, 2)}


def test_a_location_that_shows_nothing_any_more_is_told_nothing_is_left() -> None:
    moved = ShopLocations(1, {}, frozenset({2}))
    found = by_shop_location(_mug({HOME: Decimal(5), OVERFLOW: Decimal(2)}, 0, 0), moved, ALL, HOME)
    assert _levels(found) == {1: 7, 2: 0}


def test_one_location_shows_the_whole_figure() -> None:
    whole = _mug({HOME: Decimal(5), OVERFLOW: Decimal(2)}, 1, 1)
    (found,) = by_shop_location(whole, ShopLocations(4), ALL, HOME)
    assert (found.ats, found.shop_location, found.by_location) == (5, 4, whole.by_location)


@settings(deadline=None)
@given(
    told=st.tuples(st.integers(0, 20), st.integers(0, 20)),
    bought=st.tuples(st.integers(0, 20), st.integers(0, 20)),
    known=st.integers(0, 40),
)
def test_units_of_a_known_order_explain_a_lower_level_at_one_location_only(
    told: tuple[int, int], bought: tuple[int, int], known: int
) -> None:
    """However the shop's locations shared what was bought: what they are told anew offers no unit of it again."""
    gone = tuple(min(pair) for pair in zip(told, bought, strict=True))
    units = {HOME: Decimal(told[0]), OVERFLOW: Decimal(told[1])}
    heard = min(known, sum(gone))
    figures = by_shop_location(_mug(units, heard, 0), SHOP, ALL, HOME)
    last = {("MUG", number): level for number, level in enumerate(told, 1)}
    there = {("MUG", number): level - less for number, (level, less) in enumerate(zip(told, gone, strict=True), 1)}
    found = less_unseen(figures, last, there, {"MUG": Decimal(heard)})
    unseen = sum(gone) - heard
    assert sum(one.ats for one in found) >= sum(told) - sum(gone)
    assert sum(one.ats for one in figures) - sum(one.ats for one in found) <= unseen
    if all(one.ats >= unseen for one in figures):
        assert sum(one.ats for one in found) == sum(told) - sum(gone)


@given(st.permutations([("MUG", 1), ("MUG", 2), ("TEA", 1), ("TEA", 2)]))
def test_changes_of_one_sku_stay_together(order: list[tuple[str, int]]) -> None:
    figures = [
        figure(sku, {HOME: Decimal(3)}, Decimal(0), Buffer(), sellable=True, shop_location=place)
        for sku, place in order
    ]
    told = changes(figures, {("TEA", 2): 9})
    assert [one.sku for one in told] == ["TEA", "TEA", "MUG", "MUG"]
