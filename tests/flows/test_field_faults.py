"""Faults that merchants reported from the field: see docs/field-faults.md."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.flows.harness import ADDRESS, Harness, by_key, harness
from weighbridge.persistence.repositories.transfers import State

SECOND_ADDRESS = ADDRESS | {"street_1": "7 Weaver Rd", "city": "Dallas", "zip": "75201"}


@pytest.fixture
def trial(tmp_path: Path) -> Any:
    with harness(tmp_path) as started:
        yield started


def test_orders_that_must_not_be_posted_are_not_posted(trial: Harness) -> None:
    """Test orders, carts that were paid and never completed, disputes, and totals that staff overrode."""
    test_order = trial.place(test=True)
    incomplete = trial.place(status_id=0)
    disputed = trial.place(status_id=13)
    overridden, good = trial.place(), trial.place()
    changes = {"total_inc_tax": "30.0000", "order_id": overridden}
    trial.twins.act("bigcommerce", "corrupt_order", {"order_id": overridden, "set": changes})
    rows = by_key(trial.run())
    assert rows[str(test_order)].state is rows[str(incomplete)].state is State.NOT_CAPTURED
    assert (rows[str(disputed)].state, rows[str(disputed)].reason_kind) == (State.HELD, "status_on_hold")
    assert (rows[str(overridden)].state, rows[str(overridden)].reason_kind) == (State.HELD, "totals_do_not_add_up")
    assert rows[str(overridden)].owner == "finance"
    trial.assert_one_sale(good)
    assert len(trial.sales()) == 1
    for order_id in (incomplete, disputed):
        trial.twins.act("bigcommerce", "set_status", {"order_id": order_id, "status_id": 11})
    trial.twins.act("bigcommerce", "corrupt_order", {"order_id": overridden})
    rows = by_key(trial.run())
    for order_id in (incomplete, disputed, overridden):
        trial.assert_one_sale(order_id)
    assert rows[str(test_order)].state is State.NOT_CAPTURED
    assert len(trial.sales()) == 4


def test_basket_submitted_twice_is_two_orders_with_a_sale_each(trial: Harness) -> None:
    """Only a person can tell a mistake from a second purchase; until the store cancels one, both are posted."""
    first, second = trial.place(), trial.place()
    trial.run()
    sales = [trial.assert_one_sale(order_id)["id"] for order_id in (first, second)]
    assert [trial.order(order_id)["external_order_id"] for order_id in (first, second)] == sales
    trial.twins.act("bigcommerce", "cancel_order", {"order_id": second})
    trial.run()
    assert [sale["id"] for sale in trial.sales()] == sales[:1]


def test_declined_order_releases_its_stock(trial: Harness) -> None:
    order_id = trial.place()
    trial.run()
    trial.assert_one_sale(order_id)
    trial.twins.act("bigcommerce", "set_status", {"order_id": order_id, "status_id": 6})
    row = by_key(trial.run())[str(order_id)]
    assert (row.state, trial.sales(order_id)) == (State.CANCELLED, [])
    trial.push_stock()
    assert trial.twins.act("bigcommerce", "stock_levels") == {"MUG": 100, "TEA": 500}


def test_ids_of_options_come_as_text_or_number(trial: Harness) -> None:
    placed = [trial.place(), trial.place()]
    for order_id, value in zip(placed, ("103", 103), strict=True):
        option = {"id": 1, "option_id": value, "product_option_id": value, "value": value, "display_value": "Blue"}
        corruption = {"order_id": order_id, "product_set": {"product_options": [option]}}
        trial.twins.act("bigcommerce", "corrupt_order", corruption)
    trial.run()
    for order_id in placed:
        trial.assert_one_sale(order_id)


def test_digital_order_needs_no_shipping_address_and_a_physical_one_does(trial: Harness) -> None:
    download = {"name": "Brewing guide", "sku": "TEA", "quantity": 1, "price": "5.00", "type": "digital"}
    digital = trial.place(lines=[download], shipping_addresses=[], shipping_cost="0")
    physical = trial.place(shipping_addresses=[])
    rows = by_key(trial.run())
    trial.assert_one_sale(digital)
    assert (rows[str(physical)].state, rows[str(physical)].reason_kind) == (State.HELD, "address_incomplete")


def test_only_received_money_is_posted(tmp_path: Path) -> None:
    """Staff raised an order after it was paid: the invoice has the order's total, the payment the received amount."""
    with harness(tmp_path, post="invoice_and_payment") as trial:
        order_id = trial.place()
        received = trial.order(order_id)["total_inc_tax"]
        trial.twins.act("bigcommerce", "edit_order", {"order_id": order_id, "shipping_cost": "9.00"})
        trial.run()
        sale = trial.assert_one_sale(order_id)
        assert [Decimal(str(payment["Amount"])) for payment in sale["payments"]] == [received]
        assert [invoice["Status"] for invoice in sale["invoices"]] == ["AUTHORISED"], "something is still owed"


