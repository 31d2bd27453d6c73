"""Events and the hooks that carry them. Source: Cin7 Core API v2, webhooks; platform notes, cin7 5."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from weighbridge.twins.cin7.state import Company, Record, Sale

FIRST_TRY = timedelta(minutes=1)
RETRIES = tuple(timedelta(minutes=minutes) for minutes in (5, 10, 15, 20, 25))
STOCK_EVENT = "Stock/AvailableStockLevelChanged"


def emit(company: Company, kind: str, payload: Any) -> None:
    """Queues an event for every active hook of its type; the first try comes a minute later."""
    for hook in company.webhooks.values():
        if hook["Type"] == kind and hook["IsActive"]:
            company.pending_events.append(
                {
                    "id": company.new_id(),
                    "hook": hook["ID"],
                    "kind": kind,
                    "payload": payload,
                    "attempt": 0,
                    "due": company.now() + FIRST_TRY,
                }
            )


def sale_event(company: Company, kind: str, sale: Sale, **more: Any) -> None:
    """An event about a sale; ids are in upper case here, unlike in answers."""
    payload = {"SaleID": sale.id.upper(), "SaleOrderNumber": sale.number, **more, "EventType": kind}
    emit(company, kind, payload)


def shipment_authorised(company: Company, sale: Sale, task_id: str) -> None:
    """Carries neither tracking nor lines."""
    header = sale.header
    payload = {
        "SaleTaskID": task_id.upper(),
        "SaleID": sale.id.upper(),
        "TenantID": company.counters.get("tenant", 1),
        "OrderNumber": sale.number,
        "CustomerName": header.get("Customer", ""),
        "CustomerContactName": header.get("Contact", ""),
        "CustomerContactEmail": header.get("Email", ""),
        "EventType": "Sale/ShipmentAuthorised",
    }
    emit(company, "Sale/ShipmentAuthorised", payload)


def tracking_changed(company: Company, sale: Sale, task: Record) -> None:
    ordered = str(sale.header.get("SaleOrderDate") or "")[:10].split("-")
    payload = {
        "SaleID": sale.id.upper(),
        "TaskID": task["TaskID"].upper(),
        "SaleOrderNumber": sale.number,
        "SaleOrderDate": "/".join(reversed(ordered)),
        "TaskTypeSign": 0,
        "Shipments": [
            {
                "ShipmentDate": "/".join(reversed(str(line["ShipmentDate"])[:10].split("-"))),
                "TrackingNumber": line["TrackingNumber"],
                "TrackingUrl": line["TrackingURL"],
                "Carrier": line["Carrier"],
            }
            for line in task["Ship"]["Lines"]
        ],
        "EventType": "Sale/ShipmentTrackingNumberChanged",
    }
    emit(company, "Sale/ShipmentTrackingNumberChanged", payload)


def stock_changed(company: Company, product_id: str) -> None:
    """A bare array without an event type, one row per bin."""
    if not any(hook["Type"] == STOCK_EVENT and hook["IsActive"] for hook in company.webhooks.values()):
        return
    product = company.products[product_id]
    rows = [
        {
            "ID": product_id.upper(),
            "SKU": product["SKU"],
            "Name": product["Name"],
            "Barcode": product["Barcode"],
            "Location": row.location,
            "Bin": row.bin,
            "Batch": row.batch,
            "ExpiryDate": row.expires,
            "Category": product["Category"],
            "OnHand": row.on_hand,
            "Allocated": row.allocated,
            "Available": row.available,
            "OnOrder": 0,
            "StockOnHand": row.on_hand * row.unit_cost,
            "MaxRows": 1,
        }
        for row in company.rows_of(product_id)
    ]
    emit(company, STOCK_EVENT, rows)
