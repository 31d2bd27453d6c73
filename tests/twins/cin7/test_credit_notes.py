"""Credit notes and restocks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.twins.cin7.bench import Bench


def apples(bench: Bench, units: int, **fields: Any) -> dict[str, Any]:
    return {
        "ProductID": bench.id_of("APPLE"),
        "SKU": "APPLE",
        "Quantity": units,
        "Location": "Main Warehouse",
        **fields,
    }


def test_without_restock_no_goods_return() -> None:
    bench = Bench()
    sale, _ = bench.invoiced()
    bench.twin.pick_pack_ship(sale)
    bench.ok("POST", "/sale/creditnote", bench.credit_body(sale, "INV-00001"))
    assert bench.stock("APPLE") == (7, 0, 7)


def test_restocked_goods_are_allocated_to_waiting_backorders() -> None:
    bench = Bench()
    sale, _ = bench.invoiced()
    bench.twin.pick_pack_ship(sale)
    waiting = bench.ordered(bench.line(quantity=9))
    assert bench.row(waiting)["Status"] == "BACKORDERED"
    bench.ok("POST", "/sale/creditnote", bench.credit_body(sale, "INV-00001", restock=[apples(bench, 2)]))
    assert bench.row(waiting)["Status"] == "ORDERED"
    assert bench.stock("APPLE") == (9, 9, 0)


def test_goods_may_return_to_another_location_named_by_id() -> None:
    bench = Bench()
    sale, _ = bench.invoiced()
    bench.twin.pick_pack_ship(sale)
    cage = bench.ok("GET", "/ref/location", Name="Returns")["LocationList"][0]
    back = {**apples(bench, 1), "RestockLocationID": cage["ID"]}
    made = bench.ok("POST", "/sale/creditnote", bench.credit_body(sale, "INV-00001", restock=[back]))
    assert made["CreditNotes"][0]["Restock"][0]["RestockLocation"] == "Returns Cage"
    assert bench.stock("APPLE", "Returns Cage") == (1, 0, 1)


def test_a_draft_moves_no_goods_until_it_is_authorised() -> None:
    bench = Bench()
    sale, _ = bench.invoiced()
    body = bench.credit_body(sale, "INV-00001", restock=[apples(bench, 2)], Status="DRAFT")
    note = bench.ok("POST", "/sale/creditnote", body)["CreditNotes"][0]
    assert (note["CreditNoteNumber"], note["Status"]) == ("CR-00001", "DRAFT")
    assert bench.stock("APPLE") == (10, 3, 7)
    bench.ok("POST", "/sale/creditnote", {**body, "TaskID": note["TaskID"], "Status": "AUTHORISED"})
    assert bench.stock("APPLE") == (12, 3, 9)
    assert len(bench.whole(sale)["CreditNotes"]) == 1


def test_refunds_in_the_body_are_ignored_and_read_from_payments() -> None:
    bench = Bench()
    sale, _ = bench.invoiced()
    body = {**bench.credit_body(sale, "INV-00001"), "Refunds": [{"Amount": "4.50", "Account": "091"}]}
    note = bench.ok("POST", "/sale/creditnote", body)["CreditNotes"][0]
    assert bench.whole(sale)["CreditNotes"][0]["Refunds"] == []
    bench.ok("POST", "/sale/payment", bench.payment_body(note["TaskID"], "1.50", "Refund"))
    info = bench.ok("GET", "/sale/creditnote", SaleID=sale, IncludePaymentInfo="true")["CreditNotes"][0]
    assert (info["CreditNoteBalance"], info["Payments"][0]["Amount"]) == (3, 1.5)
    assert "Payments" not in bench.ok("GET", "/sale/creditnote", SaleID=sale)["CreditNotes"][0]
    assert bench.whole(sale)["CreditNotes"][0]["Refunds"][0]["Amount"] == 1.5


def test_voiding_a_credit_note_removes_the_restocked_goods() -> None:
    bench = Bench()
    sale, _ = bench.invoiced()
    note = bench.ok("POST", "/sale/creditnote", bench.credit_body(sale, "INV-00001", restock=[apples(bench, 2)]))
    task = note["CreditNotes"][0]["TaskID"]
    bench.ok("DELETE", "/sale/creditnote", TaskID=task, Void="true")
    assert bench.stock("APPLE") == (10, 3, 7)
    assert bench.row(sale)["CreditNoteStatus"] == "VOIDED"
    assert "not found" in bench.refused("DELETE", "/sale/creditnote", TaskID=task, Void="true")


def test_a_credit_note_whose_restocked_goods_were_resold_cannot_be_voided() -> None:
    bench = Bench()
    sale, _ = bench.invoiced()
    bench.twin.pick_pack_ship(sale)
    note = bench.ok("POST", "/sale/creditnote", bench.credit_body(sale, "INV-00001", restock=[apples(bench, 2)]))
    bench.twin.pick_pack_ship(bench.ordered(bench.line(quantity=9)))
    text = bench.refused("DELETE", "/sale/creditnote", TaskID=note["CreditNotes"][0]["TaskID"], Void="true")
    assert text == "Quantity 2 of APPLE is not available at Main Warehouse"
    assert bench.stock("APPLE") == (0, 0, 0)
    assert bench.row(sale)["CreditNoteStatus"] == "AUTHORISED"


def test_a_note_with_refunds_is_not_voided() -> None:
    bench = Bench()
    sale, _ = bench.invoiced()
    note = bench.ok("POST", "/sale/creditnote", bench.credit_body(sale, "INV-00001"))["CreditNotes"][0]
    bench.ok("POST", "/sale/payment", bench.payment_body(note["TaskID"], "1", "Refund"))
    assert "refunds" in bench.refused("DELETE", "/sale/creditnote", TaskID=note["TaskID"], Void="true")


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ({"SKU": "APPLE", "Quantity": 1, "Location": "Moon"}, "Location 'Moon' was not found"),
        ({"SKU": "APPLE", "Location": "Overflow"}, "Required attribute Quantity"),
        ({"Quantity": 1, "Location": "Overflow"}, "Required attribute SKU"),
        ({"SKU": "APPLE", "Quantity": -1, "Location": "Overflow"}, "Quantity is invalid"),
    ],
)
def test_a_refused_restock_uses_up_no_number(line: dict[str, Any], text: str) -> None:
    bench = Bench()
    sale, _ = bench.invoiced()
    assert text in bench.refused("POST", "/sale/creditnote", bench.credit_body(sale, "INV-00001", restock=[line]))
    made = bench.ok("POST", "/sale/creditnote", bench.credit_body(sale, "INV-00001"))
    assert [note["CreditNoteNumber"] for note in made["CreditNotes"]] == ["CR-00001"]


def test_limits_of_restock_and_credit_are_a_matter_of_reading() -> None:
    bench = Bench()
    sale, _ = bench.invoiced()
    body = bench.credit_body(sale, "INV-00001", restock=[apples(bench, 5)])
    bench.twin.switches["restock_beyond_credit"] = "reject"
    assert "exceeds the credited" in bench.refused("POST", "/sale/creditnote", body)
    bench.twin.switches |= {"restock_beyond_credit": "accept", "credit_before_shipping": "reject"}
    assert "exceeds the shipped" in bench.refused("POST", "/sale/creditnote", body)
    bench.twin.pick_pack_ship(sale)
    bench.ok("POST", "/sale/creditnote", body)


def test_the_list_of_credit_notes_has_a_row_for_each() -> None:
    bench = Bench()
    sale, _ = bench.invoiced()
    bench.ok("POST", "/sale/creditnote", bench.credit_body(sale, "INV-00001", restock=[apples(bench, 1)]))
    bench.ok("POST", "/sale/creditnote", bench.credit_body(sale, "INV-00001", Status="DRAFT"))
    rows = bench.ok("GET", "/saleCreditNoteList", Page=1, Limit=100)["SaleList"]
    assert [(row["CreditNoteNumber"], row["CreditNoteStatus"], row["RestockStatus"], row["Type"]) for row in rows] == [
        ("CR-00001", "AUTHORISED", "AUTHORISED", "Sale Credit Note"),
        ("CR-00002", "DRAFT", "NOT AVAILABLE", "Sale Credit Note"),
    ]
    assert bench.ok("GET", "/saleCreditNoteList", CreditNoteStatus="DRAFT")["Total"] == 1
    assert bench.ok("GET", "/saleCreditNoteList", UpdatedSince="2026-03-03")["Total"] == 0
