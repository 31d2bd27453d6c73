"""Kits, which are assembled when their order is authorised."""

from __future__ import annotations

from typing import Any

import pytest

from tests.twins.cin7.bench import Bench


def baskets(bench: Bench, units: int, **header: Any) -> str:
    return bench.ordered(bench.line("BASKET", units, "9.00"), header=header)


def test_a_kit_is_available_as_often_as_it_can_be_assembled_from_components() -> None:
    bench = Bench()
    assert bench.stock("BASKET") == (5, 0, 5)
    assert bench.stock("BASKET", "Overflow") == (0, 0, 0)
    bench.ordered(bench.line("APPLE", 3))
    assert bench.stock("BASKET") == (3, 0, 3)


@pytest.mark.parametrize(("reading", "rows"), [("none", 0), ("row", 0), ("computed", 1)])
def test_the_availability_of_a_kit_is_a_matter_of_reading(reading: str, rows: int) -> None:
    bench = Bench()
    bench.twin.switches["kit_availability"] = reading
    assert bench.ok("GET", "/ref/productavailability", Sku="BASKET")["Total"] == rows
    bench.twin.receive_stock("BASKET", 2)
    assert bench.ok("GET", "/ref/productavailability", Sku="BASKET")["Total"] == (reading != "none")


def test_authorising_assembles_the_kits_and_creates_a_finished_goods_task() -> None:
    bench = Bench()
    sale = baskets(bench, 3)
    assert bench.stock("APPLE") == (4, 0, 4)
    assert bench.stock("PEAR") == (7, 0, 7)
    assert bench.stock("BASKET") == (5, 3, 2)
    tasks = bench.ok("GET", "/finishedGoodsList", SaleID=sale, Page=1, Limit=100)["FinishedGoods"]
    assert [(task["ProductCode"], task["Quantity"], task["Status"]) for task in tasks] == [("BASKET", 3, "COMPLETED")]
    whole = bench.ok("GET", "/finishedGoods", TaskID=tasks[0]["TaskID"])
    assert {line["ProductCode"]: line["Quantity"] for line in whole["PickLines"]} == {"APPLE": 6, "PEAR": 3}
    assert whole["Errors"] == []


def test_kits_are_built_all_or_none() -> None:
    bench = Bench()
    sale = baskets(bench, 6)
    line = bench.ok("GET", "/sale/order", SaleID=sale)["Lines"][0]
    assert line["BackorderQuantity"] == 6
    assert bench.stock("APPLE") == (10, 0, 10)
    assert bench.ok("GET", "/finishedGoodsList", SaleID=sale, Page=1, Limit=100)["Total"] == 0


def test_components_at_another_location_do_not_count() -> None:
    bench = Bench()
    sale = baskets(bench, 1, Location="Overflow")
    assert bench.row(sale)["Status"] == "BACKORDERED"


def test_a_component_receipt_builds_the_backordered_kits() -> None:
    bench = Bench()
    sale = baskets(bench, 6)
    bench.twin.receive_stock("APPLE", 2)
    assert bench.row(sale)["Status"] == "ORDERED"
    assert bench.stock("APPLE") == (0, 0, 0)
    bench.twin.pick_pack_ship(sale)
    assert bench.row(sale)["CombinedShippingStatus"] == "SHIPPED"


def test_kits_on_hand_are_used_before_others_are_built() -> None:
    bench = Bench()
    bench.twin.receive_stock("BASKET", 2)
    baskets(bench, 3)
    assert bench.stock("APPLE") == (8, 0, 8)


def test_a_nested_kit_is_built_from_the_components_of_the_inner_kit() -> None:
    bench = Bench()
    crate = {"sku": "CRATE", "bom": [{"sku": "BASKET", "quantity": 2}, {"sku": "APPLE", "quantity": 1}]}
    bench.twin.seed(products=[crate])
    assert bench.stock("CRATE") == (2, 0, 2)
    sale = bench.ordered(bench.line("CRATE", 2, "20.00"))
    assert bench.row(sale)["Status"] == "ORDERED"
    assert bench.stock("APPLE") == (0, 0, 0)
    assert bench.stock("PEAR") == (6, 0, 6)


