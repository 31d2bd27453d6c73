"""The Cin7 Core twin against the vendor's API descriptions: every endpoint is called, every exchange is valid."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2

from tests.twins.cin7.bench import Bench
from tests.twins.cin7.vendor_documents import PREFIX, documents_needed, examples, problems_of
from weighbridge_twins.cin7.routes import ROUTES
from weighbridge_twins.http.call import Json
from weighbridge_twins.http.calls_log import render
from weighbridge_twins.http.server import TwinServer

pytestmark = documents_needed

BARE = ("/me", "/ref/priceTier", "/webhooks")
BY_SALE = (
    "/sale/quote", "/sale/order", "/sale/invoice", "/sale/creditnote", "/sale/fulfilment", "/sale/payment",
    "/sale/manualJournal",
)  # fmt: skip
LISTS = (
    "/me/contacts", "/ref/tax", "/ref/account", "/ref/account/bank", "/ref/location", "/ref/paymentterm",
    "/ref/carrier", "/ref/category", "/ref/brand", "/ref/unit", "/ref/customer/credits", "/ref/productavailability",
    "/customer", "/product", "/productFamily", "/saleList", "/saleCreditNoteList", "/finishedGoodsList", "/journal",
    "/stockadjustmentList", "/transactions",
)  # fmt: skip
NEW_ROWS: dict[str, Json] = {
    "/ref/tax": {
        "Name": "Two parts", "Account": "820", "IsActive": True, "TaxInclusive": False, "IsTaxForSale": True,
        "Components": [{"Name": "State", "Percent": "6.25", "AccountCode": "820"}],
    },
    "/ref/account": {"Code": "777", "Name": "Tips", "Type": "REVENUE", "Status": "ACTIVE"},
    "/ref/location": {"Name": "Attic"},
    "/ref/paymentterm": {"Name": "7 days", "Method": "number of days", "Duration": 7},
    "/ref/carrier": {"Description": "Bike"},
    "/ref/category": {"Name": "Fruit"},
    "/ref/brand": {"Name": "Orchard"},
    "/ref/unit": {"Name": "Box"},
}  # fmt: skip
UNDESCRIBED = {"/me/contacts"}
"""Endpoints that the available descriptions do not contain; the platform notes do."""
IN_PROSE = "AddTrackingNumbers"
"""The only member of a request that the vendor describes in prose only."""


@cache
def busy_company() -> Bench:
    """A company in which every endpoint was called with each of its verbs."""
    bench = Bench()
    bench.twin.seed(credits=[{"customer": "Web", "amount": 5}])
    sale = sold(bench)
    reversed_documents(bench)
    catalogue(bench)
    ledger(bench, sale)
    for path, row in NEW_ROWS.items():
        reference_row(bench, path, row)
    for path in BARE:
        bench.ok("GET", path)
    for path in LISTS:
        bench.ok("GET", path, Page=1, Limit=100)
    for path in BY_SALE:
        bench.ok("GET", path, SaleID=sale)
    bench.ok("GET", "/sale", ID=sale, CombineAdditionalCharges="false", HideInventoryMovements="true")
    webhooks(bench)
    return bench


def sold(bench: Bench) -> str:
    """A sale from its quote to its refund."""
    sale = bench.sale(SkipQuote=False)
    bench.ok("PUT", "/sale", {"ID": sale, **bench.header(SkipQuote=False)})
    bench.ok("POST", "/sale/quote", bench.document(sale))
    bench.ok("POST", "/sale/payment", bench.payment_body(sale, "1.00", "PREPAYMENT"))
    lines = [bench.line(quantity=3), bench.line("BASKET", 1, "9.00")]
    bench.ok("POST", "/sale/order", bench.document(sale, *lines, AdditionalCharges=[bench.charge()]))
    shipped(bench, sale)
    body = bench.invoice_body(sale, *lines, status="DRAFT")
    task = bench.ok("POST", "/sale/invoice", body)["Invoices"][0]["TaskID"]
    bench.ok("PUT", "/sale/invoice", {**body, "TaskID": task, "Status": "AUTHORISED"})
    paid = bench.ok("POST", "/sale/payment", bench.payment_body(task))
    bench.ok("PUT", "/sale/payment", {**bench.payment_body(task, "4.00"), "ID": paid["ID"]})
    back = [{"SKU": "APPLE", "Quantity": 1, "Location": "Main Warehouse"}]
    notes = bench.ok("POST", "/sale/creditnote", bench.credit_body(sale, "INV-00001", restock=back))["CreditNotes"]
    bench.ok("POST", "/sale/payment", bench.payment_body(notes[0]["TaskID"], kind="REFUND"))
    rounding = {"Reference": "Shipping", "Amount": "0.01", "Date": "2026-03-02", "Debit": "860", "Credit": "091"}
    bench.ok("POST", "/sale/manualJournal", {"SaleID": sale, "Status": "AUTHORISED", "Lines": [rounding]})
    return sale


def shipped(bench: Bench, sale: str) -> None:
    """Ships one parcel, each step as a draft first; the tracking number is added later."""
    task = bench.ok("POST", "/sale/fulfilment", {"SaleID": sale})["Fulfilments"][0]["TaskID"]
    picked = {"SKU": "APPLE", "Quantity": 3, "Location": "Main Warehouse"}
    box = {"ShipmentDate": "2026-03-02", "Carrier": "UPS", "Box": "Box 1", "TrackingNumber": "T", "IsShipped": True}
    for step, line in (("pick", picked), ("pack", {**picked, "Box": "Box 1"}), ("ship", box)):
        path = f"/sale/fulfilment/{step}"
        bench.ok("POST", path, {"TaskID": task, "Status": "DRAFT", "Lines": [line]})
        bench.ok("PUT", path, {"TaskID": task, "Status": "AUTHORISED", "Lines": [line]})
        bench.ok("GET", path, TaskID=task)
    late = {
        "TaskID": task,
        "Status": "AUTHORISED",
        "AddTrackingNumbers": True,
        "Lines": [{**box, "TrackingNumber": "T2"}],
    }
    bench.ok("PUT", "/sale/fulfilment/ship", late)


def reversed_documents(bench: Bench) -> None:
    """Voids, undoes and deletes every document that allows it, on a separate sale."""
    sale = bench.ordered(bench.line(quantity=1), header={"SaleType": "Advanced"})
    task = bench.ok("POST", "/sale/fulfilment", {"SaleID": sale})["Fulfilments"][0]["TaskID"]
    bench.ok("DELETE", "/sale/fulfilment", TaskID=task, Void="true")
    invoice = bench.ok("POST", "/sale/invoice", bench.invoice_body(sale))["Invoices"][0]
    paid = bench.ok("POST", "/sale/payment", bench.payment_body(invoice["TaskID"]))
    bench.ok("DELETE", "/sale/payment", ID=paid["ID"])
    note = bench.ok("POST", "/sale/creditnote", bench.credit_body(sale, invoice["InvoiceNumber"]))["CreditNotes"][0]
    bench.ok("DELETE", "/sale/creditnote", TaskID=note["TaskID"], Void="true")
    bench.ok("DELETE", "/sale/invoice", TaskID=invoice["TaskID"], Void="true")
    bench.ok("DELETE", "/sale", ID=sale, Void="true")


def catalogue(bench: Bench) -> None:
    """Products, their family and pictures, and a customer."""
    tea = {
        "SKU": "TEA", "Name": "Tea", "Category": "Other", "Type": "Stock", "CostingMethod": "FIFO", "UOM": "Item",
        "Status": "Active", "PriceTier1": 4.5,
    }  # fmt: skip
    made = bench.ok("POST", "/product", tea)["Products"][0]
    bench.ok("PUT", "/product", {**tea, "ID": made["ID"], "Name": "Green tea"})
    family = {"SKU": "F", "Name": "F", "Option1Name": "Kind", "Products": [{"ID": made["ID"], "Option1": "green"}]}
    known = bench.ok("POST", "/productFamily", family)["ProductFamilies"][0]
    bench.ok("PUT", "/productFamily", {**family, "ID": known["ID"]})
    picture = {"ProductID": made["ID"], "FileName": "a.jpg", "IsDefault": True, "Content": "AAAA"}
    rows = bench.ok("POST", "/product/attachments", picture)
    bench.ok("GET", "/product/attachments", ProductID=made["ID"])
    bench.ok("DELETE", "/product/attachments", ID=rows[0]["ID"])
    card = {
        "Name": "Corner store", "Status": "Active", "Currency": "USD", "PaymentTerm": "30 days",
        "AccountReceivable": "610", "RevenueAccount": "200", "TaxRule": "Tax Exempt",
    }  # fmt: skip
    customer = bench.ok("POST", "/customer", card)["CustomerList"][0]
    bench.ok("PUT", "/customer", {**card, "ID": customer["ID"], "Comments": "rings twice"})


def ledger(bench: Bench, sale: str) -> None:
    """A journal, a stock adjustment and the assembly that the sale started."""
    entry = {"Debit": "860", "Credit": "091", "Reference": "", "Amount": 1, "BaseAmount": 1}
    journal = {"Status": "DRAFT", "Currency": "USD", "CurrencyConversionRate": 1, "EffectiveDate": "2026-03-02"}
    task = bench.ok("POST", "/journal", {**journal, "Lines": [entry]})["Journals"][0]["TaskID"]
    bench.ok("PUT", "/journal", {**journal, "TaskID": task, "Status": "COMPLETED", "Lines": [entry]})
    bench.ok("DELETE", "/journal", ID=task, Void="true")
    lines = [{"SKU": "PEAR", "Location": "Overflow", "Quantity": 4, "UnitCost": 1}]
    count = {"EffectiveDate": "2026-03-02", "Status": "DRAFT", "Account": "310", "Lines": lines}
    adjustment = bench.ok("POST", "/stockadjustment", count)["TaskID"]
    bench.ok("PUT", "/stockadjustment", {**count, "TaskID": adjustment, "Status": "COMPLETED"})
    bench.ok("GET", "/stockadjustment", TaskID=adjustment)
    bench.ok("DELETE", "/stockadjustment", ID=adjustment, Void="true")
    assembly = bench.ok("GET", "/finishedGoodsList", Page=1, Limit=10, SaleID=sale)["FinishedGoods"][0]
    bench.ok("GET", "/finishedGoods", TaskID=assembly["TaskID"])


def reference_row(bench: Bench, path: str, row: Json) -> None:
    """Creates, changes and, where possible, deletes a row of reference data."""
    made = next(value for value in bench.ok("POST", path, row).values() if isinstance(value, list))[0]
    own = next(name for name in ("Code", "CarrierID", "ID") if name in made)
    bench.ok("PUT", path, {**row, own: made[own]})
    if "DELETE" in ROUTES[path]:
        bench.ok("DELETE", path, **{"Code" if own == "Code" else "ID": made[own]})


def webhooks(bench: Bench) -> None:
    webhook = {
        "Type": "Sale/Created",
        "IsActive": True,
        "ExternalURL": "https://x",
        "ExternalAuthorizationType": "noauth",
    }
    made = bench.ok("POST", "/webhooks", webhook)["Webhooks"][0]
    bench.ok("GET", "/webhooks")
    bench.ok("PUT", "/webhooks", {**webhook, "ID": made["ID"]})
    bench.ok("DELETE", "/webhooks", ID=made["ID"])


def members(body: Any) -> set[str]:
    """The names at the top, or of the first row of a list in an envelope."""
    if isinstance(body, list):
        return set(body[0]) if body else set()
    rows = [value for value in body.values() if isinstance(value, list) and value and isinstance(value[0], dict)]
    inner = set(rows[0][0]) if "Page" in body and rows else set()
    return set(body) | inner


def test_every_endpoint_is_called_with_every_verb() -> None:
    called = {(method, path.removeprefix(PREFIX)) for method, path, *_ in busy_company().exchanges}
    assert {(verb, path) for path, verbs in ROUTES.items() for verb in verbs} - called == set()


def test_every_exchange_is_valid_against_the_vendors_descriptions() -> None:
    for method, path, query, request, status, response in busy_company().exchanges:
        if path.removeprefix(PREFIX) not in UNDESCRIBED:
            problems = problems_of(method, path, query, request, status, response)
            assert [problem for problem in problems if IN_PROSE not in problem] == []


def test_answers_have_the_members_of_the_vendors_examples() -> None:
    answers = {(method, path.removeprefix(PREFIX)): body for method, path, _, _, _, body in busy_company().exchanges}
    missing: dict[str, set[str]] = {}
    for example in examples():
        own = answers.get((example["method"], example["path"]))
        for response in example["responses"][:1]:
            if own is not None and (lost := members(response["body"]) - members(own)):
                missing[f"{example['method']} {example['path']}"] = lost
    assert missing == {}


def test_exchanges_over_http_are_valid_too(tmp_path: Path) -> None:
    file = tmp_path / "traffic.jsonl"
    bench = Bench()
    with TwinServer(record=file) as twins:
        keys = twins.credentials
        headers = {"api-auth-accountid": keys.account_id, "api-auth-applicationkey": keys.application_key}
        twins.act("cin7", "seed", {"products": [{"sku": "TEA", "tier_price": "4.50"}], "customers": [{"Name": "Web"}]})
        twins.act("cin7", "receive_stock", {"sku": "TEA", "quantity": 5})
        with httpx2.Client(base_url=twins.cin7_url, headers=headers) as cin7:

            def ask(method: str, path: str, body: Json = None, **query: str) -> Any:
                answer = cin7.request(method, path, content=None if body is None else render(body), params=query)
                assert answer.status_code == 200, answer.text
                return answer.json()

            product = ask("GET", "/product", Sku="TEA", Page="1", Limit="10")["Products"][0]
            sale = ask("POST", "/sale", bench.header())["ID"]
            line = {
                "ProductID": product["ID"], "SKU": "TEA", "Name": "Tea", "Quantity": 2, "Price": 4.5, "Discount": 0,
                "Tax": 0, "TaxRule": "Tax Exempt", "Total": 9,
            }  # fmt: skip
            order = ask("POST", "/sale/order", bench.document(sale, line))
            twins.act("cin7", "pick_pack_ship", {"sale_id": sale, "carrier": "UPS", "tracking": "T-1"})
            invoice = ask("POST", "/sale/invoice", bench.invoice_body(sale, line))["Invoices"][0]
            ask("POST", "/sale/payment", bench.payment_body(invoice["TaskID"], "9.00"))
            ask("POST", "/sale/creditnote", bench.credit_body(sale, invoice["InvoiceNumber"], line))
            listed = ask("GET", "/saleList", ExternalID="bc:shop:1001", Page="1", Limit="1000")["SaleList"]
    assert (order["Total"], len(listed), listed[0]["CombinedShippingStatus"]) == (9, 1, "SHIPPED")
    exchanges = [json.loads(line) for line in file.read_text().splitlines()]
    assert len(exchanges) == 7
    for exchange in exchanges:
        url = urlsplit(exchange["url"])
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        assert (
            problems_of(
                exchange["method"], url.path, query, exchange["request"], exchange["status"], exchange["response"]
            )
            == []
        )
