"""Amounts of an order are consistent, as in the vendor's samples, for every basket."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twins.bigcommerce.harness import HandClock
from tests.twins.bigcommerce.order_harness import ANN
from weighbridge_twins.bigcommerce import BigCommerceTwin
from weighbridge_twins.bigcommerce.order_index import Order

ZERO = Decimal(0)
CENT = Decimal("0.01")
CHARGES = ("shipping", "handling", "wrapping")
CLASSES = [
    {"id": 0, "name": "Default Tax Class", "rates": [{"name": "Sales Tax", "rate": "8.25"}]},
    {"id": 1, "name": "Non-Taxable Products", "rates": []},
    {
        "id": 2,
        "name": "Shipping",
        "rates": [{"name": "State", "rate": "6.25"}, {"name": "City", "rate": "2", "priority": 2}],
    },
    {"id": 3, "name": "Gift Wrapping", "rates": [{"name": "GST", "rate": "5"}, {"name": "PST", "rate": "9.975"}]},
]

cents = st.integers(0, 50_000).map(lambda amount: Decimal(amount) / 100)


@st.composite
def line(draw: st.DrawFn) -> dict[str, Any]:
    total = draw(cents)
    discount = draw(st.integers(0, int(total * 100))) / Decimal(100)
    coupon = draw(st.integers(0, int((total - discount) * 100))) / Decimal(100)
    return {
        "name": "Thing",
        "quantity": draw(st.sampled_from((1, 2, 3, 7, 24, 10506))),
        "line_total": total,
        "discount": discount,
        "coupon": coupon,
        "tax_class_id": draw(st.integers(0, 3)),
        "address": draw(st.integers(0, 1)),
        "wrapping": {"cost": draw(cents)} if draw(st.booleans()) else {},
    }


baskets = st.fixed_dictionaries(
    {
        "lines": st.lists(line(), min_size=1, max_size=5),
        "shipping_addresses": st.just([ANN, ANN | {"city": "Dallas", "shipping_cost": "3.33"}]),
        "shipping_cost": cents,
        "handling_cost": cents,
        "wrapping_cost": cents,
        "order_discount": cents,
        "gift_certificate": cents,
        "store_credit": cents,
        "coupon_code": st.just("SAVE"),
        "fees": st.lists(st.fixed_dictionaries({"cost": cents, "tax_class_id": st.integers(0, 1)}), max_size=2),
    }
)


def placed(spec: dict[str, Any], *, inclusive: bool, **switches: Any) -> Order:
    twin = BigCommerceTwin(HandClock(), store_hash="shop", access_token="token", client_secret="secret")
    twin.act("settings", {"prices_include_tax": inclusive, "tax_classes": CLASSES, "shipping_tax_class_id": 2})
    twin.switches.update(switches)
    return twin.store.orders[twin.place_order(spec)]


def sum_of(rows: Any, name: str) -> Decimal:
    return sum((row[name] for row in rows), ZERO)


def assert_totals_are_consistent(order: Order, *, tenders_deducted: bool = False) -> None:
    fields = order.fields
    charged = sum((fields[f"{name}_cost_inc_tax"] for name in CHARGES), ZERO)
    total = fields["subtotal_inc_tax"] + charged - fields["discount_amount"] - fields["coupon_discount"]
    if tenders_deducted:
        total -= fields["gift_certificate_amount"] + fields["store_credit_amount"]
    assert fields["total_inc_tax"] == total
    assert fields["total_ex_tax"] == fields["total_inc_tax"] - fields["total_tax"]
    rows, fees = order.taxes, sum_of(order.fees, "cost_tax")
    assert fields["total_tax"] == sum_of(rows, "line_amount") + fees
    for name, kind in zip(CHARGES, ("shipping", "handling", "gift-wrapping"), strict=True):
        tax_rows = [row for row in rows if row["line_item_type"] == kind]
        assert (
            sum_of(tax_rows, "line_amount")
            == fields[f"{name}_cost_tax"]
            == fields[f"{name}_cost_inc_tax"] - fields[f"{name}_cost_ex_tax"]
        )
    assert sum_of(order.addresses, "cost_inc_tax") == fields["shipping_cost_inc_tax"]
    assert all(row["line_amount"] >= 0 for row in rows)


@settings(max_examples=150, deadline=None)
@given(spec=baskets, inclusive=st.booleans(), deducted=st.booleans())
def test_order_totals_are_consistent_for_every_basket(spec: dict[str, Any], inclusive: bool, deducted: bool) -> None:
    order = placed(spec, inclusive=inclusive, order_total_includes_tenders=not deducted)
    assert_totals_are_consistent(order, tenders_deducted=deducted)
    for row in order.products:
        assert 0 <= row["discounted_total_inc_tax"] <= row["total_inc_tax"]
        assert row["total_inc_tax"] - row["total_ex_tax"] == row["total_tax"]
        reductions = sum_of(row["applied_discounts"], "amount")
        assert row["discounted_total_inc_tax"] == row["total_inc_tax"] - reductions
        unit = Decimal("0.0001")
        assert abs(row["base_price"] * row["quantity"] - row["base_total"]) <= row["quantity"] * unit / 2
    paid = sum_of((row for row in order.transactions if row["event"] == "purchase"), "amount")
    tenders = order.fields["gift_certificate_amount"] + order.fields["store_credit_amount"]
    assert paid == order.fields["total_inc_tax"] + (tenders if deducted else ZERO)


@settings(max_examples=60, deadline=None)
@given(spec=baskets, inclusive=st.booleans(), quantity=st.integers(0, 9), cost=cents, discount=cents)
def test_order_totals_stay_consistent_after_edits(
    spec: dict[str, Any], inclusive: bool, quantity: int, cost: Decimal, discount: Decimal
) -> None:
    twin = BigCommerceTwin(HandClock(), store_hash="shop", access_token="token", client_secret="secret")
    twin.act("settings", {"prices_include_tax": inclusive, "tax_classes": CLASSES})
    order = twin.store.orders[twin.place_order(spec)]
    first = order.products[0]["id"]
    twin.edit_order(order.id, line=first, quantity=quantity, shipping_cost=cost, order_discount=discount)
    assert_totals_are_consistent(order)
    twin.edit_order(order.id, add_lines=[{"name": "More", "quantity": 3, "price": "1.005"}], remove_line=first)
    assert_totals_are_consistent(order)


@pytest.mark.parametrize("inclusive", [False, True])
def test_tax_is_computed_on_discounted_amounts(inclusive: bool) -> None:
    basket = {"lines": [{"name": "A", "quantity": 2, "line_total": "100", "coupon": "20", "coupon_code": "SAVE"}]}
    fields = placed(basket, inclusive=inclusive).fields
    tax = Decimal("6.10") if inclusive else Decimal("6.60")
    assert fields["total_tax"] == fields["subtotal_tax"] == tax
    assert fields["total_inc_tax"] == (Decimal(80) if inclusive else Decimal("86.60"))
    # The subtotals contain tax on undiscounted amounts, so that amounts without tax do not add up to the total.
    assert fields["subtotal_inc_tax"] - fields["subtotal_ex_tax"] > tax


def test_discounts_can_be_read_as_they_were_entered() -> None:
    basket = {"lines": [{"name": "A", "quantity": 1, "line_total": "100", "discount": "20"}]}
    assert placed(basket, inclusive=False).fields["discount_amount"] == Decimal("21.65")
    assert placed(basket, inclusive=False, discount_amounts="as_entered").fields["discount_amount"] == 20


def test_line_total_wins_over_a_rounded_unit_price() -> None:
    order = placed({"lines": [{"name": "Fuel", "quantity": 10506, "line_total": "21.00"}]}, inclusive=True)
    (row,) = order.products
    assert (row["base_price"], row["total_inc_tax"]) == (Decimal("0.0020"), Decimal("21.00"))


def test_a_line_with_zero_quantity_and_price_is_accepted() -> None:
    order = placed({"lines": [{"name": "Nothing", "quantity": 0, "line_total": "0"}]}, inclusive=False)
    assert (order.products[0]["price_inc_tax"], order.fields["total_inc_tax"]) == (0, 0)


def test_a_unit_price_below_a_cent_is_rounded_by_the_line() -> None:
    order = placed({"lines": [{"name": "Dust", "quantity": 3, "price": "0.0049", "tax_class_id": 1}]}, inclusive=False)
    assert order.fields["total_inc_tax"] == CENT


def test_stacked_taxes_compound_and_each_has_a_row() -> None:
    lines = [{"name": "A", "quantity": 1, "line_total": "100", "tax_class_id": 2}]
    rows = placed({"lines": lines}, inclusive=False).taxes
    tax_rows = [(row["name"], row["priority"], row["line_amount"]) for row in rows]
    # 2 % on 106.25.
    assert tax_rows == [("State", 1, Decimal("6.25")), ("City", 2, Decimal("2.13"))]
    within = placed({"lines": lines}, inclusive=True)
    assert [row["line_amount"] for row in within.taxes] == [Decimal("5.77"), Decimal("1.96")]
    assert within.fields["total_ex_tax"] == Decimal("92.27")


def test_order_discount_is_allocated_to_lines_to_the_last_cent() -> None:
    lines = [{"name": name, "quantity": 1, "line_total": "10.00", "tax_class_id": 1} for name in "ABC"]
    order = placed({"lines": lines, "order_discount": "10.00"}, inclusive=False)
    shares = [row["applied_discounts"][0]["amount"] for row in order.products]
    assert sorted(shares) == [Decimal("3.33"), Decimal("3.33"), Decimal("3.34")]
    assert {row["applied_discounts"][0]["target"] for row in order.products} == {"order"}
    assert order.fields["discount_amount"] == 10


def test_yen_have_no_cents() -> None:
    order = placed({"lines": [{"name": "A", "quantity": 1, "line_total": "999"}], "currency": "JPY"}, inclusive=False)
    assert order.fields["total_inc_tax"] == 1081
    assert order.fields["default_currency_code"] == "JPY"


def test_fees_are_included_in_the_subtotal_or_not() -> None:
    basket = {"lines": [{"name": "A", "quantity": 1, "line_total": "10", "tax_class_id": 1}], "fees": [{"cost": "2"}]}
    inside, beside = placed(basket, inclusive=False), placed(basket, inclusive=False, fees_in_subtotal=False)
    assert (inside.fields["subtotal_inc_tax"], beside.fields["subtotal_inc_tax"]) == (12, 10)
    assert inside.fields["total_inc_tax"] == beside.fields["total_inc_tax"] == 12


def test_a_gift_certificate_is_a_tender_and_never_more_than_the_order() -> None:
    basket = {"lines": [{"name": "A", "quantity": 1, "line_total": "10", "tax_class_id": 1}], "gift_certificate": "25"}
    order = placed(basket, inclusive=False)
    assert (order.fields["gift_certificate_amount"], order.fields["total_inc_tax"]) == (10, 10)
    assert [(row["method"], row["gateway"]) for row in order.transactions] == [("gift_certificate", "giftcertificate")]