def test_waste_counts_as_needed() -> None:
    bench = Bench()
    juice = {"sku": "JUICE", "bom": [{"sku": "APPLE", "quantity": 4, "wastage_percent": 25}]}
    bench.twin.seed(products=[juice])
    assert bench.stock("JUICE") == (2, 0, 2)


@pytest.mark.parametrize(("disassembles", "apples"), [(False, 4), (True, 10)])
def test_whether_undoing_disassembles_kits_is_a_matter_of_reading(disassembles: bool, apples: int) -> None:
    bench = Bench()
    bench.twin.switches["undo_disassembles_kits"] = disassembles
    sale = baskets(bench, 3)
    bench.ok("DELETE", "/sale", ID=sale)
    assert bench.stock("APPLE") == (apples, 0, apples)
    assert bench.stock("BASKET") == (5, 0, 5)


def test_components_of_disassembled_kits_are_allocated_to_backorders() -> None:
    bench = Bench()
    bench.twin.switches["undo_disassembles_kits"] = True
    sale = baskets(bench, 3)
    waiting = bench.ordered(bench.line(quantity=6))
    assert bench.row(waiting)["Status"] == "BACKORDERED"
    bench.ok("DELETE", "/sale", ID=sale)
    assert bench.row(waiting)["Status"] == "ORDERED"
    assert bench.stock("APPLE") == (10, 6, 4)


def test_kits_that_were_shipped_in_the_meantime_are_not_disassembled() -> None:
    bench = Bench()
    bench.twin.switches["undo_disassembles_kits"] = True
    sale = baskets(bench, 3)
    bench.twin.count_stock("BASKET", 1)
    bench.ok("DELETE", "/sale", ID=sale)
    assert bench.stock("APPLE") == (4, 0, 4)
    assert bench.ok("GET", "/finishedGoodsList", Page=1, Limit=10)["FinishedGoods"][0]["Status"] == "COMPLETED"


def test_the_cost_of_an_assembled_kit_is_the_cost_of_the_components() -> None:
    bench = Bench()
    sale = baskets(bench, 2)
    bench.twin.pick_pack_ship(sale)
    assert bench.whole(sale)["COGSAmount"] == pytest.approx(2 * (2 * 0.5 + 0.8))


def test_the_work_in_a_kit_is_never_short() -> None:
    bench = Bench()
    wrapped = [{"sku": "APPLE", "quantity": 3}, {"sku": "Gift wrap", "quantity": 1}]
    bench.twin.seed(products=[{"sku": "Gift wrap", "type": "Service"}, {"sku": "GIFT", "bom": wrapped}])
    assert bench.stock("GIFT") == (3, 0, 3)
    sale = bench.ordered(bench.line("GIFT", 3, "7.00"))
    assert bench.row(sale)["Status"] == "ORDERED"
    assert bench.stock("APPLE") == (1, 0, 1)


def test_a_kit_that_contains_itself_is_never_built() -> None:
    bench = Bench()
    bench.twin.seed(products=[{"sku": "LOOP"}])
    loop = bench.ok("GET", "/product", Sku="LOOP")["Products"][0]
    kit = {"BillOfMaterial": True, "AutoAssembly": True, "QuantityToProduce": 1}
    bench.ok("PUT", "/product", {**loop, **kit, "BillOfMaterialsProducts": [{"ProductCode": "LOOP", "Quantity": 1}]})
    sale = bench.ordered(bench.line("LOOP", 1, "1.00"))
    assert bench.row(sale)["Status"] == "BACKORDERED"
    assert bench.stock("LOOP") == (0, 0, 0)
