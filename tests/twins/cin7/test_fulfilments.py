"""Parcels: boxes and tracking, and how they are returned."""

from __future__ import annotations

from typing import Any

import pytest

from tests.twins.cin7.bench import Bench


def ship_lines(bench: Bench, sale: str) -> list[Any]:
    return [line for task in bench.whole(sale)["Fulfilments"] for line in task["Ship"]["Lines"]]


def two_boxes(bench: Bench) -> tuple[str, str]:
    """Creates a packed sale with three apples in box A and two pears in box B."""
    sale = bench.ordered(bench.line(quantity=3), bench.line("PEAR", 2, "2.00"))
    bench.twin.pick(sale)
    bench.twin.pack(
        sale, lines=[{"sku": "APPLE", "quantity": 3, "box": "A"}, {"sku": "PEAR", "quantity": 2, "box": "B"}]
    )
    return sale, bench.whole(sale)["Fulfilments"][0]["TaskID"]


def test_ship_lines_are_written_as_box_and_read_as_boxes() -> None:
    bench = Bench()
    _, task = two_boxes(bench)
    line = {"ShipmentDate": "2026-03-02T10:00:00.000", "Carrier": "UPS", "Box": "A,B", "TrackingNumber": "1Z9"}
    bench.ok("POST", "/sale/fulfilment/ship", {"TaskID": task, "Status": "AUTHORISED", "Lines": [line]})
    lines = bench.ok("GET", "/sale/fulfilment/ship", TaskID=task)["Lines"][0]
    assert (lines["Boxes"], lines["ShipmentDate"], lines["IsShipped"]) == ("A,B", "2026-03-02T00:00:00", True)
    assert "Box" not in lines
    assert lines["TrackingURL"].endswith("1Z9")


def test_boxes_under_the_name_that_is_read_are_not_understood() -> None:
    bench = Bench()
    _, task = two_boxes(bench)
    line = {"ShipmentDate": "2026-03-02", "Boxes": "A"}
    text = bench.refused("POST", "/sale/fulfilment/ship", {"TaskID": task, "Status": "AUTHORISED", "Lines": [line]})
    assert text == "Required attribute Box is not provided."


@pytest.mark.parametrize("listed", [True, False])
def test_a_box_that_stays_leaves_the_ship_partially_authorised(listed: bool) -> None:
    bench = Bench()
    bench.twin.switches["unshipped_boxes_listed"] = listed
    sale, _ = two_boxes(bench)
    bench.twin.ship(sale, boxes="A", tracking="T1")
    task = bench.whole(sale)["Fulfilments"][0]
    assert (task["Ship"]["Status"], task["FulFilmentStatus"]) == ("PARTIALLY AUTHORISED", "PARTIALLY FULFILLED")
    assert [(line["Boxes"], line["IsShipped"]) for line in task["Ship"]["Lines"]] == [("A", True), ("B", False)][
        : 1 + listed
    ]
    bench.twin.ship(sale, tracking="T2")
    assert [(line["Boxes"], line["TrackingNumber"]) for line in ship_lines(bench, sale)] == [("A", "T1"), ("B", "T2")]
    assert bench.row(sale)["CombinedShippingStatus"] == "SHIPPED"


def test_a_box_that_was_never_packed_cannot_leave_and_none_leaves_twice() -> None:
    bench = Bench()
    sale, _ = two_boxes(bench)
    with pytest.raises(ValueError, match="Box 'C' was not found"):
        bench.twin.ship(sale, boxes="C")
    bench.twin.ship(sale, boxes="A")
    with pytest.raises(ValueError, match="Box 'A' has been shipped"):
        bench.twin.ship(sale, boxes="A")


def test_the_boxes_that_stayed_leave_from_the_screen_and_not_by_api() -> None:
    bench = Bench()
    sale, task = two_boxes(bench)
    boxes = [{"ShipmentDate": "2026-03-02", "Carrier": "UPS", "Box": box, "IsShipped": box == "A"} for box in "AB"]
    body = {"TaskID": task, "Status": "AUTHORISED", "Lines": boxes}
    assert bench.ok("POST", "/sale/fulfilment/ship", body)["Status"] == "PARTIALLY AUTHORISED"
    for method in ("POST", "PUT"):
        assert "PARTIALLY AUTHORISED" in bench.refused(method, "/sale/fulfilment/ship", body)
    bench.twin.ship(sale)
    assert bench.row(sale)["CombinedShippingStatus"] == "SHIPPED"


def test_a_shipment_has_a_separate_address_notes_and_date() -> None:
    bench = Bench()
    sale, task = two_boxes(bench)
    boxes = [{"ShipmentDate": "2026-03-02", "Box": "A,B"}]
    own = {"ShippingAddress": {"Line1": "2 Oak Rd"}, "ShippingNotes": "ring twice", "RequireBy": "2026-03-05"}
    ship = bench.ok("POST", "/sale/fulfilment/ship", {"TaskID": task, "Status": "AUTHORISED", "Lines": boxes, **own})
    assert (ship["ShippingAddress"], ship["ShippingNotes"]) == ({"Line1": "2 Oak Rd"}, "ring twice")
    assert ship["RequireBy"] == "2026-03-05T00:00:00"
    assert bench.whole(sale)["ShippingAddress"]["Line1"] == "1 Elm St"


