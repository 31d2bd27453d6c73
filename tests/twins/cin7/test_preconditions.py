"""Preconditions: the required order of the documents of a sale."""

from __future__ import annotations

from tests.twins.cin7.bench import ZERO_ID, Bench


def test_a_quote_opens_while_draft_and_closes_once_authorised() -> None:
    bench = Bench()
    sale = bench.sale(SkipQuote=False)
    bench.ok("POST", "/sale/quote", bench.document(sale, status="DRAFT"))
    bench.ok("POST", "/sale/quote", bench.document(sale))
    assert "Quote cannot be changed" in bench.refused("POST", "/sale/quote", bench.document(sale))


def test_a_skipped_quote_is_refused() -> None:
    bench = Bench()
    assert "skipped" in bench.refused("POST", "/sale/quote", bench.document(bench.sale()))


def test_an_order_needs_an_authorised_quote_unless_the_quote_is_skipped() -> None:
    bench = Bench()
    sale = bench.sale(SkipQuote=False)
    assert "Quote must be authorised" in bench.refused("POST", "/sale/order", bench.document(sale))
    bench.ok("POST", "/sale/quote", bench.document(sale))
    bench.ok("POST", "/sale/order", bench.document(sale))
    bench.ok("POST", "/sale/order", bench.document(bench.sale(SkipQuote="true")))


def test_an_authorised_order_refuses_every_other_post() -> None:
    bench = Bench()
    sale = bench.ordered()
    assert "Order status is AUTHORISED" in bench.refused("POST", "/sale/order", bench.document(sale))
    assert bench.stock("APPLE") == (10, 3, 7)


def test_reposting_a_draft_order_overwrites_the_lines() -> None:
    bench = Bench()
    sale = bench.sale()
    bench.ok("POST", "/sale/order", bench.document(sale, bench.line("APPLE", 5), status="DRAFT"))
    bench.ok("POST", "/sale/order", bench.document(sale, bench.line("PEAR", 1, "2.00"), status="DRAFT"))
    order = bench.ok("GET", "/sale/order", SaleID=sale)
    assert [line["SKU"] for line in order["Lines"]] == ["PEAR"]
    assert order["Total"] == 2
    assert bench.stock("APPLE") == (10, 0, 10)


def test_an_invoice_needs_an_authorised_order() -> None:
    bench = Bench()
    sale = bench.sale()
    assert "order is not authorised" in bench.refused("POST", "/sale/invoice", bench.invoice_body(sale))
    bench.ok("POST", "/sale/order", bench.document(sale, status="DRAFT"))
    assert "order is not authorised" in bench.refused("POST", "/sale/invoice", bench.invoice_body(sale))


def test_an_authorised_invoice_cannot_be_changed_and_a_draft_can() -> None:
    bench = Bench()
    sale = bench.ordered()
    draft = bench.ok("POST", "/sale/invoice", bench.invoice_body(sale, status="DRAFT"))["Invoices"][0]
    same = {"SaleID": sale, "TaskID": draft["TaskID"], "Memo": "paid by card", "Status": "AUTHORISED"}
    done = bench.ok("PUT", "/sale/invoice", same)["Invoices"][0]
    assert (done["Status"], done["Memo"], done["Total"]) == ("AUTHORISED", "paid by card", 4.5)
    assert "Invoice status is AUTHORISED" in bench.refused("PUT", "/sale/invoice", same)


def test_a_refused_invoice_uses_up_no_number_and_converts_nothing() -> None:
    bench = Bench()
    sale = bench.ordered()
    bench.ok("POST", "/sale/invoice", bench.invoice_body(sale))
    bench.refused("POST", "/sale/invoice", bench.invoice_body(sale, bench.line(TaxRule="No such rule")))
    assert bench.whole(sale)["Type"] == "Simple Sale"
    second = bench.ok("POST", "/sale/invoice", bench.invoice_body(sale))["Invoices"][1]
    assert second["InvoiceNumber"] == "INV-00002"


def test_the_zero_id_creates_a_new_invoice_each_time_and_converts_a_simple_sale_to_advanced() -> None:
    bench = Bench()
    sale = bench.ordered()
    for _ in range(2):
        bench.ok("POST", "/sale/invoice", bench.invoice_body(sale))
    assert len(bench.ok("GET", "/sale/invoice", SaleID=sale)["Invoices"]) == 2
    assert bench.whole(sale)["Type"] == "Advanced Sale"


