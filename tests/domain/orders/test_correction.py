"""Corrections change texts of one order for its sale, never amounts, and only while the store's value is unchanged."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties.store_orders import store_orders
from weighbridge.domain.orders.correction import Correction, corrected, problem_with, value_at
from weighbridge.domain.orders.order import Order


@settings(deadline=None, max_examples=40)
@given(store_orders(), st.text(min_size=1, max_size=20).filter(str.strip))
def test_a_corrected_sku_changes_nothing_else(order: Order, sku: str) -> None:
    before = order.lines[0].sku
    fixed = corrected(order, (Correction("lines[0].sku", before, sku),), {})
    assert fixed.lines[0].sku == sku
    assert replace(fixed, lines=(replace(fixed.lines[0], sku=before), *fixed.lines[1:])) == order


@settings(deadline=None, max_examples=40)
@given(store_orders(), st.text(max_size=20))
def test_a_correction_ends_when_the_store_value_changes(order: Order, seen: str) -> None:
    agreed = Correction("billing_address.zip", seen, "99999")
    fixed = corrected(order, (agreed,), {})
    assert (fixed == order) == (seen != order.billing.postcode or order.billing.postcode == "99999")


@settings(deadline=None, max_examples=40)
@given(store_orders())
def test_a_mapped_sku_is_mapped_on_every_line(order: Order) -> None:
    sku = order.lines[0].sku
    fixed = corrected(order, (), {sku: "IN-CIN7"})
    assert [line.sku for line in fixed.lines] == ["IN-CIN7" if line.sku == sku else line.sku for line in order.lines]
    assert (fixed.total_inc_tax, fixed.value) == (order.total_inc_tax, order.value)


@pytest.mark.parametrize("field", ["total_inc_tax", "lines[0].quantity", "lines[0].total_inc_tax", "status_id", ""])
def test_money_and_quantities_are_not_corrected_here(field: str) -> None:
    assert "Correct amounts and quantities in BigCommerce" in problem_with(field, "1")


@settings(deadline=None, max_examples=40)
@given(store_orders())
def test_a_field_that_the_order_does_not_have_is_ignored(order: Order) -> None:
    far = Correction("lines[99].sku", "", "X")
    assert value_at(order, far.field) is None
    assert corrected(order, (far, Correction("shipping_addresses[99].zip", "", "X")), {}) == order
