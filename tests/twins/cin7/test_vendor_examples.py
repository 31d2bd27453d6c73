"""The twin against the vendor's own descriptions: every exchange is valid, every example request is understood."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.twins.cin7.bench import Bench

SPECS = Path(__file__).parents[3].parent / "shared" / "specs"
EXAMPLES = SPECS / "examples" / "cin7-core"
pytestmark = pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the vendors' descriptions are not beside the checkout")
FAMILIES = ("sale", "product", "customer", "webhooks", "journal", "ref", "stockadjustment", "finishedGoods")


def violations() -> Callable[..., list[str]]:
    spec = importlib.util.spec_from_file_location("speccheck", SPECS / "speccheck.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    check: Callable[..., list[str]] = module.violations
    return check


def everything() -> Bench:
    """A company in which nearly every endpoint was called once."""
    bench = Bench()
    bench.twin.seed(credits=[{"customer": "Web", "amount": 5}])
    books = (
        "/me", "/ref/tax", "/ref/account", "/ref/account/bank", "/ref/location", "/ref/paymentterm", "/ref/priceTier",
        "/ref/carrier", "/ref/category", "/ref/brand", "/ref/unit", "/ref/customer/credits",
        "/ref/productavailability", "/customer", "/product", "/productFamily", "/saleList", "/saleCreditNoteList",
        "/finishedGoodsList", "/journal", "/stockadjustmentList", "/transactions",
    )  # fmt: skip
    bare = ("/me", "/ref/priceTier")
    sale = bench.sale(SkipQuote=False)
    bench.ok("PUT", "/sale", {"ID": sale, **bench.header(SkipQuote=False)})
    bench.ok("POST", "/sale/quote", bench.document(sale))
    bench.ok("POST", "/sale/payment", bench.payment_body(sale, "1.00", "PREPAYMENT"))
    bench.ok("POST", "/sale/order", bench.document(sale, bench.line(quantity=3), bench.line("BASKET", 1, "9.00")))
    task = bench.ok("POST", "/sale/fulfilment", {"SaleID": sale})["Fulfilments"][0]["TaskID"]
    bench.ok("POST", "/sale/fulfilment/pick", {"TaskID": task, "Status": "DRAFT", "Lines": []})
    goods = [{"SKU": "APPLE", "Quantity": 3, "Location": "Main Warehouse", "Box": "Box 1"}]
    picked = [{name: value for name, value in line.items() if name != "Box"} for line in goods]
    bench.ok("PUT", "/sale/fulfilment/pick", {"TaskID": task, "Status": "AUTHORISED", "Lines": picked})
    bench.ok("POST", "/sale/fulfilment/pack", {"TaskID": task, "Status": "AUTHORISED", "Lines": goods})
    boxes = [{"ShipmentDate": "2026-03-02", "Carrier": "UPS", "Box": "Box 1", "TrackingNumber": "T", "IsShipped": True}]
    bench.ok("POST", "/sale/fulfilment/ship", {"TaskID": task, "Status": "AUTHORISED", "Lines": boxes})
    invoice = bench.ok("POST", "/sale/invoice", bench.invoice_body(sale))["Invoices"][0]
    paid = bench.ok("POST", "/sale/payment", bench.payment_body(invoice["TaskID"]))
    back = [{"SKU": "APPLE", "Quantity": 1, "Location": "Main Warehouse"}]
    note = bench.ok("POST", "/sale/creditnote", bench.credit_body(sale, "INV-00001", restock=back))["CreditNotes"][0]
    bench.ok("POST", "/sale/payment", bench.payment_body(note["TaskID"], kind="REFUND"))
    for path in ("/sale/quote", "/sale/order", "/sale/invoice", "/sale/creditnote", "/sale/fulfilment"):
        bench.ok("GET", path, SaleID=sale, IncludeProductInfo="true")
    for path in ("/sale/payment", "/sale/manualJournal"):
        bench.ok("GET", path, SaleID=sale)
    for part in ("pick", "pack", "ship"):
        bench.ok("GET", f"/sale/fulfilment/{part}", TaskID=task)
    bench.ok("GET", "/sale", ID=sale, CombineAdditionalCharges="false", HideInventoryMovements="true")
    entry = {"Debit": "860", "Credit": "091", "Reference": "", "Amount": 1, "BaseAmount": 1}
    journal = {"Status": "DRAFT", "Currency": "USD", "CurrencyConversionRate": 1, "EffectiveDate": "2026-03-02"}
    bench.ok("POST", "/journal", {**journal, "Lines": [entry]})
    members_of = [{"ID": bench.id_of("APPLE"), "SKU": "APPLE", "Option1": "red"}]
    bench.ok("POST", "/productFamily", {"SKU": "F", "Name": "F", "Option1Name": "Kind", "Products": members_of})
    picture = {"ProductID": bench.id_of("APPLE"), "FileName": "a.jpg", "IsDefault": True, "Content": "AAAA"}
    bench.ok("POST", "/product/attachments", picture)
    bench.ok("GET", "/product/attachments", ProductID=bench.id_of("APPLE"))
    for path in books:
        bench.ok("GET", path, **({} if path in bare else {"Page": 1, "Limit": 100}))
    assembly = bench.ok("GET", "/finishedGoodsList", Page=1, Limit=10, SaleID=sale)["FinishedGoods"][0]
    bench.ok("GET", "/finishedGoods", TaskID=assembly["TaskID"])
    bench.ok("DELETE", "/sale/payment", ID=paid["ID"])
    undone = bench.ordered(bench.line(quantity=1), header={"SaleType": "Advanced"})
    other = bench.ok("POST", "/sale/fulfilment", {"SaleID": undone})["Fulfilments"][0]["TaskID"]
    bench.ok("DELETE", "/sale/fulfilment", TaskID=other, Void="true")
    draft = bench.ok("POST", "/sale/invoice", bench.invoice_body(undone))["Invoices"][0]["TaskID"]
    bench.ok("DELETE", "/sale/invoice", TaskID=draft, Void="true")
    bench.ok("DELETE", "/sale", ID=undone, Void="true")
    journal_id = bench.ok("GET", "/journal", Page=1, Limit=1)["Journals"][0]["TaskID"]
    bench.ok("DELETE", "/journal", ID=journal_id, Void="true")
    lines = [{"SKU": "PEAR", "Location": "Overflow", "Quantity": 4, "UnitCost": 1}]
    count = {"EffectiveDate": "2026-03-02", "Status": "COMPLETED", "Account": "310", "Lines": lines}
    adjustment = bench.ok("POST", "/stockadjustment", count)["TaskID"]
    bench.ok("GET", "/stockadjustment", TaskID=adjustment)
    bench.ok("DELETE", "/stockadjustment", ID=adjustment, Void="true")
    hook = {"Type": "Sale/Created", "IsActive": True, "ExternalURL": "https://x", "ExternalAuthorizationType": "noauth"}
    hook_id = bench.ok("POST", "/webhooks", hook)["Webhooks"][0]["ID"]
    bench.ok("GET", "/webhooks")
    bench.ok("PUT", "/webhooks", {**hook, "ID": hook_id})
    bench.ok("DELETE", "/webhooks", ID=hook_id)
    return bench


def test_every_exchange_of_a_busy_company_is_valid_against_the_vendors_descriptions() -> None:
    check = violations()
    bench = everything()
    found = {
        problem
        for method, path, query, request, status, response in bench.exchanges
        for problem in check("cin7", method, path, query, request, status, response)
        if not in_an_example(path.removeprefix("/ExternalApi/v2"), problem)
    }
    assert found == set()
    assert len({(method, path) for method, path, *_ in bench.exchanges}) > 50


def test_answers_have_the_members_of_the_vendors_examples() -> None:
    bench = everything()
    answers = {(method, path.removeprefix("/ExternalApi/v2")): body for method, path, _, _, _, body in bench.exchanges}
    missing: dict[str, set[str]] = {}
    for file in sorted(EXAMPLES.glob("*.json")):
        example = json.loads(file.read_text(encoding="utf-8"))
        own = answers.get((example["method"], example["path"]))
        for response in example["responses"][:1]:
            if own is not None and (lost := members(response["body"]) - members(own)):
                missing[file.stem] = lost
    assert missing == {}


def in_an_example(path: str, problem: str) -> bool:
    """Whether a name the check does not know stands in an example of the same path.

    The examples keep the bodies of POST and PUT beside the answers of GET, where the check does not look for them.
    """
    text = problem.partition("] request ")[2]
    name, _, reason = text.partition(": ")
    file = EXAMPLES / f"GET{path.replace('/', '_')}.json"
    known = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return reason.startswith("property in no vendor table") and f'"{name}"' in json.dumps(known)


def members(body: Any) -> set[str]:
    """The names at the top, or of the first row of a list in an envelope."""
    if isinstance(body, list):
        return set(body[0]) if body else set()
    rows = [value for value in body.values() if isinstance(value, list) and value and isinstance(value[0], dict)]
    inner = set(rows[0][0]) if "Page" in body and rows else set()
    return set(body) | inner


def example_requests() -> list[Any]:
    cases = []
    for file in sorted(EXAMPLES.glob("*.json")) if EXAMPLES.is_dir() else []:
        example = json.loads(file.read_text(encoding="utf-8"))
        if example["path"].strip("/").split("/")[0].rstrip("List") in FAMILIES or "product" in example["path"].lower():
            for number, request in enumerate(example["requests"]):
                cases.append(pytest.param(example["path"], request, id=f"{file.stem}-{number}"))
    return cases


@pytest.mark.parametrize(("path", "request_body"), example_requests())
def test_every_example_request_is_understood(path: str, request_body: Any) -> None:
    bench = Bench()
    for method in ("POST", "PUT"):
        for body in request_body if isinstance(request_body, list) else [request_body]:
            answer = bench.call(method, path, body)
            assert answer.status in (200, 400, 405), answer.body
            if answer.status == 400:
                assert all(set(row) == {"ErrorCode", "Exception"} for row in answer.body)
