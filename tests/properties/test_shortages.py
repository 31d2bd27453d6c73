"""Buying what the report says builds as many kits as it says; one unit less does not."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties.test_bundles_can_be_shipped import LEAVES, bills_of, most, recipes_of_kits, shelves
from weighbridge.domain.stock.shortages import shortage, shortages


@settings(max_examples=80, deadline=None)
@given(recipes=recipes_of_kits(), shelf=shelves, goal=st.integers(1, 3))
def test_what_is_bought_unlocks_what_is_said_and_no_part_of_it_is_too_much(
    recipes: dict[str, dict[str, int]], shelf: dict[str, int], goal: int
) -> None:
    bills = bills_of(recipes)
    stock = {sku: Decimal(units) for sku, units in shelf.items()}
    for kit in recipes:
        found = shortage(kit, bills, stock, goal)
        assert found is not None, "there is always something to buy"
        assert found.can_build == most(kit, shelf, recipes)
        assert 1 <= found.unlocks <= goal
        bought = {**shelf, **{part: shelf.get(part, 0) + units for part, units in found.buy.items()}}
        wanted = found.can_build + found.unlocks
        assert most(kit, bought, recipes) >= wanted
        for part in found.buy:
            assert part in LEAVES
            assert most(kit, {**bought, part: bought[part] - 1}, recipes) < wanted


def test_the_most_kits_for_the_fewest_parts_come_first() -> None:
    """Two teas and one mug make a set; a tower takes nine mugs."""
    bills = bills_of({"SET": {"mug": 1, "tea": 2}, "TOWER": {"mug": 9}})
    stock = {"mug": Decimal(5), "tea": Decimal(4)}
    first, second = shortages(["TOWER", "SET"], bills, stock, 100)
    assert (first.kit, first.can_build, dict(first.buy), first.unlocks) == ("SET", 2, {"tea": 6}, 3)
    assert (second.kit, second.can_build, dict(second.buy), second.unlocks) == ("TOWER", 0, {"mug": 895}, 100)


def test_a_kit_without_parts_to_buy_has_no_shortage() -> None:
    bills = bills_of({"SET": {"mug": 1}})
    assert shortage("SET", bills, {"mug": Decimal(1)}, 0) is None
    assert shortages([], bills, {}, 5) == ()
