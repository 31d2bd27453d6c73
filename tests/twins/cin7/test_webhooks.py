"""Webhooks: registration, payloads, retries and silent deactivation."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest

from tests.twins.cin7.bench import START, Bench
from weighbridge_twins.http.call import Delivery


def subscribe(bench: Bench, kind: str, **fields: Any) -> str:
    body = {
        "Type": kind, "IsActive": True, "ExternalURL": "https://hooks.example/cin7",
        "ExternalAuthorizationType": "noauth", **fields,
    }  # fmt: skip
    return str(bench.ok("POST", "/webhooks", body)["Webhooks"][0]["ID"])


def due(bench: Bench, **span: float) -> list[Delivery]:
    bench.clock.pass_time(**span)
    return bench.twin.deliveries_due()


def pending_payloads(bench: Bench, kind: str) -> list[Any]:
    """Returns the queued payloads of a type, due or not."""
    events = [event for event in bench.twin.company.pending_events if event["kind"] == kind]
    return [json.loads(row["raw"]) for row in events]


def test_the_first_attempt_is_due_once_a_minute_after_the_event() -> None:
    bench = Bench()
    subscribe(bench, "Sale/OrderAuthorised")
    sale = bench.ordered()
    assert due(bench, seconds=59) == []
    delivery = due(bench, seconds=1)[0]
    assert json.loads(delivery.raw) == {
        "SaleID": sale.upper(), "SaleOrderNumber": "SO-00001", "EventType": "Sale/OrderAuthorised",
    }  # fmt: skip
    assert (delivery.url, delivery.attempt) == ("https://hooks.example/cin7", 1)
    assert due(bench, minutes=30) == []
    bench.twin.delivered(delivery, 204)
    assert due(bench, minutes=120) == []


def test_failures_are_retried_after_5_10_15_20_and_25_minutes_and_then_the_webhook_is_off() -> None:
    bench = Bench()
    webhook = subscribe(bench, "Sale/OrderAuthorised")
    bench.ordered()
    timestamps = []
    for _ in range(6):
        while not (deliveries := due(bench, minutes=1)):
            pass
        timestamps.append((bench.clock.current_time - START) / timedelta(minutes=1))
        bench.twin.delivered(deliveries[0], None if len(timestamps) % 2 else 500)
    assert timestamps == [1, 6, 16, 31, 51, 76]
    webhooks = bench.ok("GET", "/webhooks")["Webhooks"][0]
    assert (webhooks["ID"], webhooks["IsActive"]) == (webhook, False)
    bench.ordered(bench.line("PEAR", 1, "2.00"))
    assert due(bench, minutes=60) == []


def test_a_reactivated_webhook_replays_nothing() -> None:
    bench = Bench()
    webhook = subscribe(bench, "Sale/Created")
    bench.twin.deactivate_webhook(webhook)
    bench.sale()
    bench.ok("PUT", "/webhooks", {"ID": webhook, "IsActive": True})
    assert due(bench, minutes=5) == []
    bench.sale()
    assert len(due(bench, minutes=1)) == 1


def test_by_the_other_reading_a_webhook_delivers_events_queued_while_it_was_off() -> None:
    bench = Bench()
    bench.twin.switches["webhook_keeps_events_while_inactive"] = True
    webhook = subscribe(bench, "Sale/Created")
    bench.twin.deactivate_webhook(webhook)
    bench.sale()
    assert due(bench, minutes=5) == []
    bench.ok("PUT", "/webhooks", {"ID": webhook, "IsActive": True})
    assert len(due(bench, minutes=1)) == 1


@pytest.mark.parametrize(("reading", "status", "done"), [("2xx", 202, True), ("200", 202, False), ("200", 200, True)])
def test_which_answer_counts_as_delivered_is_a_matter_of_reading(reading: str, status: int, done: bool) -> None:
    bench = Bench()
    bench.twin.switches["webhook_success"] = reading
    subscribe(bench, "Sale/Created")
    bench.sale()
    bench.twin.delivered(due(bench, minutes=1)[0], status)
    assert (due(bench, minutes=5) == []) is done


def test_a_payload_is_a_snapshot_at_the_time_of_the_event() -> None:
    bench = Bench()
    subscribe(bench, "Stock/AvailableStockLevelChanged")
    bench.twin.count_stock("APPLE", 8)
    bench.twin.count_stock("APPLE", 2)
    first = json.loads(due(bench, minutes=1)[0].raw)
    assert [row["OnHand"] for row in first if row["Location"] == "Main Warehouse"] == [8]


def test_the_stock_event_is_a_bare_array_with_a_row_for_each_bin() -> None:
    bench = Bench()
    bench.twin.seed(stock=[{"sku": "APPLE", "bin": "Bin 1", "on_hand": 5, "unit_cost": 5}])
    subscribe(bench, "Stock/AvailableStockLevelChanged")
    bench.ordered(bench.line(quantity=2))
    rows = pending_payloads(bench, "Stock/AvailableStockLevelChanged")[0]
    assert isinstance(rows, list)
    assert rows[1] == {
        "ID": bench.id_of("APPLE").upper(), "SKU": "APPLE", "Name": "Apple", "Barcode": "4001", "Location": "Overflow",
        "Bin": None, "Batch": None, "ExpiryDate": None, "Category": "Other", "OnHand": 4, "Allocated": 0,
        "Available": 4, "OnOrder": 0, "StockOnHand": 2, "MaxRows": 3,
    }  # fmt: skip
    assert {row["Bin"] for row in rows} == {None, "Bin 1"}


@pytest.mark.parametrize(("fires", "skus"), [(False, ["APPLE"]), (True, ["APPLE", "BASKET"])])
def test_whether_a_kits_event_fires_for_its_component_is_a_matter_of_reading(fires: bool, skus: list[str]) -> None:
    bench = Bench()
    bench.twin.switches["stock_webhook_for_kits"] = fires
    subscribe(bench, "Stock/AvailableStockLevelChanged")
    bench.twin.count_stock("APPLE", 8)
    assert [rows[0]["SKU"] for rows in pending_payloads(bench, "Stock/AvailableStockLevelChanged")] == skus


def test_tracking_events_carry_slashed_dates_and_upper_case_ids() -> None:
    bench = Bench()
    subscribe(bench, "Sale/ShipmentAuthorised")
    subscribe(bench, "Sale/ShipmentTrackingNumberChanged")
    sale = bench.ordered()
    bench.twin.pick_pack_ship(sale, carrier="UPS", tracking="1Z1")
    task = bench.whole(sale)["Fulfilments"][0]["TaskID"]
    shipped = pending_payloads(bench, "Sale/ShipmentAuthorised")[0]
    assert shipped["SaleTaskID"] == task.upper()
    assert not {"SaleID", "TrackingNumber", "Shipments"} & set(shipped)
    assert pending_payloads(bench, "Sale/ShipmentTrackingNumberChanged") == [
        {
            "SaleID": sale.upper(), "TaskID": task.upper(), "SaleOrderNumber": "SO-00001",
            "SaleOrderDate": "02/03/2026", "TaskTypeSign": 0, "EventType": "Sale/ShipmentTrackingNumberChanged",
            "Shipments": [{
                "ShipmentDate": "02/03/2026", "TrackingNumber": "1Z1", "Carrier": "UPS",
                "TrackingUrl": "https://tracking.example/1Z1",
            }],
        }
    ]  # fmt: skip


def test_the_events_of_a_sale_from_creation_to_payment() -> None:
    bench = Bench()
    kinds = (
        "Created", "QuoteAuthorised", "OrderAuthorised", "Backordered", "PickAuthorised", "PackAuthorised",
        "ShipmentAuthorised", "InvoiceAuthorised", "PartialPaymentReceived", "FullPaymentReceived",
        "CreditNoteAuthorised", "Undo", "Voided", "AdditionalAttributesChanged",
    )  # fmt: skip
    for kind in kinds:
        subscribe(bench, f"Sale/{kind}")
    sale = bench.sale(SkipQuote=False)
    attributes = {"AdditionalAttribute1": "web"}
    bench.ok("PUT", "/sale", {**bench.header(SkipQuote=False, AdditionalAttributes=attributes), "ID": sale})
    bench.ok("POST", "/sale/quote", bench.document(sale, bench.line(quantity=12)))
    bench.ok("POST", "/sale/order", bench.document(sale, bench.line(quantity=12)))
    bench.ok("DELETE", "/sale", ID=sale)
    bench.ok("POST", "/sale/order", bench.document(sale, bench.line(quantity=3)))
    bench.twin.pick_pack_ship(sale)
    task = bench.ok("POST", "/sale/invoice", bench.invoice_body(sale))["Invoices"][0]["TaskID"]
    bench.ok("POST", "/sale/payment", bench.payment_body(task, "1.50"))
    bench.ok("POST", "/sale/payment", bench.payment_body(task, "3.00"))
    bench.ok("POST", "/sale/creditnote", bench.credit_body(sale, "INV-00001"))
    bench.twin.void_sale(bench.sale())
    counts = {kind: len(pending_payloads(bench, f"Sale/{kind}")) for kind in kinds}
    assert counts == {**dict.fromkeys(kinds, 1), "Created": 2, "OrderAuthorised": 2}
    partial = pending_payloads(bench, "Sale/PartialPaymentReceived")[0]
    assert (partial["AmountPercent"], partial["DocumentNumber"], partial["DocumentDate"]) == (
        "33.33", "INV-00001", "02/03/2026",
    )  # fmt: skip
    assert pending_payloads(bench, "Sale/Created")[0]["SaleOrderDate"] == "2026-03-02"


def test_customer_and_product_changes_emit_events() -> None:
    bench = Bench()
    subscribe(bench, "Customer/Updated")
    subscribe(bench, "Product/Updated")
    card = {"Name": "Shop", "Status": "Active", "Currency": "USD", "PaymentTerm": "30 days", "AccountReceivable": "610"}
    bench.ok("POST", "/customer", {**card, "RevenueAccount": "200", "TaxRule": "Tax Exempt"})
    bench.twin.deprecate_product("PEAR")
    detail = pending_payloads(bench, "Customer/Updated")[0]["CustomerDetailsList"][0]
    assert detail["Customer"]["LastModifiedOn"] == "2026-03-02T09:00:00.000"
    product = pending_payloads(bench, "Product/Updated")[0]["ProductDetailsList"][0]
    assert (product["Event"], product["SKU"], product["Status"]) == ("Update", "PEAR", "Deprecated")


def test_deliveries_carry_the_credentials_and_headers_that_were_registered() -> None:
    bench = Bench()
    bench.twin.switches["webhook_event_type_header"] = True
    extra = {"ExternalHeaders": [{"Key": "X-Secret", "Value": "s3"}]}
    subscribe(bench, "Sale/Created", ExternalAuthorizationType="bearerauth", ExternalBearerToken="t0ken", **extra)
    subscribe(bench, "Sale/Created", ExternalAuthorizationType="basicauth", ExternalUserName="u", ExternalPassword="p")
    bench.sale()
    bearer, basic = due(bench, minutes=1)
    assert bearer.headers["authorization"] == "Bearer t0ken"
    assert (bearer.headers["x-secret"], bearer.headers["event-type"]) == ("s3", "Sale/Created")
    assert basic.headers["authorization"] == "Basic " + base64.b64encode(b"u:p").decode()
    assert bench.ok("GET", "/webhooks")["Webhooks"][0]["ExternalBearerToken"] == "t0ken"


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"Type": "Sale/Shipped"}, "Type is invalid"),
        ({"ExternalURL": ""}, "Required attribute ExternalURL"),
        ({"IsActive": None}, "Required attribute IsActive"),
        ({"ExternalAuthorizationType": "hmac"}, "ExternalAuthorizationType is invalid"),
        ({"ExternalAuthorizationType": "bearerauth"}, "Required attribute ExternalBearerToken"),
        ({"ExternalAuthorizationType": "basicauth", "ExternalUserName": "u"}, "Required attribute ExternalPassword"),
        ({"ExternalHeaders": [{"Key": "X"}]}, "Required attribute Value"),
    ],
)
def test_registrations_that_are_refused(fields: dict[str, Any], text: str) -> None:
    body = {"Type": "Sale/Created", "IsActive": True, "ExternalURL": "https://x", "ExternalAuthorizationType": "noauth"}
    assert text in Bench().refused("POST", "/webhooks", {**body, **fields})


def test_at_most_five_webhooks_of_a_type_and_a_deleted_one_no_longer_counts() -> None:
    bench = Bench()
    webhooks = [subscribe(bench, "Sale/Created") for _ in range(5)]
    body = {"Type": "Sale/Created", "IsActive": True, "ExternalURL": "https://x", "ExternalAuthorizationType": "noauth"}
    assert "Maximum number" in bench.refused("POST", "/webhooks", body)
    subscribe(bench, "Sale/Voided")
    bench.sale()
    remaining = bench.ok("DELETE", "/webhooks", ID=webhooks[0])["Webhooks"]
    assert len(remaining) == 5
    assert len(due(bench, minutes=1)) == 4
    subscribe(bench, "Sale/Created")


def test_webhooks_that_do_not_exist_are_refused() -> None:
    bench = Bench()
    webhook = {
        "Type": "Sale/Created",
        "IsActive": True,
        "ExternalURL": "https://x",
        "ExternalAuthorizationType": "noauth",
    }
    assert bench.refused("PUT", "/webhooks", webhook) == "Required attribute ID is not provided."
    assert bench.refused("PUT", "/webhooks", {**webhook, "ID": "nobody"}) == "Webhook with specified ID not found"
    assert bench.refused("DELETE", "/webhooks", ID="nobody") == "Webhook with specified ID not found"


def test_an_answer_to_a_delivery_of_a_deleted_webhook_changes_nothing() -> None:
    bench = Bench()
    webhook = {
        "Type": "Sale/Created",
        "IsActive": True,
        "ExternalURL": "https://x",
        "ExternalAuthorizationType": "noauth",
    }
    made = bench.ok("POST", "/webhooks", webhook)["Webhooks"][0]
    bench.sale()
    bench.clock.pass_time(minutes=2)
    (delivery,) = bench.twin.deliveries_due()
    bench.ok("DELETE", "/webhooks", ID=made["ID"])
    assert bench.twin.deliveries_due() == []
    bench.twin.delivered(delivery, None)
    assert bench.ok("GET", "/webhooks")["Webhooks"] == []
