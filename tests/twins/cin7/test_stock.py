"""Stock: allocations, backorders and returns to stock."""

from __future__ import annotations

from typing import Any

import pytest

from tests.twins.cin7.bench import Bench


def shortages(bench: Bench, sale: str) -> list[Any]:
    return [line["BackorderQuantity"] for line in bench.ok("GET", "/sale/order", SaleID=sale)["Lines"]]


def test_an_authorised_order_allocates_stock_and_a_draft_does_not() -> None:
    bench = Bench()
    sale = bench.sale()
    bench.ok("POST", "/sale/order", bench.document(sale, bench.line(quantity=4), status="DRAFT"))
    assert bench.stock("APPLE") == (10, 0, 10)
    bench.ok("POST", "/sale/order", bench.document(sale, bench.line(quantity=4)))
    assert bench.stock("APPLE") == (10, 4, 6)


def test_a_shortage_silently_becomes_a_backorder() -> None:
    bench = Bench()
    sale = bench.ordered(bench.line(quantity=13))
    assert bench.row(sale)["Status"] == "BACKORDERED"
    assert shortages(bench, sale) == [3]
    assert bench.stock("APPLE") == (10, 10, 0)


def test_stock_at_another_location_is_not_allocated_to_an_order() -> None:
    bench = Bench()
    sale = bench.ordered(bench.line(quantity=12), header={"Location": "Overflow"})
    assert shortages(bench, sale) == [8]
    assert bench.stock("APPLE") == (10, 0, 10)
    assert bench.stock("APPLE", "Overflow") == (4, 4, 0)


def test_a_receipt_serves_the_oldest_backorder_first() -> None:
    bench = Bench()
    first = bench.ordered(bench.line(quantity=12))
    second = bench.ordered(bench.line(quantity=5))
    bench.twin.receive_stock("APPLE", 4)
    assert (shortages(bench, first), shortages(bench, second)) == ([0], [3])
    assert (bench.row(first)["Status"], bench.row(second)["Status"]) == ("ORDERED", "BACKORDERED")
    bench.twin.receive_stock("APPLE", 10)
    assert shortages(bench, second) == [0]
    assert bench.stock("APPLE") == (24, 17, 7)


def test_voiding_frees_stock_for_waiting_backorders() -> None:
    bench = Bench()
    first = bench.ordered(bench.line(quantity=8))
    second = bench.ordered(bench.line(quantity=5))
    assert shortages(bench, second) == [3]
    bench.ok("DELETE", "/sale", ID=first, Void="true")
    assert shortages(bench, second) == [0]
    assert bench.stock("APPLE") == (10, 5, 5)


def test_voiding_a_backordered_sale_with_picked_goods_puts_them_back_and_holds_nothing() -> None:
    bench = Bench()
    sale = bench.ordered(bench.line(quantity=12))
    bench.twin.pick(sale, lines=[{"sku": "APPLE", "quantity": 10}])
    assert bench.stock("APPLE") == (0, 0, 0)
    bench.twin.void_sale(sale)
    assert bench.stock("APPLE") == (10, 0, 10)


def test_undoing_and_reauthorising_an_order_reallocates_stock() -> None:
    bench = Bench()
    sale = bench.ordered(bench.line(quantity=8))
    waiting = bench.ordered(bench.line(quantity=4))
    bench.ok("DELETE", "/sale", ID=sale, Void="false")
    assert shortages(bench, waiting) == [0]
    bench.ok("POST", "/sale/order", bench.document(sale, bench.line(quantity=8)))
    assert shortages(bench, sale) == [2]


def test_by_the_other_reading_an_undone_order_keeps_the_allocation_until_it_is_reauthorised() -> None:
    bench = Bench()
    bench.twin.switches["undo_releases_allocation"] = False
    sale = bench.ordered(bench.line(quantity=8))
    bench.ok("DELETE", "/sale", ID=sale)
    assert bench.stock("APPLE") == (10, 8, 2)
    bench.ok("POST", "/sale/order", bench.document(sale, bench.line(quantity=5)))
    assert bench.stock("APPLE") == (10, 5, 5)


def test_picking_reduces_on_hand_and_allocated() -> None:
    bench = Bench()
    sale = bench.ordered(bench.line(quantity=4))
    bench.twin.pick(sale, lines=[{"sku": "APPLE", "quantity": 3}])
    assert bench.stock("APPLE") == (7, 1, 6)


@pytest.mark.parametrize("lines", [[3], [2, 1]])
def test_no_more_is_picked_than_was_ordered_however_the_lines_are_cut(lines: list[int]) -> None:
    bench = Bench()
    sale = bench.ordered(bench.line(quantity=2))
    cut = [{"sku": "APPLE", "quantity": units} for units in lines]
    with pytest.raises(ValueError, match="above the ordered quantity"):
        bench.twin.pick(sale, lines=cut)
    assert bench.whole(sale)["Fulfilments"] == []
    assert bench.stock("APPLE") == (10, 2, 8)