def test_money_above_the_order_waits_for_finance(tmp_path: Path) -> None:
    with harness(tmp_path, post="invoice_and_payment") as trial:
        order_id = trial.place()
        changes = {"order_id": order_id, "transaction_set": {"amount": 9999}}
        trial.twins.act("bigcommerce", "corrupt_order", changes)
        row = by_key(trial.run())[str(order_id)]
        assert (row.state, row.reason_kind, row.owner) == (State.HELD, "payments_do_not_add_up", "finance")


@pytest.mark.parametrize("answer", ["POST", "GET"])
def test_shipment_without_items_array_is_not_sent_twice(trial: Harness, answer: str) -> None:
    """The parcel holds half of the order, so the store would accept the same units a second time."""
    order_id = trial.place(lines=[{"sku": "MUG", "quantity": 2}])
    trial.run()
    sale_id = trial.assert_one_sale(order_id)["id"]
    parcel = {"sale_id": sale_id, "carrier": "UPS", "tracking": "T-1", "lines": [{"sku": "MUG", "quantity": 1}]}
    trial.twins.act("cin7", "pick_pack_ship", parcel)
    path = "items" if answer == "POST" else "*.items"
    match = {"method": answer, "path": "/shipments$"}
    trial.twins.fault("bigcommerce", {"fault": "mutate", "path": path, "drop": True, "match": match})
    if answer == "GET":
        lost = {"method": "POST", "path": "/shipments$"}
        trial.twins.fault("bigcommerce", {"fault": "drop_after", "match": lost, "times": 1})
    for _ in range(3):
        trial.ship()
    assert [shipment["tracking_number"] for shipment in trial.shipments(order_id)] == ["T-1"]
    assert [row.state for row in trial.transfers("fulfilment")] == [State.POSTED]
    posts = [call for call in trial.twins.calls("bigcommerce") if call["path"].endswith("/shipments")]
    assert [call["method"] for call in posts].count("POST") == 1


def test_each_address_gets_its_own_shipment(trial: Harness) -> None:
    """A parcel for one address is reported; a parcel with goods for two addresses is held for a person."""
    lines = [{"sku": "MUG", "quantity": 2, "address": 0}, {"sku": "TEA", "quantity": 3, "address": 1}]
    split, joined = (trial.place(lines=lines, shipping_addresses=[ADDRESS, SECOND_ADDRESS]) for _ in range(2))
    trial.run()
    sale_id = trial.assert_one_sale(split)["id"]
    for sku, quantity in (("MUG", 2), ("TEA", 3)):
        parcel = {"sale_id": sale_id, "carrier": "UPS", "tracking": sku, "lines": [{"sku": sku, "quantity": quantity}]}
        trial.twins.act("cin7", "pick_pack_ship", parcel)
    trial.twins.act("cin7", "pick_pack_ship", {"sale_id": trial.assert_one_sale(joined)["id"], "carrier": "UPS"})
    trial.ship()
    shipments = trial.shipments(split)
    assert len({shipment["order_address_id"] for shipment in shipments}) == 2
    assert [shipment["tracking_number"] for shipment in shipments] == ["MUG", "TEA"]
    assert trial.shipments(joined) == []
    held = [row for row in trial.transfers("fulfilment") if row.state is State.HELD]
    assert [(row.reason_kind, row.target_id) for row in held] == [("parcel_unmatched", str(joined))]


