"""The plan of a storm: decided by seed and baskets alone, with too few units of hot SKUs and enough of the others."""

from __future__ import annotations

from collections import Counter

import pytest

from weighbridge_simulation.storm.plan import PAGE_SIZE, Plan, StormOptions, plan_storm
from weighbridge_twins.baskets import read_baskets, read_products


def _plan(**changes: object) -> Plan:
    options = StormOptions(**changes)  # type: ignore[arg-type]
    return plan_storm(read_baskets(options.baskets, limit=options.orders), read_products(options.products), options)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return _plan(orders=200)


def test_same_seed_gives_the_same_storm_and_another_seed_another(plan: Plan) -> None:
    assert _plan(orders=200) == plan
    assert _plan(orders=200, seed=2) != plan


def test_demand_exceeds_supply_for_hot_skus_only(plan: Plan) -> None:
    demand: Counter[str] = Counter()
    for shopper in plan.shoppers:
        demand.update({wish.sku: wish.units for wish in shopper.wishes})
    moved: Counter[str] = Counter()
    for movement in plan.movements:
        moved[movement.sku] += movement.units
    supply = {goods.sku: goods.on_hand + moved[goods.sku] for goods in plan.goods}
    assert {sku for sku, units in demand.items() if units > supply[sku]} == set(plan.hot)


def test_most_shoppers_arrive_during_the_sale_and_none_outside_the_storm(plan: Plan) -> None:
    options = StormOptions()
    begin, end = options.calm_minutes * 60, (options.calm_minutes + options.flash_minutes) * 60
    assert len(plan.shoppers) == 200
    assert sum(begin <= shopper.at_seconds < end for shopper in plan.shoppers) == 130
    assert all(0 <= event.at_seconds < options.minutes * 60 for event in (*plan.shoppers, *plan.movements))
    assert [shopper.at_seconds for shopper in plan.shoppers] == sorted(shopper.at_seconds for shopper in plan.shoppers)


def test_a_hot_sku_is_on_the_page_boundary_where_a_drifting_list_loses_a_row(plan: Plan) -> None:
    listed = [goods.sku for goods in plan.goods]
    assert len(listed) > PAGE_SIZE + 1
    assert listed[PAGE_SIZE] in plan.hot


def test_each_shopper_has_one_wish_per_sku(plan: Plan) -> None:
    for shopper in plan.shoppers:
        skus = [wish.sku for wish in shopper.wishes]
        assert len(skus) == len(set(skus))
        assert all(wish.units > 0 for wish in shopper.wishes)
