"""Webhook events and their payloads, with ids in upper case, unlike answers. Source: platform notes, cin7 5.3."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from weighbridge_twins.cin7.availability import render_availability_row, rows_for
from weighbridge_twins.cin7.state import Company, Record, Sale

FIRST_TRY = timedelta(minutes=1)
STOCK_EVENT = "Stock/AvailableStockLevelChanged"
DOWNLOAD_LINK = "https://inventory.dearsystems.com/Sale#{id}"
TENANT_ID = "7E9C5C1D-8B8C-4F0B-9C5C-30E0D6C9D1A4"


def emit(company: Company, kind: str, payload: Callable[[], Any]) -> None:
    """Queues an event for every webhook of its type; the first attempt is due a minute later.

    The payload is rendered now, so it shows the state at the time of the event and not at delivery.
    """
    keeps = company.switches["webhook_keeps_events_while_inactive"]
    webhooks = [
        webhook for webhook in company.webhooks.values() if webhook["Type"] == kind and (webhook["IsActive"] or keeps)
    ]
    if not webhooks:
        return
    raw = json.dumps(payload(), default=_plain)
    for webhook in webhooks:
        company.pending_events.append(
            {
                "id": company.new_id(),
                "webhook": webhook["ID"],
                "kind": kind,
                "raw": raw,
                "attempt": 0,
                "due": company.now() + FIRST_TRY,
                "out": False,
            }
        )


def sale_event(company: Company, kind: str, sale: Sale, **more: Any) -> None:
    """Emits an event that names the sale by `SaleID` and `SaleOrderNumber`."""
    emit(company, kind, lambda: {"SaleID": sale.id.upper(), "SaleOrderNumber": sale.number, **more, "EventType": kind})


def sale_created(company: Company, sale: Sale) -> None:
    header = sale.header
    sale_event(
        company,
        "Sale/Created",
        sale,
        CustomerName=header["Customer"],
        **contact_of(sale),
        SaleRepEmail="",
        SaleOrderDate=str(header["SaleOrderDate"])[:10],
        TaskTypeSign="0",
        IsServiceOnly="1" if header.get("ServiceOnly") else "0",
        DownloadLink=DOWNLOAD_LINK.format(id=sale.id),
    )


def contact_of(sale: Sale) -> dict[str, str]:
    """Returns the customer's contact, which several events carry."""
    return {
        "CustomerContactName": str(sale.header.get("Contact") or ""),
        "CustomerContactEmail": str(sale.header.get("Email") or ""),
    }


def task_event(company: Company, kind: str, sale: Sale, task_id: str, **more: Any) -> None:
    """Emits an event that names the task and the order's `OrderNumber`, without tracking and lines."""
    emit(
        company,
        kind,
        lambda: {
            "SaleTaskID": task_id.upper(),
            "TenantID": TENANT_ID,
            "OrderNumber": sale.number,
            **more,
            "CustomerName": sale.header["Customer"],
            "CustomerReference": sale.header.get("CustomerReference") or "",
            **contact_of(sale),
            "EventType": kind,
        },
    )


def tracking_changed(company: Company, sale: Sale, task: Record) -> None:
    """Emits the only event with tracking; its `TaskTypeSign` is a number."""
    sale_event(
        company,
        "Sale/ShipmentTrackingNumberChanged",
        sale,
        TaskID=task["TaskID"].upper(),
        SaleOrderDate=slashed(sale.header["SaleOrderDate"]),
        TaskTypeSign=0,
        Shipments=[
            {
                "ShipmentDate": slashed(line["ShipmentDate"]),
                "TrackingNumber": line["TrackingNumber"],
                "TrackingUrl": line["TrackingURL"],
                "Carrier": line["Carrier"],
            }
            for line in task["Ship"]["Lines"]
            if line["IsShipped"]
        ],
    )


def stock_changed(company: Company, product_id: str) -> None:
    """Emits a bare array without an event type, one row per bin."""
    if not any(webhook["Type"] == STOCK_EVENT for webhook in company.webhooks.values()):
        return
    products = [company.products[product_id]]
    if company.switches["stock_webhook_for_kits"]:
        products += [kit for kit in company.kits_with(product_id) if kit["AutoAssembly"]]
    for product in products:
        rows = [render_availability_row(company, product, row) for row in rows_for(company, product)]
        more = {"ID": product["ID"].upper(), "Category": product["Category"], "MaxRows": len(rows)}
        hidden = ("InTransit", "NextDeliveryDate")
        event_rows = [{name: value for name, value in row.items() if name not in hidden} | more for row in rows]
        emit(company, STOCK_EVENT, partial(list, event_rows))


def product_updated(company: Company, view: Record, event: str) -> None:
    kind = "Product/Updated"
    detail = {"Event": event, **view, "ID": view["ID"].upper()}
    emit(company, kind, lambda: {"NumberOfProducts": 1, "ProductDetailsList": [detail], "EventType": kind})


def customer_updated(company: Company, customer: Record) -> None:
    """Emits an event whose timestamp has no zone, unlike the API's."""
    kind = "Customer/Updated"
    own = {name: value for name, value in customer.items() if name not in ("Addresses", "Contacts")}
    own |= {"ID": customer["ID"].upper(), "LastModifiedOn": customer["LastModifiedOn"].rstrip("Z")}
    detail = {"Customer": own, "Addresses": customer["Addresses"], "Contacts": customer["Contacts"]}
    emit(company, kind, lambda: {"NumberOfCustomers": 1, "CustomerDetailsList": [detail], "EventType": kind})


def slashed(date: object) -> str:
    """Formats a date as `dd/MM/yyyy`, the second of the two date forms of events."""
    return "/".join(reversed(str(date or "")[:10].split("-")))


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value)
