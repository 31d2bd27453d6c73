"""The derived, read-only statuses of a sale through its life."""

from __future__ import annotations

from typing import Any

from tests.twins.cin7.bench import Bench


def states(bench: Bench, sale: str) -> tuple[Any, ...]:
    row = bench.row(sale)
    return (
        row["Status"], row["OrderStatus"], row["CombinedPickingStatus"], row["CombinedPackingStatus"],
        row["CombinedShippingStatus"], row["CombinedInvoiceStatus"], row["CombinedPaymentStatus"],
        row["FulFilmentStatus"],
    )  # fmt: skip


def test_a_header_alone_is_a_draft_or_estimated_when_the_quote_is_skipped() -> None:
    bench = Bench()
    assert bench.row(bench.sale(SkipQuote=False))["Status"] == "DRAFT"
    assert bench.row(bench.sale())["Status"] == "ESTIMATED"


def test_a_quote_is_estimating_and_then_estimated() -> None:
    bench = Bench()
    sale = bench.sale(SkipQuote=False)
    bench.ok("POST", "/sale/quote", bench.document(sale, status="DRAFT"))
    assert (bench.row(sale)["Status"], bench.row(sale)["QuoteStatus"]) == ("ESTIMATING", "DRAFT")
    bench.ok("POST", "/sale/quote", bench.document(sale))
    assert (bench.row(sale)["Status"], bench.row(sale)["QuoteStatus"]) == ("ESTIMATED", "AUTHORISED")


def test_the_whole_life_of_a_simple_sale() -> None:
    bench = Bench()
    sale = bench.sale()
    bench.ok("POST", "/sale/order", bench.document(sale, status="DRAFT"))
    assert states(bench, sale)[:2] == ("ORDERING", "DRAFT")
    bench.ok("POST", "/sale/order", bench.document(sale))
    fresh = ("NOT PICKED", "NOT PACKED", "NOT SHIPPED", "NOT INVOICED", "UNPAID", "NOT FULFILLED")
    assert states(bench, sale) == ("ORDERED", "AUTHORISED", *fresh)
    bench.twin.pick(sale)
    assert states(bench, sale)[0] == "PICKED"
    bench.twin.pack(sale)
    assert states(bench, sale)[0] == "PACKED"
    bench.twin.ship(sale, tracking="1Z1")
    gone = ("PICKED", "PACKED", "SHIPPED", "NOT INVOICED", "UNPAID", "FULFILLED")
    assert states(bench, sale) == ("SHIPPING", "AUTHORISED", *gone)
    bench.ok("POST", "/sale/invoice", bench.invoice_body(sale, status="DRAFT"))
    assert states(bench, sale)[0] == "INVOICING"
    task = bench.whole(sale)["Invoices"][0]["TaskID"]
    bench.ok("POST", "/sale/invoice", bench.invoice_body(sale, TaskID=task))
    assert states(bench, sale)[0] == "INVOICED"
    bench.ok("POST", "/sale/payment", bench.payment_body(task, "1.00"))
    assert states(bench, sale)[5:7] == ("INVOICED", "PARTIALLY PAID")
    bench.ok("POST", "/sale/payment", bench.payment_body(task, "3.50"))
    assert states(bench, sale) == (
        "COMPLETED", "AUTHORISED", "PICKED", "PACKED", "SHIPPED", "INVOICED", "PAID", "FULFILLED",
    )  # fmt: skip
    assert bench.whole(sale)["Invoices"][0]["Status"] == "PAID"


def test_drafts_of_pick_pack_and_ship_show_on_a_simple_sale() -> None:
    bench = Bench()
    bench.twin.switches["simple_fulfilment"] = "listed"
    sale = bench.ordered()
    task = bench.whole(sale)["Fulfilments"][0]["TaskID"]
    goods = {"TaskID": task, "Status": "DRAFT", "Lines": [{"SKU": "APPLE", "Quantity": 3, "Box": "B"}]}
    bench.ok("POST", "/sale/fulfilment/pick", goods)
    assert states(bench, sale)[0:3:2] == ("PICKING", "PICKING")
    bench.ok("POST", "/sale/fulfilment/pick", {**goods, "Status": "AUTHORISED"})
    bench.ok("POST", "/sale/fulfilment/pack", goods)
    assert states(bench, sale)[0] == "PACKING"
    bench.ok("POST", "/sale/fulfilment/pack", {**goods, "Status": "AUTHORISED"})
    boxes = {"TaskID": task, "Status": "DRAFT", "Lines": [{"ShipmentDate": "2026-03-02", "Box": "B"}]}
    bench.ok("POST", "/sale/fulfilment/ship", boxes)
    assert states(bench, sale)[0::4] == ("SHIPPING", "SHIPPING")
    assert bench.whole(sale)["Type"] == "Simple Sale"


