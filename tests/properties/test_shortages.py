"""Buying the reported components allows exactly the reported number of kits; one unit less does not."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties.test_kits_can_be_shipped import LEAVES, bills_of, most, recipes_of_kits, stock_levels
from weighbridge.domain.stock.shortages import shortage, shortages


@settings(max_examples=80, deadline=None)
@given(recipes=recipes_of_kits(), on_hand=stock_levels, goal=st.integers(1, 3))
def test_buying_the_shortage_unlocks_exactly_the_reported_kits(
    recipes: dict[str, dict[str, int]], on_hand: dict[str, int], goal: int
) -> None:
    bills = bills_of(recipes)
    stock = {sku: Decimal(units) for sku, units in on_hand.items()}
    for kit in recipes:
        report = shortage(kit, bills, stock, goal)
        assert report is not None, "there is always something to buy"
        assert report.can_build == most(kit, on_hand, recipes)
        assert 1 <= report.unlocks <= goal
        bought = {
            **on_hand,
            **{component: on_hand.get(component, 0) + units for component, units in report.buy.items()},
        }
        kits = report.can_build + report.unlocks
        assert most(kit, bought, recipes) >= kits
        for component in report.buy:
            assert component in LEAVES
            assert most(kit, {**bought, component: bought[component] - 1}, recipes) < kits


def test_the_most_kits_for_the_fewest_components_come_first() -> None:
    """Two teas and one mug make a set; a tower takes nine mugs."""
    bills = bills_of({"SET": {"mug": 1, "tea": 2}, "TOWER": {"mug": 9}})
    stock = {"mug": Decimal(5), "tea": Decimal(4)}
    first, second = shortages(["TOWER", "SET"], bills, stock, 100)
    assert (first.kit, first.can_build, dict(first.buy), first.unlocks) == ("SET", 2, {"tea": 6}, 3)
    assert (second.kit, second.can_build, dict(second.buy), second.unlocks) == ("TOWER", 0, {"mug": 895}, 100)


def test_a_kit_without_components_to_buy_has_no_shortage() -> None:
    bills = bills_of({"SET": {"mug": 1}})
    assert shortage("SET", bills, {"mug": Decimal(1)}, 0) is None
    assert shortages([], bills, {}, 5) == ()
