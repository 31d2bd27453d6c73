"""Restock: undispatched units are not restocked, dispatched units go where the design says, the rest is reported."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.domain.orders.sale import SaleLine
from weighbridge.domain.returns.restock import Restock, RestockPolicy, restock_of, undispatched_units
from weighbridge.domain.stock.kits import BillOfMaterials, BillsOfMaterials, Component
from weighbridge.domain.values.money import total

D = Decimal
GOODS = frozenset({"MUG", "TEA", "BOX", "SET"})
BILLS = BillsOfMaterials(
    [
        BillOfMaterials("SET", (Component("MUG", D(1)), Component("BOX", D(2)))),
        BillOfMaterials("BOX", (Component("TEA", D(3)),)),
    ]
)
HOME = RestockPolicy("Main Warehouse", {"damaged": "Returns Cage", "lost": ""})


def credited(sku: str = "MUG", quantity: int = 2, amount: str = "25.00", comment: str = "") -> SaleLine:
    return SaleLine(1, f"id-{sku}", sku, sku, D(quantity), D("12.50"), D(0), "Tax Exempt", D(amount), comment)


def put_back(line: SaleLine, here: int = 0, policy: RestockPolicy = HOME, reason: str = "") -> Restock:
    return restock_of([line], GOODS, {line.sku: D(here)}, BILLS, policy, reason)


def restocked(restock: Restock) -> list[tuple[str, int, str]]:
    return [(line.sku, int(line.quantity), line.location) for line in restock.lines]


def test_dispatched_goods_go_back_to_their_location() -> None:
    assert restocked(put_back(credited())) == [("MUG", 2, "Main Warehouse")]


def test_refund_before_dispatch_restocks_nothing() -> None:
    restock = put_back(credited(), here=5)
    assert (restock.lines, restock.missing, restock.never_dispatched) == ((), {}, {"MUG": 2})


def test_units_that_had_not_left_are_refunded_before_those_that_had() -> None:
    restock = put_back(credited(quantity=3), here=2)
    assert restocked(restock) == [("MUG", 1, "Main Warehouse")]
    assert restock.never_dispatched == {"MUG": 2}


@pytest.mark.parametrize("where", ["refund", "item"])
def test_reason_names_another_location(where: str) -> None:
    comment, reason = ("Arrived Damaged", "") if where == "item" else ("", "Arrived Damaged")
    assert restocked(put_back(credited(comment=comment), reason=reason)) == [("MUG", 2, "Returns Cage")]


def test_goods_that_are_not_restocked_are_reported_with_their_amount() -> None:
    restock = put_back(credited(quantity=4, amount="50.00"), here=1, reason="Lost in the post")
    assert (restock.lines, restock.missing, restock.missing_amount) == ((), {"MUG": 3}, D("37.50"))


def test_design_without_restock_reports_all_dispatched_units() -> None:
    restock = put_back(credited(), policy=RestockPolicy("", {}))
    assert (restock.lines, restock.missing, restock.missing_amount) == ((), {"MUG": 2}, D("25.00"))


def test_kit_is_restocked_as_components_through_kits_of_kits() -> None:
    assert sorted(restocked(put_back(credited("SET")))) == [("MUG", 2, "Main Warehouse"), ("TEA", 12, "Main Warehouse")]


def test_services_and_downloads_are_not_restocked() -> None:
    restock = put_back(credited("MANUAL"))
    assert (restock.lines, restock.missing) == ((), {})


@settings(deadline=None)
@given(
    ordered=st.integers(1, 20),
    steps=st.lists(st.tuples(st.integers(0, 5), st.integers(1, 5)), max_size=8),
)
def test_units_are_conserved_through_any_parcels_and_refunds(ordered: int, steps: list[tuple[int, int]]) -> None:
    """With parcels and refunds in any order, undispatched and restocked units sum to the refunded ones, and no more
    units are restocked than were dispatched."""
    dispatched, refunded = 0, 0
    never_dispatched: list[dict[str, Decimal]] = []
    restocked = D(0)
    for sent, refunded_units in steps:
        undispatched = int(total(units_by_sku.get("MUG", D(0)) for units_by_sku in never_dispatched))
        dispatched += min(sent, ordered - dispatched - undispatched)
        units = min(refunded_units, ordered - refunded)
        if not units:
            continue
        refunded += units
        here = undispatched_units({"MUG": D(ordered)}, {"MUG": D(dispatched)}, never_dispatched)
        restock = restock_of([credited(quantity=units)], GOODS, here, BILLS, HOME, "")
        never_dispatched.append(dict(restock.never_dispatched))
        restocked += total(line.quantity for line in restock.lines)
    assert restocked + total(units_by_sku.get("MUG", D(0)) for units_by_sku in never_dispatched) == refunded
    assert restocked <= dispatched