def test_by_the_other_reading_the_zero_id_updates_the_first_invoice() -> None:
    bench = Bench()
    bench.twin.switches["zero_guid_invoice_on_simple"] = "fills_first"
    sale = bench.ordered()
    bench.ok("POST", "/sale/invoice", bench.invoice_body(sale, status="DRAFT"))
    bench.ok("POST", "/sale/invoice", bench.invoice_body(sale))
    assert "Invoice status is AUTHORISED" in bench.refused("POST", "/sale/invoice", bench.invoice_body(sale))
    assert len(bench.whole(sale)["Invoices"]) == 1


def test_a_fulfilment_needs_an_authorised_order_and_one_pick_at_a_time() -> None:
    bench = Bench()
    draft = bench.sale()
    assert "Order is not authorised" in bench.refused("POST", "/sale/fulfilment", {"SaleID": draft})
    sale = bench.ordered()
    bench.ok("POST", "/sale/fulfilment", {"SaleID": sale})
    assert "pick is not authorised" in bench.refused("POST", "/sale/fulfilment", {"SaleID": sale})


def test_a_fulfilment_by_api_converts_a_simple_sale_to_advanced() -> None:
    bench = Bench()
    sale = bench.ordered()
    bench.ok("POST", "/sale/fulfilment", {"SaleID": sale})
    assert bench.whole(sale)["Type"] == "Advanced Sale"


def test_pick_pack_and_ship_follow_each_other() -> None:
    bench = Bench()
    sale = bench.ordered()
    task = bench.ok("POST", "/sale/fulfilment", {"SaleID": sale})["Fulfilments"][0]["TaskID"]
    line = {"SKU": "APPLE", "Quantity": 3, "Location": "Main Warehouse", "Box": "Box 1"}
    goods = {"TaskID": task, "Status": "AUTHORISED", "Lines": [line]}
    boxes = {"TaskID": task, "Status": "AUTHORISED", "Lines": [{"ShipmentDate": "2026-03-02", "Box": "Box 1"}]}
    assert "Pick is not authorised" in bench.refused("POST", "/sale/fulfilment/pack", goods)
    assert "Pack is not authorised" in bench.refused("POST", "/sale/fulfilment/ship", boxes)
    bench.ok("POST", "/sale/fulfilment/pick", goods)
    assert "Pick status is AUTHORISED" in bench.refused("POST", "/sale/fulfilment/pick", goods)
    bench.ok("POST", "/sale/fulfilment/pack", goods)
    assert "Pack status is AUTHORISED" in bench.refused("PUT", "/sale/fulfilment/pack", goods)
    bench.ok("POST", "/sale/fulfilment/ship", boxes)
    assert "Ship status is AUTHORISED" in bench.refused("POST", "/sale/fulfilment/ship", boxes)


def test_a_pick_of_a_sale_that_was_undone_is_refused() -> None:
    bench = Bench()
    sale = bench.ordered(header={"SaleType": "Advanced"})
    bench.ok("POST", "/sale/fulfilment", {"SaleID": sale})
    task = bench.whole(sale)["Fulfilments"][0]["TaskID"]
    bench.ok("DELETE", "/sale", ID=sale, Void="false")
    assert "not found" in bench.refused("POST", "/sale/fulfilment/pick", {"TaskID": task, "AutoPickMode": "AUTOPICK"})


def test_a_credit_note_needs_an_authorised_invoice() -> None:
    bench = Bench()
    sale = bench.ordered()
    bench.ok("POST", "/sale/invoice", bench.invoice_body(sale, status="DRAFT"))
    assert "authorised invoice" in bench.refused("POST", "/sale/creditnote", bench.credit_body(sale, "INV-00001"))
    assert "authorised invoice" in bench.refused("POST", "/sale/creditnote", bench.credit_body(sale, "INV-77777"))


def test_an_authorised_credit_note_cannot_be_changed() -> None:
    bench = Bench()
    sale, invoice = bench.invoiced()
    body = bench.credit_body(sale, invoice["InvoiceNumber"])
    note = bench.ok("POST", "/sale/creditnote", body)["CreditNotes"][0]
    assert "AUTHORISED" in bench.refused("POST", "/sale/creditnote", {**body, "TaskID": note["TaskID"]})
    bench.ok("POST", "/sale/creditnote", {**body, "TaskID": ZERO_ID})
    assert len(bench.whole(sale)["CreditNotes"]) == 2


def test_a_payment_needs_an_authorised_invoice() -> None:
    bench = Bench()
    sale = bench.ordered()
    draft = bench.ok("POST", "/sale/invoice", bench.invoice_body(sale, status="DRAFT"))["Invoices"][0]
    assert "authorised invoice" in bench.refused("POST", "/sale/payment", bench.payment_body(draft["TaskID"]))
    assert "authorised invoice" in bench.refused("POST", "/sale/payment", bench.payment_body(sale))


