"""Webhooks: registration, the delivery ladder and silent deactivation. Source: platform notes, cin7 5."""

from __future__ import annotations

import base64
import json
from decimal import Decimal
from typing import Any

from weighbridge.twins.call import Answer, Call, Delivery
from weighbridge.twins.cin7.errors import Refusal, required
from weighbridge.twins.cin7.events import RETRIES
from weighbridge.twins.cin7.paging import given
from weighbridge.twins.cin7.state import Company, Record

MOST_PER_TYPE = 5
TYPES = frozenset(
    f"Sale/{name}"
    for name in (
        "Created", "QuoteAuthorised", "OrderAuthorised", "Voided", "Backordered", "ShipmentAuthorised", "InvoiceAuthorised",
        "PickAuthorised", "PackAuthorised", "CreditNoteAuthorised", "Undo", "PartialPaymentReceived", "FullPaymentReceived",
        "AttachmentAdded", "AdditionalAttributesChanged", "ShipmentTrackingNumberChanged",
    )
) | {
    "Purchase/OrderAuthorised", "Purchase/InvoiceAuthorised", "Purchase/StockReceivedAuthorised",
    "Purchase/CreditNoteAuthorised", "Purchase/Updated", "Customer/Updated", "Supplier/Updated", "Product/Updated",
    "Stock/AvailableStockLevelChanged", "Lead/Updated", "Lead/Converted", "Opportunity/Authorized",
    "Opportunity/AttachmentAdded", "Opportunity/Voided", "Opportunity/Converted", "Task/Overdue",
}  # fmt: skip
AUTHORISATIONS = ("noauth", "basicauth", "bearerauth")


def list_hooks(company: Company, call: Call) -> Answer:
    """Answers secrets in clear."""
    return Answer(200, {"Webhooks": list(company.webhooks.values())})


def create_hook(company: Company, call: Call) -> Answer:
    body = _checked(call)
    same = [hook for hook in company.webhooks.values() if hook["Type"] == body["Type"]]
    if len(same) >= MOST_PER_TYPE:
        raise Refusal(f"Maximum {MOST_PER_TYPE} webhooks of type {body['Type']} are allowed")
    hook = {"ExternalHeaders": [], **body, "ID": company.new_id(), "Name": body["Type"]}
    company.webhooks[hook["ID"]] = hook
    return Answer(200, {"Webhooks": [hook]})


def update_hook(company: Company, call: Call) -> Answer:
    body = _checked(call)
    hook = company.webhooks.get(str(body.get("ID") or "").lower())
    if hook is None:
        raise Refusal(required("ID"))
    hook |= {**body, "ID": hook["ID"]}
    return Answer(200, {"Webhooks": [hook]})


def delete_hook(company: Company, call: Call) -> Answer:
    if company.webhooks.pop(given(call, "ID").lower(), None) is None:
        raise Refusal("Webhook not found")
    return Answer(200, {"Success": True})


def deliveries_due(company: Company) -> list[Delivery]:
    """Each due try, handed out once."""
    now = company.now()
    due = [event for event in company.pending_events if event["due"] <= now and not event.get("out")]
    deliveries = []
    for event in due:
        hook = company.webhooks.get(event["hook"])
        if hook is None or not hook["IsActive"]:
            company.pending_events.remove(event)
            continue
        event["out"] = True
        deliveries.append(
            Delivery(
                hook_id=hook["ID"],
                url=hook["ExternalURL"],
                headers=_headers(company, hook, event["kind"]),
                raw=json.dumps(event["payload"], default=_plain).encode(),
                attempt=event["attempt"] + 1,
                event_id=event["id"],
            )
        )
    return deliveries


def delivered(company: Company, delivery: Delivery, status: int | None) -> None:
    """A 2xx ends the event; after the last try the hook is switched off without a word."""
    event = next((one for one in company.pending_events if one["id"] == delivery.event_id), None)
    if event is None:
        return
    if status is not None and 200 <= status < 300:
        company.pending_events.remove(event)
        return
    if event["attempt"] >= len(RETRIES):
        company.pending_events.remove(event)
        hook = company.webhooks.get(delivery.hook_id)
        if hook is not None:
            hook["IsActive"] = False
        return
    event["due"] = company.now() + RETRIES[event["attempt"]]
    event["attempt"] += 1
    event["out"] = False


def _headers(company: Company, hook: Record, kind: str) -> dict[str, str]:
    headers = {"content-type": "application/json"}
    if hook["ExternalAuthorizationType"] == "bearerauth":
        headers["authorization"] = f"Bearer {hook.get('ExternalBearerToken', '')}"
    elif hook["ExternalAuthorizationType"] == "basicauth":
        pair = f"{hook.get('ExternalUserName', '')}:{hook.get('ExternalPassword', '')}"
        headers["authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    for extra in hook.get("ExternalHeaders") or []:
        headers[str(extra["Key"]).lower()] = str(extra["Value"])
    if company.switches["hook_event_type_header"]:
        headers["event-type"] = kind
    return headers


def _checked(call: Call) -> Record:
    body = call.body if isinstance(call.body, dict) else {}
    wanted = ("Type", "ExternalURL", "ExternalAuthorizationType")
    missing = [required(name) for name in wanted if not body.get(name)]
    if body.get("IsActive") is None:
        missing.append(required("IsActive"))
    if missing:
        raise Refusal(*missing)
    if body["Type"] not in TYPES:
        raise Refusal("Type is invalid")
    if body["ExternalAuthorizationType"] not in AUTHORISATIONS:
        raise Refusal("ExternalAuthorizationType is invalid")
    return body


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else str(value)
