"""Events and what they tell. Ids are in upper case here, unlike in answers. Source: platform notes, cin7 5.3."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from weighbridge_twins.cin7.availability import rows_for, shown
from weighbridge_twins.cin7.state import Company, Record, Sale

FIRST_TRY = timedelta(minutes=1)
STOCK_EVENT = "Stock/AvailableStockLevelChanged"
DOWNLOAD_LINK = "https://inventory.dearsystems.com/Sale#{id}"
TENANT_ID = "7E9C5C1D-8B8C-4F0B-9C5C-30E0D6C9D1A4"


def emit(company: Company, kind: str, payload: Callable[[], Any]) -> None:
    """Queues an event for every hook of its type; the first try comes a minute later.

    The payload is written down at once: it tells of this moment, whatever happens until it is delivered.
    """
    keeps = company.switches["hook_keeps_events_while_inactive"]
    hooks = [hook for hook in company.webhooks.values() if hook["Type"] == kind and (hook["IsActive"] or keeps)]
    if not hooks:
        return
    raw = json.dumps(payload(), default=_plain)
    for hook in hooks:
        company.pending_events.append(
            {
                "id": company.new_id(),
                "hook": hook["ID"],
                "kind": kind,
                "raw": raw,
                "attempt": 0,
                "due": company.now() + FIRST_TRY,
                "out": False,
            }
        )


def sale_event(company: Company, kind: str, sale: Sale, **more: Any) -> None:
    """An event that names the sale by `SaleID` and `SaleOrderNumber`."""
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
    """The customer's contact as several events carry it."""
    return {
        "CustomerContactName": str(sale.header.get("Contact") or ""),
        "CustomerContactEmail": str(sale.header.get("Email") or ""),
    }


def task_event(company: Company, kind: str, sale: Sale, task_id: str, **more: Any) -> None:
    """An event that names the task and calls the order's number `OrderNumber`; neither tracking nor lines."""
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
    """The one event with tracking; `TaskTypeSign` is a number here."""
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
    """A bare array without an event type, one row per bin."""
    if not any(hook["Type"] == STOCK_EVENT for hook in company.webhooks.values()):
        return
    products = [company.products[product_id]]
    if company.switches["stock_hook_for_kits"]:
        products += [kit for kit in company.kits_with(product_id) if kit["AutoAssembly"]]
    for product in products:
        rows = [shown(company, product, row) for row in rows_for(company, product)]
        more = {"ID": product["ID"].upper(), "Category": product["Category"], "MaxRows": len(rows)}
        hidden = ("InTransit", "NextDeliveryDate")
        told = [{name: value for name, value in row.items() if name not in hidden} | more for row in rows]
        emit(company, STOCK_EVENT, partial(list, told))


def product_updated(company: Company, view: Record, event: str) -> None:
    kind = "Product/Updated"
    detail = {"Event": event, **view, "ID": view["ID"].upper()}
    emit(company, kind, lambda: {"NumberOfProducts": 1, "ProductDetailsList": [detail], "EventType": kind})


def customer_updated(company: Company, customer: Record) -> None:
    """Its timestamp carries no zone, unlike the API's."""
    kind = "Customer/Updated"
    own = {name: value for name, value in customer.items() if name not in ("Addresses", "Contacts")}
    own |= {"ID": customer["ID"].upper(), "LastModifiedOn": customer["LastModifiedOn"].rstrip("Z")}
    detail = {"Customer": own, "Addresses": customer["Addresses"], "Contacts": customer["Contacts"]}
    emit(company, kind, lambda: {"NumberOfCustomers": 1, "CustomerDetailsList": [detail], "EventType": kind})


def slashed(date: object) -> str:
    """`dd/MM/yyyy`, the second of the two date forms of events."""
    return "/".join(reversed(str(date or "")[:10].split("-")))


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value)
