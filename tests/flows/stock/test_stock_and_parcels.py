"""Stock goes to the shop, parcels come back to it."""

from __future__ import annotations

from pathlib import Path

from tests.flows.harness import rig


def test_shop_is_told_what_can_be_shipped_and_a_quiet_round_writes_nothing(tmp_path: Path) -> None:
    with rig(tmp_path) as trial:
        trial.push_stock()
        assert trial.twins.act("bigcommerce", "stock_levels") == {"MUG": 100, "TEA": 500}
        puts = len([call for call in trial.twins.calls("bigcommerce") if call["method"] == "PUT"])
        trial.push_stock()
        assert len([call for call in trial.twins.calls("bigcommerce") if call["method"] == "PUT"]) == puts


def test_held_order_is_taken_off_what_the_shop_may_sell(tmp_path: Path) -> None:
    """Cin7 knows nothing of a held order; pushing its plain figure would sell the same units twice."""
    with rig(tmp_path) as trial:
        trial.place(lines=[{"sku": "MUG", "quantity": 7}, {"sku": "NOPE", "quantity": 1, "price": "1.00"}])
        trial.run()
        trial.push_stock()
        assert trial.twins.act("bigcommerce", "stock_levels")["MUG"] == 93


def test_two_parcels_become_two_shipments_and_late_tracking_follows(tmp_path: Path) -> None:
    with rig(tmp_path) as trial:
        order_id = trial.place()
        trial.run()
        sale = trial.assert_one_sale(order_id)
        first = {"sale_id": sale["id"], "carrier": "FedEx", "tracking": "T-1", "lines": [{"sku": "MUG", "quantity": 2}]}
        trial.twins.act("cin7", "pick_pack_ship", first)
        trial.ship()
        trial.ship()
        assert [one["tracking_number"] for one in trial.shipments(order_id)] == ["T-1"]
        assert trial.order(order_id)["status_id"] == 3
        trial.twins.act("cin7", "pick_pack_ship", {"sale_id": sale["id"], "carrier": "UPS"})
        trial.ship()
        shipments = trial.shipments(order_id)
        assert [(one["tracking_number"], one["items"][0]["quantity"]) for one in shipments] == [("T-1", 2), ("", 3)]
        assert trial.order(order_id)["status_id"] == 2
        late = {"sale_id": sale["id"], "fulfilment_number": 2, "tracking": "T-2", "carrier": "UPS"}
        trial.twins.act("cin7", "add_tracking", late)
        trial.ship()
        assert [one["tracking_number"] for one in trial.shipments(order_id)] == ["T-1", "T-2"]


def test_shipment_whose_answer_was_lost_is_not_sent_twice(tmp_path: Path) -> None:
    with rig(tmp_path) as trial:
        order_id = trial.place()
        trial.run()
        sale = trial.assert_one_sale(order_id)
        trial.twins.act("cin7", "pick_pack_ship", {"sale_id": sale["id"], "carrier": "UPS", "tracking": "T-9"})
        match = {"method": "POST", "path": "/shipments$"}
        trial.twins.fault("bigcommerce", {"fault": "drop_after", "match": match, "times": 1})
        trial.ship()
        trial.ship()
        assert [one["tracking_number"] for one in trial.shipments(order_id)] == ["T-9"]


def test_what_the_shop_has_sold_in_orders_nobody_has_heard_of_is_not_offered_again(tmp_path: Path) -> None:
    """The shop's list does not show the order yet; its stock tells that somebody has bought."""
    with rig(tmp_path, bigcommerce_switches={"delayed_visibility_seconds": 7 * 86400}) as trial:
        trial.push_stock()
        trial.place(lines=[{"sku": "MUG", "quantity": 6}])
        trial.twins.act("cin7", "count_stock", {"sku": "MUG", "quantity": 90})
        trial.push_stock()
        assert trial.transfers("orders") == []
        assert trial.twins.act("bigcommerce", "stock_levels")["MUG"] == 84
