"""Seed and basket alone decide the plans of the simulated people."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from weighbridge_simulation.demo.run import WORLD
from weighbridge_twins.baskets import read_baskets, read_products, sku_of
from weighbridge_twins.world.assortment import assortment
from weighbridge_twins.world.options import WorldOptions
from weighbridge_twins.world.people import person_of
from weighbridge_twins.world.plan import AMENDED, FollowUp, Payment, plan_dispatch, plan_orders

ORDINARY = WorldOptions(seed=5)


def test_the_same_seed_and_baskets_give_the_same_plans() -> None:
    baskets = read_baskets(limit=100)
    assert plan_orders(baskets, ORDINARY) == plan_orders(baskets, ORDINARY)
    assert plan_orders(baskets, ORDINARY) != plan_orders(baskets, replace(ORDINARY, seed=6))
    assert plan_dispatch("40174285117", ORDINARY) == plan_dispatch("40174285117", ORDINARY)


def test_the_plan_of_a_basket_does_not_depend_on_other_baskets() -> None:
    alone = plan_orders(read_baskets(skip=40, limit=1), ORDINARY)[0]
    among = plan_orders(read_baskets(limit=100), ORDINARY)[40]
    assert replace(among, arrives_at=0.0) == replace(alone, arrives_at=0.0)


def test_more_cancellations_leave_every_other_decision_unchanged() -> None:
    baskets = read_baskets(limit=200)
    few = plan_orders(baskets, replace(ORDINARY, cancel_share=0.0))
    many = plan_orders(baskets, replace(ORDINARY, cancel_share=0.5))
    assert [(plan.guest, plan.edit, plan.shipping_cost, plan.arrives_at) for plan in few] == [
        (plan.guest, plan.edit, plan.shipping_cost, plan.arrives_at) for plan in many
    ]
    assert sum(plan.cancels_after is not None for plan in few) == 0
    assert 70 < sum(plan.cancels_after is not None for plan in many) < 130


def test_shares_are_met_about() -> None:
    options = WorldOptions(seed=2, guest_share=0.5, awaiting_payment_share=0.2, abandoned_share=0.1, edit_share=0.3)
    plans = plan_orders(read_baskets(), options)
    payments = Counter(plan.payment for plan in plans)
    assert 240 < sum(plan.guest for plan in plans) < 360
    assert 80 < payments[Payment.LATER] < 150
    assert 35 < payments[Payment.NEVER] < 90
    assert 140 < sum(plan.edit is not None for plan in plans) < 220
    assert all(plan.incomplete_first for plan in plans if plan.payment is Payment.NEVER)


def test_an_early_cancellation_comes_before_the_payment_and_a_late_one_after_it() -> None:
    plans = plan_orders(read_baskets(), replace(ORDINARY, cancel_share=1.0))
    early = [plan for plan in plans if plan.cancels_after is not None and plan.cancels_after < plan.pays_after]
    late = [plan for plan in plans if plan.cancels_after is not None and plan.cancels_after > plan.pays_after]
    assert len(early) + len(late) == 600
    assert min(len(early), len(late)) > 200
    assert all(plan.payment is not Payment.AT_ONCE for plan in early)


def test_the_demonstration_plays_everything_that_can_happen_afterwards() -> None:
    plans = plan_orders(read_baskets(limit=300), WorldOptions.read({**WORLD, "seed": 1}))
    happened = Counter(plan.follow_up for plan in plans if plan.follow_up)
    assert set(happened) == set(FollowUp)
    assert 20 < sum(happened.values()) < 45
    assert all(plan.payment is Payment.AT_ONCE and plan.cancels_after is None for plan in plans if plan.follow_up)


@pytest.mark.parametrize("share", ["amend_share", "picked_cancel_share", "return_share", "shipping_refund_share"])
def test_a_follow_up_leaves_every_other_decision_unchanged(share: str) -> None:
    baskets = read_baskets(limit=100)
    without, always = plan_orders(baskets, ORDINARY), plan_orders(baskets, replace(ORDINARY, **{share: 1.0}))
    assert [replace(plan, follow_up=None) for plan in always] == without
    assert sum(plan.follow_up is not None for plan in always) > 80


def test_a_follow_up_that_the_basket_does_not_allow_is_replaced() -> None:
    amended = plan_orders(read_baskets(), replace(ORDINARY, amend_share=1.0))
    late = plan_orders(read_baskets(), replace(ORDINARY, shipping_refund_share=1.0))
    fewer = [plan.basket.lines for plan in amended if plan.follow_up is FollowUp.FEWER]
    removed = [plan.basket.lines for plan in amended if plan.follow_up is FollowUp.LINE_REMOVED]
    assert all(any(line.quantity > 1 for line in lines) for lines in fewer)
    assert all(len(lines) > 1 for lines in removed)
    assert min(len(fewer), len(removed)) > 20
    assert {plan.follow_up for plan in amended if plan.follow_up} == set(AMENDED)
    assert {plan.follow_up for plan in late if not plan.shipping_cost} <= {None, FollowUp.RETURNED}


def test_orders_arrive_at_the_rate_or_within_the_span() -> None:
    baskets = read_baskets(limit=120)
    by_rate = plan_orders(baskets, replace(ORDINARY, arrivals_per_minute=60.0))
    by_span = plan_orders(baskets, replace(ORDINARY, span_minutes=10.0))
    assert 110 < max(plan.arrives_at for plan in by_rate) <= 120
    assert 590 < max(plan.arrives_at for plan in by_span) <= 600
    assert [plan.arrives_at for plan in by_rate] == sorted(plan.arrives_at for plan in by_rate)


def test_a_household_is_always_the_same_person() -> None:
    assert person_of("768", 1, 0.1) == person_of("768", 1, 0.1)
    names = {person_of(str(number), 1, 0.5).first_name for number in range(200)}
    assert any(not name.isascii() for name in names)
    assert all(len(person_of(str(number), 1, 0.0).zip) == 5 for number in range(50))


def test_stock_covers_the_demand_but_for_scarce_products() -> None:
    baskets, products = read_baskets(limit=200), read_products()
    plenty = assortment(baskets, products, replace(ORDINARY, scarce_share=0.0))
    demand: Counter[str] = Counter()
    for basket in baskets:
        for line in basket.lines:
            demand[sku_of(line.product_id)] += line.quantity
    assert {product.sku for product in plenty} == set(demand)
    assert all(product.main_stock > demand[product.sku] for product in plenty)
    scarce = assortment(baskets, products, replace(ORDINARY, scarce_share=1.0))
    assert all(product.main_stock <= demand[product.sku] / 2 for product in scarce)
    assert any(product.overflow_stock for product in plenty)


def test_food_is_exempt_and_unlisted_products_are_unknown_to_cin7() -> None:
    products = read_products()
    articles = {product.sku: product for product in assortment(read_baskets(), products, ORDINARY)}
    assert not articles[sku_of("862349")].taxable or products["862349"].department not in ("GROCERY", "PRODUCE")
    unlisted = [product for product in articles.values() if not product.in_cin7]
    assert [product.sku for product in unlisted] == [sku_of("5978656")]
    assert all(product.price >= Decimal("0.01") for product in articles.values())
    assert 100 < sum(product.taxable for product in articles.values()) < len(articles) / 2


def test_the_whole_assortment_can_be_stocked() -> None:
    some = assortment(read_baskets(limit=3), read_products(), ORDINARY)
    whole = assortment(read_baskets(limit=3), read_products(), replace(ORDINARY, all_products=True))
    assert len(some) < 40
    assert len(whole) >= 4059


def test_options_are_read_from_json_and_wrong_ones_named() -> None:
    options = WorldOptions.read({"orders": 30, "pick_minutes": [1, 2], "cancel_share": 0.5})
    assert (options.orders, options.pick_minutes, options.cancel_share) == (30, (1.0, 2.0), 0.5)
    refused: list[tuple[dict[str, Any], str]] = [
        ({"cancel_shar": 1}, "cancel_shar"),
        ({"cancel_share": 2}, "cancel_share"),
        ({"pick_minutes": [5, 1]}, "pick_minutes"),
        ({"arrivals_per_minute": 0}, "arrivals_per_minute"),
    ]
    for wrong, named in refused:
        with pytest.raises(ValueError, match=named):
            WorldOptions.read(wrong)