def test_no_more_is_packed_than_was_picked() -> None:
    bench = Bench()
    sale = bench.ordered(bench.line(quantity=3))
    bench.twin.pick(sale, lines=[{"sku": "APPLE", "quantity": 2}])
    with pytest.raises(ValueError, match="above the picked quantity"):
        bench.twin.pack(sale, lines=[{"sku": "APPLE", "quantity": 3, "box": "A"}])


def test_the_same_product_may_ship_in_two_fulfilments_of_one_sale() -> None:
    bench = Bench()
    sale = bench.ordered(bench.line(quantity=3))
    first = bench.twin.pick_pack_ship(sale, lines=[{"sku": "APPLE", "quantity": 1}], tracking="T1")
    assert bench.whole(sale)["Type"] == "Simple Sale"
    second = bench.twin.pick_pack_ship(sale, tracking="T2")
    assert (first["fulfilment_number"], second["fulfilment_number"]) == (1, 2)
    whole = bench.whole(sale)
    assert whole["Type"] == "Advanced Sale"
    assert [task["Pack"]["Lines"][0]["Quantity"] for task in whole["Fulfilments"]] == [1, 2]
    assert whole["CombinedTrackingNumbers"] == "T1, T2"


@pytest.mark.parametrize("moves", [True, False])
def test_late_tracking_changes_the_sale_and_its_modified_date_by_reading(moves: bool) -> None:
    bench = Bench()
    bench.twin.switches["updated_since_moves_on_tracking"] = moves
    sale = bench.ordered()
    bench.twin.pick_pack_ship(sale, carrier="UPS")
    before = bench.row(sale)["Updated"]
    bench.clock.pass_time(hours=2)
    bench.twin.add_tracking(sale, tracking="1Z5", carrier="FedEx")
    row = bench.row(sale)
    assert row["CombinedTrackingNumbers"] == "1Z5"
    assert (row["Updated"] != before) is moves
    assert [(line["Carrier"], line["TrackingNumber"]) for line in ship_lines(bench, sale)] == [("FedEx", "1Z5")]


def test_tracking_can_be_added_by_api_after_authorisation_only() -> None:
    bench = Bench()
    sale, task = two_boxes(bench)
    body = {
        "TaskID": task,
        "Status": "AUTHORISED",
        "AddTrackingNumbers": True,
        "Lines": [{"Box": "A", "TrackingNumber": "T"}],
    }
    assert "Ship is not authorised" in bench.refused("PUT", "/sale/fulfilment/ship", body)
    bench.twin.ship(sale, boxes="A")
    bench.ok("PUT", "/sale/fulfilment/ship", body)
    assert bench.row(sale)["CombinedTrackingNumbers"] == "T"


def test_combined_tracking_numbers_are_cut_at_256() -> None:
    bench = Bench()
    sale = bench.ordered(bench.line(quantity=4))
    for number in range(4):
        bench.twin.pick_pack_ship(sale, lines=[{"sku": "APPLE", "quantity": 1}], tracking=str(number) * 80)
    assert len(bench.row(sale)["CombinedTrackingNumbers"]) == 256
    assert len(ship_lines(bench, sale)) == 4


def test_the_invoice_that_names_a_fulfilment_is_linked_to_it() -> None:
    bench = Bench()
    sale = bench.ordered()
    bench.twin.pick_pack_ship(sale)
    assert bench.whole(sale)["Fulfilments"][0]["LinkedInvoiceNumber"] == ""
    bench.ok("POST", "/sale/invoice", bench.invoice_body(sale, LinkedFulfillmentNumber="1"))
    assert bench.whole(sale)["Fulfilments"][0]["LinkedInvoiceNumber"] == "INV-00001"


def test_the_tasks_of_a_simple_sale_may_use_the_sale_id() -> None:
    bench = Bench()
    bench.twin.switches["task_id_is_sale_id"] = True
    sale = bench.ordered()
    bench.twin.pick_pack_ship(sale)
    bench.ok("POST", "/sale/invoice", bench.invoice_body(sale))
    whole = bench.whole(sale)
    assert (whole["Fulfilments"][0]["TaskID"], whole["Invoices"][0]["TaskID"]) == (sale, sale)
    assert bench.ok("GET", "/sale/fulfilment/pick", TaskID=sale)["Status"] == "AUTHORISED"
    bench.ok("POST", "/sale/payment", bench.payment_body(sale))
    assert bench.row(sale)["Status"] == "COMPLETED"


def test_lines_include_product_information_on_request() -> None:
    bench = Bench()
    sale = bench.ordered()
    bench.twin.pick_pack_ship(sale)
    plain = bench.ok("GET", "/sale/fulfilment", SaleID=sale)["Fulfilments"][0]["Pick"]["Lines"][0]
    padded = bench.ok("GET", "/sale/fulfilment", SaleID=sale, IncludeProductInfo="true")
    assert "ProductLength" not in plain
    assert padded["Fulfilments"][0]["Pick"]["Lines"][0]["ProductCustomField10"] is None
    assert "ProductWeight" in bench.whole(sale)["Order"]["Lines"][0]
    assert "ProductWeight" not in bench.ok("GET", "/sale/order", SaleID=sale)["Lines"][0]
