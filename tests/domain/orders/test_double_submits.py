"""Double submits: in any processing order, exactly one of the two orders is posted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from tests.domain import builders as ordinary
from weighbridge.domain.orders.double_submits import (
    DoubleSubmitDecision,
    basket_of,
    double_submit_decision,
    double_submit_finding,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
WITHIN = timedelta(minutes=10)


def test_the_same_goods_of_the_same_shopper_are_one_basket_and_nothing_else_is() -> None:
    order = ordinary.order(lines=(ordinary.line(1), ordinary.line(2, "TEA")))
    basket = basket_of(order)
    assert basket
    assert basket_of(replace(order, id=999, placed_at=NOW, staff_notes="again")) == basket
    other_case = replace(order.billing, email=order.billing.email.upper())
    assert basket_of(replace(order, billing=other_case)) == basket
    assert basket_of(replace(order, billing=replace(order.billing, email="someone@example.com"))) != basket
    assert basket_of(replace(order, lines=order.lines[:1])) != basket
    anonymous = replace(order, billing=replace(order.billing, email=""), customer_id=0)
    assert basket_of(anonymous) == "", "two unknown shoppers may order the same goods"


def test_only_orders_placed_soon_after_each_other_are_double_submits() -> None:
    assert double_submit_finding(NOW, 100, NOW - WITHIN, WITHIN) is not None
    assert double_submit_finding(NOW, 100, NOW - WITHIN - timedelta(seconds=1), WITHIN) is None
    finding = double_submit_finding(NOW, 100, NOW + timedelta(minutes=3), WITHIN)
    assert finding is not None
    assert finding.value == "100"


@pytest.mark.parametrize("steps", sorted(set(permutations("AAABBB"))), ids="".join)
def test_exactly_one_of_two_double_submits_is_posted_in_any_processing_order(steps: tuple[str, ...]) -> None:
    """A (the lower id) and B are each registered, decided and posted or held, with their steps in any order."""
    ids, known, state = {"A": 100, "B": 101}, set[str](), {"A": "in progress", "B": "in progress"}
    answer: dict[str, DoubleSubmitDecision] = {}
    steps_done = {"A": 0, "B": 0}

    def step(own: str) -> None:
        other = "B" if own == "A" else "A"
        stage = steps_done[own] % 3
        steps_done[own] += 1
        if state[own] != "in progress":
            return
        if stage == 0:
            known.add(own)
        elif stage == 1:
            is_other_posted, is_other_in_progress = state[other] == "posted", state[other] == "in progress"
            unknown = other not in known
            answer[own] = (
                DoubleSubmitDecision.POST
                if unknown
                else double_submit_decision(
                    ids[own],
                    ids[other],
                    is_other_posted=is_other_posted,
                    is_other_in_progress=is_other_in_progress,
                )
            )
        else:
            state[own] = {
                DoubleSubmitDecision.POST: "posted",
                DoubleSubmitDecision.HOLD: "held",
                DoubleSubmitDecision.RECHECK: "in progress",
            }[answer[own]]

    for own in (*steps, *"AAABBBAAABBB"):
        step(own)
    assert sorted(state.values()) == ["held", "posted"]