def test_a_refund_needs_an_authorised_credit_note() -> None:
    bench = Bench()
    sale, invoice = bench.invoiced()
    refund = bench.payment_body(invoice["TaskID"], kind="Refund")
    assert "authorised credit note" in bench.refused("POST", "/sale/payment", refund)
    note = bench.ok("POST", "/sale/creditnote", bench.credit_body(sale, "INV-00001"))["CreditNotes"][0]
    paid = bench.ok("POST", "/sale/payment", bench.payment_body(note["TaskID"], kind="Refund"))
    assert (paid["Type"], paid["CreditNoteNumber"]) == ("Refund", "CR-00001")


def test_a_prepayment_is_accepted_between_quote_and_order_only() -> None:
    bench = Bench()
    sale = bench.sale(SkipQuote=False)
    body = bench.payment_body(sale, kind="PREPAYMENT")
    assert "authorised quote" in bench.refused("POST", "/sale/payment", body)
    bench.ok("POST", "/sale/quote", bench.document(sale))
    bench.ok("POST", "/sale/payment", body)
    assert bench.row(sale)["CombinedPaymentStatus"] == "PREPAID"
    bench.ok("POST", "/sale/order", bench.document(sale))
    assert "order that is not authorised" in bench.refused("POST", "/sale/payment", body)


def test_a_prepayment_with_a_skipped_quote_is_a_matter_of_reading() -> None:
    bench = Bench()
    sale = bench.sale()
    body = bench.payment_body(sale, kind="PREPAYMENT")
    bench.refused("POST", "/sale/payment", body)
    bench.twin.switches["skip_quote_prepayment"] = "accept"
    bench.ok("POST", "/sale/payment", body)


def test_a_service_sale_has_no_order() -> None:
    bench = Bench()
    sale = bench.sale(ServiceOnly=True)
    assert bench.whole(sale)["Type"] == "Service Sale"
    assert "service sale" in bench.refused("POST", "/sale/order", bench.document(sale))


def test_nothing_is_added_to_a_voided_sale() -> None:
    bench = Bench()
    sale, invoice = bench.invoiced()
    note = bench.ok("POST", "/sale/creditnote", bench.credit_body(sale, invoice["InvoiceNumber"]))["CreditNotes"][0]
    assert "credit notes" in bench.refused("DELETE", "/sale", ID=sale, Void="true")
    bench.ok("DELETE", "/sale/creditnote", TaskID=note["TaskID"], Void="true")
    bench.ok("DELETE", "/sale", ID=sale, Void="true")
    assert "voided" in bench.refused("PUT", "/sale", {"ID": sale, **bench.header()})
    assert "voided" in bench.refused("POST", "/sale/payment", bench.payment_body(invoice["TaskID"]))
    assert "voided" in bench.refused("POST", "/sale/manualJournal", {"SaleID": sale, "Status": "DRAFT"})
    assert "authorised" in bench.refused("POST", "/sale/fulfilment", {"SaleID": sale})
    assert "authorised" in bench.refused("POST", "/sale/invoice", bench.invoice_body(sale))
    assert "authorised" in bench.refused("POST", "/sale/creditnote", bench.credit_body(sale, invoice["InvoiceNumber"]))


def test_an_automatic_pick_picks_all_that_is_allocated() -> None:
    bench = Bench()
    sale = bench.ordered(bench.line(quantity=12), bench.line("PEAR", 2, "2.00"), header={"SaleType": "Advanced"})
    task = bench.ok("POST", "/sale/fulfilment", {"SaleID": sale})["Fulfilments"][0]["TaskID"]
    pick = bench.ok("POST", "/sale/fulfilment/pick", {"TaskID": task, "AutoPickMode": "AUTOPICK"})
    assert {line["SKU"]: line["Quantity"] for line in pick["Lines"]} == {"APPLE": 10, "PEAR": 2}
    assert bench.row(sale)["CombinedPickingStatus"] == "PARTIALLY PICKED"


def test_nothing_is_dated_before_the_lock_date() -> None:
    bench = Bench()
    sale, invoice = bench.invoiced()
    bench.twin.lock_date("2026-03-10T00:00:00")
    bench.clock.pass_time(days=10)
    for method, path, body in (
        ("POST", "/sale", bench.header(SaleOrderDate="2026-03-01")),
        ("POST", "/sale/invoice", bench.invoice_body(sale)),
        ("POST", "/sale/payment", bench.payment_body(invoice["TaskID"])),
        ("POST", "/sale/creditnote", bench.credit_body(sale, "INV-00001")),
        ("POST", "/stockadjustment", {"EffectiveDate": "2026-03-01", "Status": "DRAFT", "Lines": []}),
    ):
        assert "lock date 2026-03-10" in bench.refused(method, path, body)
    bench.sale()
