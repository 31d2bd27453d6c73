"""Levels are published to the store, and parcels are reported to it."""

from __future__ import annotations

from pathlib import Path

from tests.flows.harness import harness


def test_shippable_levels_are_published_and_a_run_without_changes_writes_nothing(tmp_path: Path) -> None:
    with harness(tmp_path) as trial:
        trial.push_stock()
        assert trial.twins.act("bigcommerce", "stock_levels") == {"MUG": 100, "TEA": 500}
        puts = len([call for call in trial.twins.calls("bigcommerce") if call["method"] == "PUT"])
        trial.push_stock()
        assert len([call for call in trial.twins.calls("bigcommerce") if call["method"] == "PUT"]) == puts


def test_units_of_a_held_order_are_not_offered_at_the_store(tmp_path: Path) -> None:
    """Cin7 does not have a held order; publishing its availability unchanged would sell the same units twice."""
    with harness(tmp_path) as trial:
        trial.place(lines=[{"sku": "MUG", "quantity": 7}, {"sku": "NOPE", "quantity": 1, "price": "1.00"}])
        trial.run()
        trial.push_stock()
        assert trial.twins.act("bigcommerce", "stock_levels")["MUG"] == 93


def test_two_parcels_become_two_shipments_and_late_tracking_follows(tmp_path: Path) -> None:
    with harness(tmp_path) as trial:
        order_id = trial.place()
        trial.run()
        sale = trial.assert_one_sale(order_id)
        first = {"sale_id": sale["id"], "carrier": "FedEx", "tracking": "T-1", "lines": [{"sku": "MUG", "quantity": 2}]}
        trial.twins.act("cin7", "pick_pack_ship", first)
        trial.ship()
        trial.ship()
        assert [shipment["tracking_number"] for shipment in trial.shipments(order_id)] == ["T-1"]
        assert trial.order(order_id)["status_id"] == 3
        trial.twins.act("cin7", "pick_pack_ship", {"sale_id": sale["id"], "carrier": "UPS"})
        trial.ship()
        shipments = trial.shipments(order_id)
        quantities = [(shipment["tracking_number"], shipment["items"][0]["quantity"]) for shipment in shipments]
        assert quantities == [("T-1", 2), ("", 3)]
        assert trial.order(order_id)["status_id"] == 2
        late = {"sale_id": sale["id"], "fulfilment_number": 2, "tracking": "T-2", "carrier": "UPS"}
        trial.twins.act("cin7", "add_tracking", late)
        trial.ship()
        assert [shipment["tracking_number"] for shipment in trial.shipments(order_id)] == ["T-1", "T-2"]


def test_shipment_whose_answer_was_lost_is_not_sent_twice(tmp_path: Path) -> None:
    with harness(tmp_path) as trial:
        order_id = trial.place()
        trial.run()
        sale = trial.assert_one_sale(order_id)
        trial.twins.act("cin7", "pick_pack_ship", {"sale_id": sale["id"], "carrier": "UPS", "tracking": "T-9"})
        match = {"method": "POST", "path": "/shipments$"}
        trial.twins.fault("bigcommerce", {"fault": "drop_after", "match": match, "times": 1})
        trial.ship()
        trial.ship()
        assert [shipment["tracking_number"] for shipment in trial.shipments(order_id)] == ["T-9"]


def test_units_sold_in_unprocessed_orders_are_not_offered_again(tmp_path: Path) -> None:
    """The store's list does not show the order yet, but its stock has decreased."""
    with harness(tmp_path, bigcommerce_switches={"delayed_visibility_seconds": 7 * 86400}) as trial:
        trial.push_stock()
        trial.place(lines=[{"sku": "MUG", "quantity": 6}])
        trial.twins.act("cin7", "count_stock", {"sku": "MUG", "quantity": 90})
        trial.push_stock()
        assert trial.transfers("orders") == []
        assert trial.twins.act("bigcommerce", "stock_levels")["MUG"] == 84
