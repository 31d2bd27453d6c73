"""The demonstration's comparison of changed orders detects a cent, an extra sale and a missing credit note."""

from __future__ import annotations

from typing import Any

import pytest

from weighbridge_simulation.demo.summary import Held, Summary, summarise

QUOTA = {"calls": 10, "peak_share": 0.1, "throttled": 0}
STREET = "12 Mill Lane"


def order(order_id: int, total: str, status: int = 11, refunds: tuple[str, ...] = ()) -> dict[str, Any]:
    fields = {
        "id": order_id,
        "status_id": status,
        "is_deleted": False,
        "total_inc_tax": total,
        "payment_status": "paid",
    }
    rows = [{"total_amount": amount, "payments": [{"is_declined": False}]} for amount in refunds]
    address = {"street_1": STREET}
    return {
        "fields": fields,
        "products": [],
        "addresses": [address],
        "shipments": [],
        "transactions": [],
        "refunds": rows,
    }


def sale(order_id: int, total: str, credited: tuple[str, ...] = (), street: str = STREET) -> dict[str, Any]:
    restock = [{"SKU": "MUG", "Quantity": "1"}]
    notes = [{"Status": "AUTHORISED", "Total": amount, "Restock": restock} for amount in credited]
    header = {"ExternalID": f"bc:store:{order_id}", "ShippingAddress": {"Line1": street}}
    documents = {"order": {"Total": total}, "invoices": [], "payments": [], "fulfilments": [], "credit_notes": notes}
    return {"voided": False, "header": header, **documents}


def summary(orders: list[Any], sales: list[Any], edited: tuple[str, ...] = (), *held_orders: str) -> Summary:
    bigcommerce = {"orders": orders, "location_stock": [], "products": []}
    cin7 = {"sales": sales, "products": [], "stock": []}
    holds = {key: Held(key, "changed_after_picking", "operations", "wait") for key in held_orders}
    return summarise(bigcommerce, cin7, QUOTA, QUOTA, holds, frozenset(), frozenset(edited))


def test_credits_that_equal_refunds_balance() -> None:
    balanced_run = summary([order(1, "45.06", 14, ("13.53", "3.00"))], [sale(1, "45.06", ("13.53", "3.00"))])
    assert balanced_run.balanced
    assert (balanced_run.changes.refunds, balanced_run.changes.credit_notes) == (2, 2)
    assert (balanced_run.changes.refunded_total, balanced_run.changes.credited_total) == ("16.53", "16.53")
    assert balanced_run.changes.units_restocked == "2"


@pytest.mark.parametrize("credited", [(), ("13.52",), ("13.53", "13.53")])
def test_a_missing_different_or_duplicate_credit_note_does_not_balance(credited: tuple[str, ...]) -> None:
    orders, sales = [order(1, "45.06", 14, ("13.53",))], [sale(1, "45.06", credited)]
    assert not summary(orders, sales).balanced
    held = summary(orders, sales, (), "1:7")
    assert held.balanced, "a refund that waits for a person is listed as held instead"
    assert [hold.order for hold in held.held] == ["1:7"]


def test_credits_of_two_orders_do_not_balance_each_other() -> None:
    orders = [order(1, "9.00", 14, ("3.00",)), order(2, "9.00", 14, ("4.00",))]
    swapped_credits = summary(orders, [sale(1, "9.00", ("4.00",)), sale(2, "9.00", ("3.00",))])
    assert swapped_credits.changes.refunded_total == swapped_credits.changes.credited_total
    assert not swapped_credits.balanced


@pytest.mark.parametrize("status", [5, 6])
def test_an_ended_order_keeps_no_live_sale_unless_a_person_must_end_it(status: int) -> None:
    ended = order(1, "45.06", status)
    assert summary([ended], []).balanced
    assert not summary([ended], [sale(1, "45.06")]).balanced
    assert summary([ended], [sale(1, "45.06")], (), "1").balanced
    assert summary([ended], [sale(1, "45.06")], (), "1").changes.ended_with_sale == 1


def test_an_order_refunded_in_full_needs_a_full_credit_or_no_sale() -> None:
    refunded = order(1, "45.06", 4, ("45.06",))
    assert summary([refunded], []).changes.ended_orders == 1
    assert summary([refunded], []).balanced
    assert summary([refunded], [sale(1, "45.06", ("45.06",))]).balanced
    assert not summary([refunded], [sale(1, "45.06")]).balanced


def test_an_edited_order_balances_when_its_sale_has_the_same_total_and_address() -> None:
    followed = summary([order(1, "45.06")], [sale(1, "45.06")], ("1",))
    assert (followed.changes.edited_orders, followed.changes.edited_equal) == (1, 1)
    elsewhere = summary([order(1, "45.06")], [sale(1, "45.06", street="Old Road 1")], ("1",))
    assert elsewhere.changes.edited_equal == 0
    assert not elsewhere.balanced
    assert not summary([order(1, "48.06")], [sale(1, "45.06")], ("1",)).balanced
    assert summary([order(1, "48.06")], [sale(1, "45.06")], ("1",), "1").balanced
