"""What the shop has sold in orders that nobody has heard of yet is read off its own level before it is told again."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.domain.stock.available import figure, less_unseen
from weighbridge.domain.stock.buffers import Buffer


def _level(ats: int, told: int | None, there: int | None, placed: str = "0") -> int:
    mug = figure("MUG", {"Main Warehouse": Decimal(ats)}, Decimal(0), Buffer(), sellable=True)
    (found,) = less_unseen(
        [mug],
        {} if told is None else {("MUG", 1): told},
        {} if there is None else {("MUG", 1): there},
        {"MUG": Decimal(placed)},
    )
    return found.ats


@pytest.mark.parametrize(
    ("ats", "told", "there", "placed", "expected"),
    [
        (10, 10, 10, "0", 10),
        (10, 10, 7, "0", 7),
        (7, 10, 7, "3", 7),
        (7, 10, 5, "3", 5),
        (20, 10, 7, "0", 17),
        (2, 10, 5, "0", 0),
        (10, 10, 12, "0", 10),
        (10, None, 7, "0", 10),
        (10, 10, None, "0", 10),
        (10, 10, 8, "1.5", 9),
    ],
    ids=[
        "nothing happened",
        "three were bought unheard",
        "the order of three is known",
        "two more were bought unheard",
        "a receipt came meanwhile",
        "more was bought than is left",
        "somebody gave some back",
        "never told",
        "not to be seen at the shop",
        "half units are rounded to what is safe",
    ],
)
def test_level_is_less_what_was_bought_unheard(
    ats: int, told: int | None, there: int | None, placed: str, expected: int
) -> None:
    assert _level(ats, told, there, placed) == expected


@settings(deadline=None)
@given(told=st.integers(0, 50), sales=st.lists(st.tuples(st.integers(1, 5), st.booleans()), max_size=8))
def test_however_many_orders_are_heard_of_the_shop_is_offered_what_is_left(
    told: int, sales: list[tuple[int, bool]]
) -> None:
    """Each sale is either known, and off the figure, or unheard, and off the shop's level."""
    sold = [(units, known) for (units, known), before in zip(sales, _before(sales), strict=True) if before <= told]
    bought = sum(units for units, _ in sold)
    known = sum(units for units, heard in sold if heard)
    assert _level(max(0, told - known), told, told - bought, str(known)) == max(0, told - bought)


def _before(sales: list[tuple[int, bool]]) -> list[int]:
    """How much was bought with each sale and before it."""
    return [sum(units for units, _ in sales[: number + 1]) for number in range(len(sales))]