def test_units_that_others_hold_are_not_picked() -> None:
    bench = Bench()
    bench.ordered(bench.line(quantity=9))
    sale = bench.ordered(bench.line(quantity=3))
    with pytest.raises(ValueError, match="not available"):
        bench.twin.pick_pack_ship(sale, lines=[{"sku": "APPLE", "quantity": 3}])
    bench.twin.pick_pack_ship(sale)
    assert bench.stock("APPLE") == (9, 9, 0)


def test_a_backordered_unit_can_be_picked_at_another_location() -> None:
    bench = Bench()
    sale = bench.ordered(bench.line(quantity=12))
    bench.twin.pick_pack_ship(sale)
    bench.twin.pick_pack_ship(sale, lines=[{"sku": "APPLE", "quantity": 2, "location": "Overflow"}])
    assert shortages(bench, sale) == [0]
    assert bench.stock("APPLE", "Overflow") == (2, 0, 2)
    assert bench.row(sale)["CombinedShippingStatus"] == "SHIPPED"


def test_a_row_without_stock_and_allocation_vanishes() -> None:
    bench = Bench()
    sale = bench.ordered(bench.line(quantity=10))
    rows = bench.ok("GET", "/ref/productavailability", Sku="APPLE", Location="Main Warehouse")
    assert [row["Available"] for row in rows["ProductAvailabilityList"]] == [0]
    bench.twin.pick_pack_ship(sale)
    assert bench.ok("GET", "/ref/productavailability", Sku="APPLE", Location="Main Warehouse")["Total"] == 0


def test_a_count_below_the_allocation_makes_available_negative() -> None:
    bench = Bench()
    bench.ordered(bench.line(quantity=6))
    bench.twin.count_stock("APPLE", 4)
    assert bench.stock("APPLE") == (4, 6, -2)


def test_availability_has_a_row_with_stock_value_for_each_location_bin_and_batch() -> None:
    bench = Bench()
    bench.twin.seed(
        locations=[{"name": "Depot", "bins": ["A1"]}],
        stock=[
            {"sku": "PEAR", "location": "Depot", "bin": "A1", "on_hand": 5, "unit_cost": "0.50"},
            {"sku": "PEAR", "location": "Depot", "batch": "L7", "on_hand": 2, "expires": "2026-05-01T00:00:00"},
        ],
    )
    rows = bench.ok("GET", "/ref/productavailability", Sku="PEAR", Location="Depot")["ProductAvailabilityList"]
    assert [(row["Bin"], row["Batch"], row["OnHand"], row["StockOnHand"]) for row in rows] == [
        ("A1", None, 5, 2.5),
        (None, "L7", 2, 2),
    ]
    assert set(rows[0]) == {
        "ID", "SKU", "Name", "Barcode", "Location", "Bin", "Batch", "ExpiryDate", "OnHand", "Allocated", "Available",
        "OnOrder", "StockOnHand", "InTransit", "NextDeliveryDate",
    }  # fmt: skip


@pytest.mark.parametrize(("reading", "rows"), [("binless_row", {None: -3, "A1": 5}), ("bin_row", {"A1": 2})])
def test_where_the_allocation_of_a_bin_is_booked_is_a_matter_of_reading(reading: str, rows: dict[Any, int]) -> None:
    bench = Bench()
    bench.twin.switches["allocation_booked_on"] = reading
    depot = {"name": "Depot", "bins": ["A1"]}
    bench.twin.seed(locations=[depot], stock=[{"sku": "PEAR", "location": "Depot", "bin": "A1", "on_hand": 5}])
    sale = bench.ordered(bench.line("PEAR", 3, "2.00"), header={"Location": "Depot"})
    matching = bench.ok("GET", "/ref/productavailability", Sku="PEAR", Location="Depot")["ProductAvailabilityList"]
    assert {row["Bin"]: row["Available"] for row in matching} == rows
    bench.twin.pick_pack_ship(sale)
    assert bench.stock("PEAR", "Depot") == (2, 0, 2)


