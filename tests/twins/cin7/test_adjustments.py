"""Stock adjustments: absolute levels, and undoing them."""

from __future__ import annotations

from tests.twins.cin7.bench import Bench


def test_an_adjustment_sets_levels_and_its_undo_reverts_the_difference() -> None:
    bench = Bench()
    lines = [{"SKU": "APPLE", "Location": "Main Warehouse", "Quantity": 25, "UnitCost": 1}]
    body = {"EffectiveDate": "2026-03-02", "Status": "COMPLETED", "Account": "310", "Lines": lines}
    task = bench.ok("POST", "/stockadjustment", body)
    assert [(line["QuantityOnHand"], line["Adjustment"]) for line in task["ExistingStockLines"]] == [(10, 25)]
    assert bench.stock("APPLE") == (25, 0, 25)
    bench.ok("DELETE", "/stockadjustment", ID=task["TaskID"], Void="true")
    assert bench.stock("APPLE") == (10, 0, 10)


def test_a_refused_adjustment_moves_nothing() -> None:
    bench = Bench()
    lines = [
        {"SKU": "APPLE", "Location": "Main Warehouse", "Quantity": 25},
        {"SKU": "NOPE", "Location": "Nowhere", "Quantity": 1},
    ]
    text = bench.refused(
        "POST", "/stockadjustment", {"EffectiveDate": "2026-03-02", "Status": "COMPLETED", "Lines": lines}
    )
    assert "Product 'NOPE'" in text
    assert "Location 'Nowhere'" in text
    assert bench.stock("APPLE") == (10, 0, 10)


def test_an_adjustment_whose_goods_were_sold_cannot_be_undone() -> None:
    bench = Bench()
    line = {"SKU": "APPLE", "Location": "Main Warehouse", "Quantity": 25, "UnitCost": 1}
    body = {"EffectiveDate": "2026-03-02", "Status": "COMPLETED", "Account": "310", "Lines": [line]}
    task = bench.ok("POST", "/stockadjustment", body)["TaskID"]
    bench.twin.pick_pack_ship(bench.ordered(bench.line(quantity=12)))
    text = bench.refused("DELETE", "/stockadjustment", ID=task, Void="true")
    assert text == "Quantity 15 of APPLE is not available at Main Warehouse"
    assert bench.stock("APPLE") == (13, 0, 13)
    assert bench.ok("GET", "/stockadjustment", TaskID=task)["Status"] == "COMPLETED"


def test_a_voided_adjustment_cannot_be_voided_twice() -> None:
    bench = Bench()
    line = {"SKU": "APPLE", "Location": "Main Warehouse", "Quantity": 11, "UnitCost": 1}
    body = {"EffectiveDate": "2026-03-02", "Status": "COMPLETED", "Account": "310", "Lines": [line]}
    task = bench.ok("POST", "/stockadjustment", body)["TaskID"]
    assert "not DRAFT" in bench.refused("PUT", "/stockadjustment", {**body, "TaskID": task})
    bench.ok("DELETE", "/stockadjustment", ID=task, Void="true")
    assert "voided" in bench.refused("DELETE", "/stockadjustment", ID=task, Void="true")
    assert "not found" in bench.refused("GET", "/stockadjustment", TaskID="nobody")