def test_stock_beyond_the_range_of_the_store_is_clamped(trial: Harness) -> None:
    """The store keeps levels in 32 bits and fails silently beyond them."""
    trial.twins.act("cin7", "seed", {"stock": [{"sku": "MUG", "on_hand": 3_000_000_000}]})
    trial.push_stock()
    levels = trial.twins.act("bigcommerce", "stock_levels")
    assert levels == {"MUG": 2_147_483_647, "TEA": 500}


def test_more_items_than_a_filter_takes_are_published_and_read_back(trial: Harness) -> None:
    """Lists filtered by SKU return at most 50 SKUs; the 51st must neither be lost nor published again and again."""
    skus = [f"SPOON-{number:03}" for number in range(120)]
    goods = [{"sku": sku, "name": sku, "price": "1.00", "tax_class_id": 0} for sku in skus]
    trial.twins.act("bigcommerce", "seed_products", goods)
    seed = {
        "products": [{"sku": sku, "name": sku} for sku in skus],
        "stock": [{"sku": sku, "on_hand": 5} for sku in skus],
    }
    trial.twins.act("cin7", "seed", seed)
    trial.push_stock()
    assert trial.twins.act("bigcommerce", "stock_levels") == {"MUG": 100, "TEA": 500} | dict.fromkeys(skus, 5)
    publish_calls = _publish_call_count(trial)
    for _ in range(3):
        trial.push_stock()
    reads = [call for call in trial.twins.calls("bigcommerce") if call["path"].endswith("/inventory/items")]
    assert reads, "published levels must be read back"
    assert _publish_call_count(trial) == publish_calls


def _publish_call_count(trial: Harness) -> int:
    calls = trial.twins.calls("bigcommerce")
    return len([call for call in calls if call["path"].endswith("/inventory/adjustments/absolute")])


def test_items_untracked_at_the_store_are_not_published(trial: Harness) -> None:
    """Their levels are not published, and the levels of other items are."""
    loose = {"sku": "GIFT", "name": "Gift wrap", "price": "1.00", "tax_class_id": 0, "tracking": "none"}
    trial.twins.act("bigcommerce", "seed_products", [loose])
    trial.twins.act(
        "cin7", "seed", {"products": [{"sku": "GIFT", "name": "Gift"}], "stock": [{"sku": "GIFT", "on_hand": 9}]}
    )
    trial.push_stock()
    assert trial.twins.act("bigcommerce", "stock_levels") == {"MUG": 100, "TEA": 500}, "tracked items only"


def test_token_without_a_scope_waits_and_recovers(trial: Harness) -> None:
    """After a changed scope the store answers 403 until the merchant approves it again."""
    match = {"path": "/v2/orders/[0-9]+"}
    trial.twins.fault("bigcommerce", {"fault": "error_before", "status": 403, "match": match, "times": 2})
    order_id = trial.place()
    trial.run()
    trial.assert_one_sale(order_id)


SWEPT = """
[connections.main.design.cadence]
orders_seconds = 86400
webhooks_seconds = 300
"""


def test_webhooks_that_vanished_with_their_account_are_registered_again(tmp_path: Path) -> None:
    placed: list[int] = []

    def act(trial: Harness) -> None:
        trial.twins.run(lambda: trial.twins.bigcommerce.store.webhooks.clear())
        placed.append(trial.place())

    def done(trial: Harness) -> bool:
        return bool(trial.bigcommerce_webhooks()) and bool(trial.order(placed[0])["external_order_id"])

    with harness(tmp_path, design=SWEPT) as trial:
        trial.listen(act, done)
        trial.assert_one_sale(placed[0])
