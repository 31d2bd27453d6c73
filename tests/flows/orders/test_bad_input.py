"""Unusual and broken orders: each gets a finding with an owner, and ordinary orders are not delayed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.flows.harness import ADDRESS, Harness, by_key, harness
from weighbridge.persistence.repositories.transfers import State

LONG_SKU = "S" * 51
HOLDS: dict[str, tuple[dict[str, Any], str, str]] = {
    "unknown SKU": ({"lines": [{"sku": "NOPE", "quantity": 1, "price": "5.00"}]}, "sku_unknown", "ecommerce"),
    "blank SKU": ({"lines": [{"name": "Engraving", "quantity": 1, "price": "5.00"}]}, "sku_blank", "ecommerce"),
    "SKU over 50": ({"lines": [{"sku": LONG_SKU, "quantity": 1, "price": "5.00"}]}, "sku_too_long", "ecommerce"),
    "money without units": (
        {"lines": [{"sku": "TEA", "quantity": 1}, {"sku": "TEA", "quantity": 0, "line_total": "3.00"}]},
        "quantity_not_positive",
        "ecommerce",
    ),
    "nothing ordered": ({"lines": [{"sku": "TEA", "quantity": 0, "line_total": "0"}]}, "no_lines", "ecommerce"),
    "postcode over 20": ({"shipping_addresses": [ADDRESS | {"zip": "9" * 21}]}, "postcode_too_long", "ecommerce"),
    "no street": ({"billing_address": ADDRESS | {"street_1": ""}}, "address_incomplete", "ecommerce"),
    "unknown currency": ({"currency": "CHF"}, "currency_unknown", "finance"),
    "held at the store": ({"status_id": 12}, "status_on_hold", "ecommerce"),
}
BROKEN: dict[str, dict[str, Any]] = {
    "total is text": {"set": {"total_inc_tax": "abc"}},
    "total is missing": {"drop": ["total_inc_tax"]},
    "status is text": {"set": {"status_id": "eleven"}},
    "billing address is missing": {"drop": ["billing_address"]},
    "quantity is text": {"product_set": {"quantity": "many"}},
    "line total is missing": {"product_drop": ["total_inc_tax"]},
}


@pytest.fixture
def trial(tmp_path: Path) -> Any:
    with harness(tmp_path) as started:
        yield started


def test_each_bad_order_is_held_with_its_reason_and_the_good_one_passes(trial: Harness) -> None:
    bad = {name: trial.place(**changes) for name, (changes, _, _) in HOLDS.items()}
    good = trial.place()
    rows = by_key(trial.run())
    trial.assert_one_sale(good)
    for name, (_, kind, owner) in HOLDS.items():
        row = rows[str(bad[name])]
        assert (row.state, row.reason_kind, row.owner) == (State.HELD, kind, owner), (name, row.reason)
        assert "expected" in row.reason, name
        assert trial.sales(bad[name]) == [], name


def test_broken_payloads_are_held_and_delay_no_other_order(trial: Harness) -> None:
    bad = {name: trial.place() for name in BROKEN}
    for name, corruption in BROKEN.items():
        trial.twins.act("bigcommerce", "corrupt_order", {"order_id": bad[name], **corruption})
    good = trial.place()
    rows = by_key(trial.run())
    trial.assert_one_sale(good)
    for name, order_id in bad.items():
        row = rows[str(order_id)]
        assert (row.state, row.reason_kind) == (State.HELD, "payload_malformed"), (name, row.reason)
        assert "expected" in row.reason, name
    assert rows[str(good)].tries == 0, "posted at the first try"
    trial.twins.act("bigcommerce", "corrupt_order", {"order_id": bad["total is text"]})
    trial.run()
    trial.assert_one_sale(bad["total is text"])


def test_negative_quantity_is_held(trial: Harness) -> None:
    order_id = trial.place(lines=[{"sku": "TEA", "quantity": 1}])
    trial.twins.act("bigcommerce", "corrupt_order", {"order_id": order_id, "product_set": {"quantity": -1}})
    good = trial.place()
    rows = by_key(trial.run())
    trial.assert_one_sale(good)
    row = rows[str(order_id)]
    assert (row.state, row.owner) == (State.HELD, "ecommerce")
    assert ("quantity_not_positive", "-1") in [(finding["kind"], finding["value"]) for finding in row.findings]
    assert trial.sales(order_id) == []


def test_unusual_orders_are_posted_to_the_cent(trial: Harness) -> None:
    """36,000 units of a sub-cent price, 500 lines, emoji and right-to-left names, a line without units or money."""
    huge = trial.place(lines=[{"sku": "TEA", "quantity": 36_000, "line_total": "71.99"}])
    long = trial.place(lines=[{"sku": "TEA", "quantity": 1, "line_total": "0.37"} for _ in range(500)])
    names = trial.place(
        billing_address=ADDRESS | {"first_name": "Ana 🌻", "last_name": "Souza"},
        shipping_addresses=[ADDRESS | {"first_name": "نور", "last_name": "الهاشمي"}],
    )
    empty = trial.place(lines=[{"sku": "MUG", "quantity": 1}, {"sku": "GONE", "quantity": 0, "line_total": "0"}])
    rows = by_key(trial.run())
    for order_id in (huge, long, names, empty):
        trial.assert_one_sale(order_id)
    assert [finding["kind"] for finding in rows[str(empty)].findings] == ["empty_line_dropped"]
    assert "quantity_unusual" in [finding["kind"] for finding in rows[str(huge)].findings]
    assert len(trial.sales(long)[0]["order"]["Lines"]) == 500


def test_deleted_order_is_ignored_by_the_sweep(trial: Harness) -> None:
    order_id = trial.place()
    trial.run()
    other = trial.place()
    trial.twins.run(lambda: trial.twins.bigcommerce.store.orders.pop(other))
    rows = trial.run()
    assert str(other) not in by_key(rows), "a sweep does not see a deleted order"
    trial.assert_one_sale(order_id)


def test_unmapped_tax_is_held_for_finance(trial: Harness) -> None:
    trial.twins.act(
        "bigcommerce",
        "settings",
        {"tax_classes": [{"id": 0, "name": "Default", "rates": [{"name": "Moon Tax", "rate": "5"}]}]},
    )
    order_id = trial.place(shipping_cost="0")
    row = by_key(trial.run())[str(order_id)]
    assert (row.state, row.reason_kind, row.owner) == (State.HELD, "tax_unmapped", "finance")
    assert "Moon Tax" in row.reason
