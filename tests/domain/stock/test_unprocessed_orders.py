"""Units sold in unprocessed orders are derived from the store's current level before a new level is published."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.domain.stock.available import available_level, less_unprocessed_orders
from weighbridge.domain.stock.buffers import Buffer


def _level(ats: int, published: int | None, current: int | None, placed: str = "0") -> int:
    mug = available_level("MUG", {"Main Warehouse": Decimal(ats)}, Decimal(0), Buffer(), sellable=True)
    (level,) = less_unprocessed_orders(
        [mug],
        {} if published is None else {("MUG", 1): published},
        {} if current is None else {("MUG", 1): current},
        {"MUG": Decimal(placed)},
    )
    return level.ats


@pytest.mark.parametrize(
    ("ats", "published", "current", "placed", "expected"),
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
        "three units were sold in unprocessed orders",
        "the order of three units is known",
        "two more units were sold in unprocessed orders",
        "stock was received meanwhile",
        "more was sold than is left",
        "the store level is higher",
        "never published",
        "not listed in the store",
        "half units are rounded down",
    ],
)
def test_unprocessed_orders_are_taken_off_the_level(
    ats: int, published: int | None, current: int | None, placed: str, expected: int
) -> None:
    assert _level(ats, published, current, placed) == expected


@settings(deadline=None)
@given(published=st.integers(0, 50), sales=st.lists(st.tuples(st.integers(1, 5), st.booleans()), max_size=8))
def test_published_level_is_what_is_left_however_many_orders_are_processed(
    published: int, sales: list[tuple[int, bool]]
) -> None:
    """Each sale is either known and off the available level, or unprocessed and off the store's current level."""
    sold = [(units, known) for (units, known), before in zip(sales, _before(sales), strict=True) if before <= published]
    bought = sum(units for units, _ in sold)
    known = sum(units for units, is_known in sold if is_known)
    assert _level(max(0, published - known), published, published - bought, str(known)) == max(0, published - bought)


def _before(sales: list[tuple[int, bool]]) -> list[int]:
    """The units sold up to and including each sale."""
    return [sum(units for units, _ in sales[: number + 1]) for number in range(len(sales))]
