"""One basket sent twice: whoever looks first, exactly one of the two crosses."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from tests.domain import builders as ordinary
from weighbridge.domain.orders.double_submits import Turn, basket_of, repeated, turn

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
    nobody = replace(order, billing=replace(order.billing, email=""), customer_id=0)
    assert basket_of(nobody) == "", "two strangers may want the same"


def test_only_what_comes_soon_after_is_asked_about() -> None:
    assert repeated(NOW, 100, NOW - WITHIN, WITHIN) is not None
    assert repeated(NOW, 100, NOW - WITHIN - timedelta(seconds=1), WITHIN) is None
    found = repeated(NOW, 100, NOW + timedelta(minutes=3), WITHIN)
    assert found is not None
    assert found.value == "100"


@pytest.mark.parametrize("steps", sorted(set(permutations("AAABBB"))), ids="".join)
def test_whatever_the_order_of_looks_exactly_one_crosses(steps: tuple[str, ...]) -> None:
    """A, the lower number, and B each make themselves known, ask, and cross if it is their turn, in any order."""
    number, known, state = {"A": 100, "B": 101}, set[str](), {"A": "moves", "B": "moves"}
    answer: dict[str, Turn] = {}
    done = {"A": 0, "B": 0}

    def step(own: str) -> None:
        other = "B" if own == "A" else "A"
        stage = done[own] % 3
        done[own] += 1
        if state[own] != "moves":
            return
        if stage == 0:
            known.add(own)
        elif stage == 1:
            crossed, moves = state[other] == "crossed", state[other] == "moves"
            unknown = other not in known
            answer[own] = (
                Turn.FIRST if unknown else turn(number[own], number[other], other_crossed=crossed, other_moves=moves)
            )
        else:
            state[own] = {Turn.FIRST: "crossed", Turn.SECOND: "held", Turn.OPEN: "moves"}[answer[own]]

    for own in (*steps, *"AAABBBAAABBB"):
        step(own)
    assert sorted(state.values()) == ["crossed", "held"]
