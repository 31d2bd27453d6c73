"""The plan of a storm: decided by seed and baskets alone, with too little of what is hot and enough of all else."""

from __future__ import annotations

from collections import Counter

import pytest

from weighbridge_simulation.storm.plan import SEAM, Plan, StormOptions, plan_storm
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


def test_hot_goods_are_fewer_than_wanted_and_all_else_is_enough(plan: Plan) -> None:
    wanted: Counter[str] = Counter()
    for shopper in plan.shoppers:
        wanted.update({wish.sku: wish.units for wish in shopper.wishes})
    moved: Counter[str] = Counter()
    for one in plan.movements:
        moved[one.sku] += one.units
    there = {one.sku: one.on_hand + moved[one.sku] for one in plan.goods}
    assert {sku for sku, units in wanted.items() if units > there[sku]} == set(plan.hot)


def test_most_shoppers_come_to_the_sale_and_nobody_before_or_after_the_storm(plan: Plan) -> None:
    options = StormOptions()
    begin, end = options.calm_minutes * 60, (options.calm_minutes + options.flash_minutes) * 60
    assert len(plan.shoppers) == 200
    assert sum(begin <= one.at < end for one in plan.shoppers) == 130
    assert all(0 <= one.at < options.minutes * 60 for one in (*plan.shoppers, *plan.movements))
    assert [one.at for one in plan.shoppers] == sorted(one.at for one in plan.shoppers)


def test_a_hot_sku_stands_where_a_drifting_list_loses_a_row(plan: Plan) -> None:
    listed = [one.sku for one in plan.goods]
    assert len(listed) > SEAM + 1
    assert listed[SEAM] in plan.hot


def test_each_shopper_wishes_a_sku_once(plan: Plan) -> None:
    for shopper in plan.shoppers:
        skus = [wish.sku for wish in shopper.wishes]
        assert len(skus) == len(set(skus))
        assert all(wish.units > 0 for wish in shopper.wishes)