@pytest.mark.parametrize(("reading", "on_order"), [("repeated", [7, 7]), ("first_row", [7, 0])])
def test_on_order_may_be_repeated_on_each_bin(reading: str, on_order: list[int]) -> None:
    bench = Bench()
    bench.twin.switches["on_order_per_bin"] = reading
    bench.twin.seed(stock=[{"sku": "APPLE", "location": "Main Warehouse", "bin": "A1", "on_hand": 1}])
    bench.twin.order_stock("APPLE", 7, date="2026-03-09T00:00:00")
    answer = bench.ok("GET", "/ref/productavailability", Sku="APPLE", Location="Main Warehouse")
    assert [row["OnOrder"] for row in answer["ProductAvailabilityList"]] == on_order
    bench.twin.receive_stock("APPLE", 7)
    answer = bench.ok("GET", "/ref/productavailability", Sku="APPLE", Location="Main Warehouse")
    assert [row["OnOrder"] for row in answer["ProductAvailabilityList"]] == [0, 0]


def test_undoing_a_pick_reallocates_the_units_to_the_sale() -> None:
    bench = Bench()
    sale = bench.ordered(bench.line(quantity=4))
    bench.twin.pick_pack_ship(sale)
    task = bench.whole(sale)["Fulfilments"][0]["TaskID"]
    for expected in ("AUTHORISED", "AUTHORISED", "DRAFT"):
        done = bench.ok("DELETE", "/sale/fulfilment", TaskID=task, Void="false")
        assert done["Fulfilments"][0]["Pick"]["Status"] == expected
    assert bench.stock("APPLE") == (10, 4, 6)


def test_voiding_a_fulfilment_lets_the_order_be_repicked() -> None:
    bench = Bench()
    sale = bench.ordered(bench.line(quantity=4))
    bench.twin.pick_pack_ship(sale)
    task = bench.whole(sale)["Fulfilments"][0]["TaskID"]
    bench.ok("DELETE", "/sale/fulfilment", TaskID=task, Void="true")
    assert bench.row(sale)["CombinedShippingStatus"] == "NOT SHIPPED"
    assert bench.stock("APPLE") == (10, 4, 6)
    bench.twin.pick_pack_ship(sale)
    assert bench.stock("APPLE") == (6, 0, 6)


def test_an_automatic_dispatch_happens_only_without_a_backorder() -> None:
    bench = Bench()
    whole = bench.ordered(bench.line(quantity=3), AutoPickPackShipMode="AUTOPICKPACKSHIP")
    assert bench.row(whole)["CombinedShippingStatus"] == "SHIPPED"
    short = bench.ordered(bench.line(quantity=30), AutoPickPackShipMode="AUTOPICKPACKSHIP")
    assert bench.whole(short)["Fulfilments"] == []
    advanced = bench.ordered(
        bench.line("PEAR", 1, "2.00"), header={"SaleType": "Advanced"}, AutoPickPackShipMode="AUTOPICK"
    )
    assert bench.whole(advanced)["Fulfilments"] == []


def test_units_missing_after_a_count_cannot_be_picked() -> None:
    bench = Bench()
    sale = bench.ordered(bench.line(quantity=6))
    bench.twin.count_stock("APPLE", 4)
    with pytest.raises(ValueError, match="Quantity 6 of APPLE is not available at Main Warehouse"):
        bench.twin.pick(sale)
    bench.twin.pick(sale, lines=[{"sku": "APPLE", "quantity": 4}])
    assert bench.stock("APPLE") == (0, 2, -2)


def test_a_bin_that_is_named_twice_in_a_pick_is_counted_once() -> None:
    bench = Bench()
    bench.twin.seed(locations=[{"name": "Depot", "bins": ["A1"]}])
    bench.twin.receive_stock("APPLE", 5, "Depot", "A1")
    bench.twin.receive_stock("APPLE", 5, "Depot")
    sale = bench.ordered(bench.line(quantity=6), header={"Location": "Depot"})
    twice = [{"sku": "APPLE", "quantity": 3, "location": "Depot: A1"}] * 2
    with pytest.raises(ValueError, match="Quantity 6 of APPLE is not available at Depot: A1"):
        bench.twin.pick(sale, lines=twice)
    anywhere = {"sku": "APPLE", "quantity": 2, "location": "Depot"}
    named = {"sku": "APPLE", "quantity": 4, "location": "Depot: A1"}
    bench.twin.pick(sale, lines=[anywhere, named])
    assert bench.stock("APPLE", "Depot") == (4, 0, 4)
    assert all(row.on_hand >= 0 for row in bench.twin.company.stock.values())


def test_a_stock_count_below_zero_is_refused() -> None:
    bench = Bench()
    with pytest.raises(ValueError, match="must not be negative"):
        bench.twin.count_stock("APPLE", -1)
    line = {"SKU": "APPLE", "Location": "Main Warehouse", "Quantity": -1}
    body = {"EffectiveDate": "2026-03-02", "Status": "COMPLETED", "Lines": [line]}
    assert bench.refused("POST", "/stockadjustment", body) == "Quantity is invalid"
