"""Refunded goods: what never left needs no shelf, what left goes where the design says, the rest is told."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.domain.orders.sale import SaleLine
from weighbridge.domain.returns.restock import Restock, RestockPolicy, restock_of, still_here
from weighbridge.domain.stock.kits import Bill, Bills, Component
from weighbridge.domain.values.money import total

D = Decimal
GOODS = frozenset({"MUG", "TEA", "BOX", "SET"})
BILLS = Bills(
    [
        Bill("SET", (Component("MUG", D(1)), Component("BOX", D(2)))),
        Bill("BOX", (Component("TEA", D(3)),)),
    ]
)
HOME = RestockPolicy("Main Warehouse", {"damaged": "Returns Cage", "lost": ""})


def credited(sku: str = "MUG", quantity: int = 2, worth: str = "25.00", comment: str = "") -> SaleLine:
    return SaleLine(1, f"id-{sku}", sku, sku, D(quantity), D("12.50"), D(0), "Tax Exempt", D(worth), comment)


def put_back(line: SaleLine, here: int = 0, policy: RestockPolicy = HOME, reason: str = "") -> Restock:
    return restock_of([line], GOODS, {line.sku: D(here)}, BILLS, policy, reason)


def shelves(found: Restock) -> list[tuple[str, int, str]]:
    return [(one.sku, int(one.quantity), one.location) for one in found.lines]


def test_dispatched_goods_go_back_to_their_location() -> None:
    assert shelves(put_back(credited())) == [("MUG", 2, "Main Warehouse")]


def test_refund_before_dispatch_restocks_nothing() -> None:
    found = put_back(credited(), here=5)
    assert (found.lines, found.missing, found.never_left) == ((), {}, {"MUG": 2})


def test_units_that_had_not_left_are_refunded_before_those_that_had() -> None:
    found = put_back(credited(quantity=3), here=2)
    assert shelves(found) == [("MUG", 1, "Main Warehouse")]
    assert found.never_left == {"MUG": 2}


@pytest.mark.parametrize("where", ["refund", "item"])
def test_reason_names_another_location(where: str) -> None:
    comment, reason = ("Arrived Damaged", "") if where == "item" else ("", "Arrived Damaged")
    assert shelves(put_back(credited(comment=comment), reason=reason)) == [("MUG", 2, "Returns Cage")]


def test_goods_that_go_nowhere_are_told_with_their_worth() -> None:
    found = put_back(credited(quantity=4, worth="50.00"), here=1, reason="Lost in the post")
    assert (found.lines, found.missing, found.missing_worth) == ((), {"MUG": 3}, D("37.50"))


def test_design_that_restocks_nothing_tells_of_all_that_left() -> None:
    found = put_back(credited(), policy=RestockPolicy("", {}))
    assert (found.lines, found.missing, found.missing_worth) == ((), {"MUG": 2}, D("25.00"))


def test_kit_goes_back_as_its_parts_through_kits_of_kits() -> None:
    assert sorted(shelves(put_back(credited("SET")))) == [("MUG", 2, "Main Warehouse"), ("TEA", 12, "Main Warehouse")]


def test_services_and_downloads_have_no_shelf() -> None:
    found = put_back(credited("MANUAL"))
    assert (found.lines, found.missing) == ((), {})


@settings(deadline=None)
@given(
    ordered=st.integers(1, 20),
    steps=st.lists(st.tuples(st.integers(0, 5), st.integers(1, 5)), max_size=8),
)
def test_units_of_any_life_are_conserved(ordered: int, steps: list[tuple[int, int]]) -> None:
    """Parcels and refunds in any order: what never left and what went back are what was refunded, and no more went
    back than had left."""
    dispatched, refunded = 0, 0
    kept: list[dict[str, Decimal]] = []
    shelved = D(0)
    for sent, wanted in steps:
        never_left = int(total(one.get("MUG", D(0)) for one in kept))
        dispatched += min(sent, ordered - dispatched - never_left)
        units = min(wanted, ordered - refunded)
        if not units:
            continue
        refunded += units
        here = still_here({"MUG": D(ordered)}, {"MUG": D(dispatched)}, kept)
        found = restock_of([credited(quantity=units)], GOODS, here, BILLS, HOME, "")
        kept.append(dict(found.never_left))
        shelved += total(one.quantity for one in found.lines)
    assert shelved + total(one.get("MUG", D(0)) for one in kept) == refunded
    assert shelved <= dispatched
