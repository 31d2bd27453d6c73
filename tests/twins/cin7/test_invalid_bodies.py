"""Every invalid body gets an answer in the vendor's form, and a refused call changes nothing."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.twins.cin7.bench import Bench
from weighbridge_twins.http.calls_log import render

INVALID_VALUES: tuple[Any, ...] = (
    None,
    "",
    "x",
    "-1",
    -1,
    0,
    1.5,
    True,
    [],
    [1],
    {},
    {"a": 1},
    "y" * 3000,
    Decimal("1E+40"),
)


def bodies(bench: Bench) -> dict[str, tuple[str, str, Any]]:
    """Returns a valid request for each object that can be written, in a company that accepts it."""
    sale, invoice = bench.invoiced()
    bench.twin.pick_pack_ship(sale, lines=[{"sku": "APPLE", "quantity": 1}])
    draft = bench.sale()
    quoted = bench.sale(SkipQuote=False)
    waiting = bench.ordered(bench.line("PEAR", 2, "2.00"))
    task = bench.ok("POST", "/sale/fulfilment", {"SaleID": waiting})["Fulfilments"][0]["TaskID"]
    packing = bench.ordered(bench.line("PEAR", 1, "2.00"))
    picked = bench.twin.pick(packing)["task_id"]
    shipping = bench.ordered(bench.line("PEAR", 1, "2.00"))
    packed = bench.twin.pick(shipping)["task_id"]
    bench.twin.pack(shipping)
    line = {"SKU": "PEAR", "Quantity": 1, "Location": "Main Warehouse", "Box": "Box 1"}
    card = {
        "Name": "Shop", "Status": "Active", "Currency": "USD", "PaymentTerm": "30 days", "AccountReceivable": "610",
        "RevenueAccount": "200", "TaxRule": "Tax Exempt", "Contacts": [{"Name": "Ann"}],
        "Addresses": [{"Line1": "1 Elm St", "Country": "United States", "Type": "Billing"}],
    }  # fmt: skip
    tea = {
        "SKU": "TEA", "Name": "Tea", "Category": "Other", "Type": "Stock", "CostingMethod": "FIFO", "UOM": "Item",
        "Status": "Active", "PriceTiers": {"Tier 1": 4}, "PriceTier1": 4, "QuantityToProduce": 1,
        "BillOfMaterialsProducts": [{"ProductCode": "APPLE", "Quantity": 1, "WastagePercent": 0}],
    }  # fmt: skip
    repositories = {
        "Status": "DRAFT", "Currency": "USD", "CurrencyConversionRate": 1, "EffectiveDate": "2026-03-02",
        "Lines": [{"Debit": "860", "Credit": "091", "Amount": 1, "BaseAmount": 1}],
    }  # fmt: skip
    webhook = {
        "Type": "Sale/Created", "IsActive": True, "ExternalURL": "https://x", "ExternalAuthorizationType": "noauth",
        "ExternalHeaders": [{"Key": "K", "Value": "V"}],
    }  # fmt: skip
    count = {
        "EffectiveDate": "2026-03-02", "Status": "COMPLETED",
        "Lines": [{"SKU": "PEAR", "Location": "Overflow", "Quantity": 4, "UnitCost": 1}],
    }  # fmt: skip
    restock = [{"SKU": "APPLE", "Quantity": 1, "Location": "Main Warehouse"}]
    credit = bench.credit_body(sale, "INV-00001", restock=restock, AdditionalCharges=[bench.charge()])
    entry = {"Reference": "Fee", "Amount": 1, "Date": "2026-03-02", "Debit": "860", "Credit": "610"}
    boxes = [{"ShipmentDate": "2026-03-02", "Carrier": "UPS", "Box": "Box 1", "TrackingNumber": "T"}]
    member = {"ID": bench.id_of("APPLE"), "Option1": "red"}
    rule = {"Name": "Texas", "Account": "820", "Components": [{"Name": "State", "Percent": "6.25"}]}
    return {
        "header": ("POST", "/sale", bench.header(CurrencyRate=1, AdditionalAttributes={"AdditionalAttribute1": "a"})),
        "changed header": ("PUT", "/sale", {"ID": draft, **bench.header()}),
        "quote": ("POST", "/sale/quote", bench.document(quoted)),
        "order": ("POST", "/sale/order", bench.document(draft, AdditionalCharges=[bench.charge()])),
        "invoice": ("POST", "/sale/invoice", bench.invoice_body(sale, LinkedFulfillmentNumber="1")),
        "payment": ("POST", "/sale/payment", bench.payment_body(invoice["TaskID"])),
        "credit note": ("POST", "/sale/creditnote", credit),
        "pick": ("POST", "/sale/fulfilment/pick", {"TaskID": task, "Status": "AUTHORISED", "Lines": [line]}),
        "pack": ("POST", "/sale/fulfilment/pack", {"TaskID": picked, "Status": "AUTHORISED", "Lines": [line]}),
        "ship": ("POST", "/sale/fulfilment/ship", {"TaskID": packed, "Status": "AUTHORISED", "Lines": boxes}),
        "manual journal": ("POST", "/sale/manualJournal", {"SaleID": sale, "Status": "AUTHORISED", "Lines": [entry]}),
        "journal": ("POST", "/journal", repositories),
        "customer": ("POST", "/customer", card),
        "product": ("POST", "/product", tea),
        "family": ("POST", "/productFamily", {"SKU": "F", "Name": "F", "Option1Name": "K", "Products": [member]}),
        "adjustment": ("POST", "/stockadjustment", count),
        "webhook": ("POST", "/webhooks", webhook),
        "tax rule": ("POST", "/ref/tax", rule),
        "brand": ("POST", "/ref/brand", {"Name": "Acme"}),
    }


REQUEST_NAMES = tuple(bodies(Bench()))


@pytest.mark.parametrize("request_name", REQUEST_NAMES)
def test_an_invalid_member_is_accepted_or_refused_and_a_refusal_changes_nothing(request_name: str) -> None:
    bench = Bench()
    method, path, good = bodies(bench)[request_name]
    before = render(bench.twin.dump())
    for body in invalid_variants(good):
        answer = bench.call(method, path, body)
        after = render(bench.twin.dump())
        if answer.status == 400:
            assert after == before, body
        else:
            assert answer.status == 200, (answer.status, body)
            bench.twin.restore(json.loads(before, parse_float=Decimal))
    assert bench.call(method, path, good).status == 200


def invalid_variants(good: Any) -> Iterator[Any]:
    """Yields the body with one member at a time, at any depth, replaced by each invalid value."""
    for path in member_paths(good):
        for odd in INVALID_VALUES:
            body = copy.deepcopy(good)
            target = body
            for step in path[:-1]:
                target = target[step]
            target[path[-1]] = odd
            yield body


def member_paths(value: Any, prefix: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in pairs:
        yield (*prefix, step)
        yield from member_paths(inner, (*prefix, step))