def test_the_status_of_an_advanced_sale_never_shows_fulfilment_progress() -> None:
    bench = Bench()
    sale = bench.ordered(header={"SaleType": "Advanced"})
    bench.twin.pick_pack_ship(sale)
    bench.ok("POST", "/sale/invoice", bench.invoice_body(sale))
    row = bench.row(sale)
    assert (row["Status"], row["CombinedShippingStatus"], row["Type"]) == ("ORDERED", "SHIPPED", "Advanced Sale")


def test_a_part_that_was_shipped_is_partial_everywhere() -> None:
    bench = Bench()
    sale = bench.ordered(bench.line(quantity=3), bench.line("PEAR", 2, "2.00"))
    bench.twin.pick_pack_ship(sale, lines=[{"sku": "APPLE", "quantity": 3}])
    row = bench.row(sale)
    partial = ("PARTIALLY PICKED", "PARTIALLY PACKED", "PARTIALLY SHIPPED", "PARTIALLY FULFILLED")
    names = ("CombinedPickingStatus", "CombinedPackingStatus", "CombinedShippingStatus", "FulFilmentStatus")
    assert tuple(row[name] for name in names) == partial
    bench.ok("POST", "/sale/invoice", bench.invoice_body(sale))
    assert bench.row(sale)["CombinedInvoiceStatus"] == "PARTIALLY INVOICED"


def test_a_sale_of_services_alone_is_complete_when_paid() -> None:
    bench = Bench()
    sale = bench.sale()
    bench.ok("POST", "/sale/order", bench.document(sale, Lines=[], AdditionalCharges=[bench.charge()]))
    body = {**bench.invoice_body(sale), "Lines": [], "AdditionalCharges": [bench.charge()]}
    task = bench.ok("POST", "/sale/invoice", body)["Invoices"][0]["TaskID"]
    bench.ok("POST", "/sale/payment", bench.payment_body(task, "5.00"))
    row = bench.row(sale)
    assert (row["Status"], row["CombinedShippingStatus"]) == ("COMPLETED", "NOT AVAILABLE")


def test_a_credit_note_that_is_not_refunded_says_so() -> None:
    bench = Bench()
    sale, invoice = bench.invoiced()
    bench.ok("POST", "/sale/payment", bench.payment_body(invoice["TaskID"]))
    note = bench.ok("POST", "/sale/creditnote", bench.credit_body(sale, "INV-00001"))["CreditNotes"][0]
    row = bench.row(sale)
    assert (row["Status"], row["CombinedPaymentStatus"]) == ("CREDITED", "NOT REFUNDED")
    assert (row["CombinedInvoiceStatus"], row["CreditNoteStatus"]) == ("INVOICED / CREDITED", "AUTHORISED")
    assert (row["InvoiceAmount"], row["PaidAmount"]) == (0, 4.5)
    bench.ok("POST", "/sale/payment", bench.payment_body(note["TaskID"], kind="REFUND"))
    assert (bench.row(sale)["CombinedPaymentStatus"], bench.row(sale)["PaidAmount"]) == ("PAID", 0)


def test_voiding_voids_every_document_and_undoing_reopens_the_order() -> None:
    bench = Bench()
    sale = bench.ordered()
    bench.ok("DELETE", "/sale", ID=sale)
    assert states(bench, sale)[:2] == ("ORDERING", "DRAFT")
    bench.ok("POST", "/sale/order", bench.document(sale, bench.line(quantity=1)))
    bench.ok("DELETE", "/sale", ID=sale, Void="true")
    assert states(bench, sale) == ("VOIDED", *["VOIDED"] * 7)
    assert "voided" in bench.refused("POST", "/sale/order", bench.document(sale))
    assert "cannot be undone" in bench.refused("DELETE", "/sale", ID=sale, Void="false")


def test_undoing_a_quote_reopens_it_and_a_bare_header_has_nothing_to_undo() -> None:
    bench = Bench()
    sale = bench.sale(SkipQuote=False)
    bench.ok("POST", "/sale/quote", bench.document(sale))
    bench.ok("DELETE", "/sale", ID=sale)
    assert bench.row(sale)["QuoteStatus"] == "DRAFT"
    assert "Nothing to undo" in bench.refused("DELETE", "/sale", ID=bench.sale())


def test_a_sale_with_payments_or_picked_goods_is_not_undone() -> None:
    bench = Bench()
    sale, invoice = bench.invoiced()
    assert "authorised invoice" in bench.refused("DELETE", "/sale", ID=sale)
    bench.ok("POST", "/sale/payment", bench.payment_body(invoice["TaskID"]))
    assert "payments" in bench.refused("DELETE", "/sale", ID=sale, Void="true")
    shipped = bench.ordered()
    bench.twin.pick(shipped)
    assert "authorised pick" in bench.refused("DELETE", "/sale", ID=shipped)
