"""Webhooks: registration, the delivery ladder and silent deactivation. Source: platform notes, cin7 5."""

from __future__ import annotations

import base64
import re
from datetime import timedelta

from weighbridge_twins.call import Answer, Call, Delivery
from weighbridge_twins.cin7.errors import Refusal, refuse_any, required
from weighbridge_twins.cin7.paging import given
from weighbridge_twins.cin7.reading import body_of, missing, overlong, rows_of, truth
from weighbridge_twins.cin7.state import Company, Record

RETRIES = tuple(timedelta(minutes=minutes) for minutes in (5, 10, 15, 20, 25))
"""Six tries over 76 minutes, the first a minute after the event."""
MOST_PER_TYPE = 5
TYPES = frozenset(
    f"Sale/{name}"
    for name in (
        "Created", "QuoteAuthorised", "OrderAuthorised", "Voided", "Backordered", "ShipmentAuthorised",
        "InvoiceAuthorised", "PickAuthorised", "PackAuthorised", "CreditNoteAuthorised", "Undo",
        "PartialPaymentReceived", "FullPaymentReceived", "AttachmentAdded", "AdditionalAttributesChanged",
        "ShipmentTrackingNumberChanged",
    )
) | {
    "Purchase/OrderAuthorised", "Purchase/InvoiceAuthorised", "Purchase/StockReceivedAuthorised",
    "Purchase/CreditNoteAuthorised", "Purchase/Updated", "Customer/Updated", "Supplier/Updated", "Product/Updated",
    "Stock/AvailableStockLevelChanged", "Lead/Updated", "Lead/Converted", "Opportunity/Authorized",
    "Opportunity/AttachmentAdded", "Opportunity/Voided", "Opportunity/Converted", "Task/Overdue",
}  # fmt: skip
SECRETS = {
    "noauth": (),
    "basicauth": ("ExternalUserName", "ExternalPassword"),
    "bearerauth": ("ExternalBearerToken",),
}


def list_hooks(company: Company, call: Call) -> Answer:
    """Answers secrets in clear. Source: GET /webhooks."""
    return _all(company)


def create_hook(company: Company, call: Call) -> Answer:
    """At most five of a type. Source: POST /webhooks."""
    body = _checked(body_of(call))
    same = [hook for hook in company.webhooks.values() if hook["Type"] == body["Type"]]
    if len(same) >= MOST_PER_TYPE:
        raise Refusal(f"Maximum number of webhooks for type {body['Type']} is {MOST_PER_TYPE}.")
    blank: Record = {name: None for names in SECRETS.values() for name in names}
    blank["ExternalHeaders"] = []
    hook = {**blank, **body, "ID": company.new_id(), "Name": _friendly(body["Type"])}
    company.webhooks[hook["ID"]] = hook
    return Answer(200, {"Webhooks": [hook]})


def update_hook(company: Company, call: Call) -> Answer:
    """Switches a hook on again, too; nothing is replayed. Source: PUT /webhooks."""
    body = body_of(call)
    hook = company.webhooks.get(str(body.get("ID") or "").lower())
    if hook is None:
        raise Refusal(required("ID") if not body.get("ID") else "Webhook with specified ID not found")
    changed = _checked({**hook, **body})
    hook |= {**changed, "ID": hook["ID"], "Name": _friendly(changed["Type"])}
    return Answer(200, {"Webhooks": [hook]})


def delete_hook(company: Company, call: Call) -> Answer:
    """Answers those that remain. Source: DELETE /webhooks."""
    if company.webhooks.pop(given(call, "ID").lower(), None) is None:
        raise Refusal("Webhook with specified ID not found")
    return _all(company)


def deliveries_due(company: Company) -> list[Delivery]:
    """Each due try, handed out once."""
    now = company.now()
    due: list[Delivery] = []
    kept: list[Record] = []
    keeps = company.switches["hook_keeps_events_while_inactive"]
    for event in company.pending_events:
        hook = company.webhooks.get(event["hook"])
        if hook is None or (not hook["IsActive"] and not keeps):
            continue
        kept.append(event)
        if event["due"] <= now and not event["out"] and hook["IsActive"]:
            event["out"] = True
            due.append(_delivery(company, hook, event))
    if len(kept) != len(company.pending_events):
        company.pending_events = kept
    return due


def delivered(company: Company, delivery: Delivery, status: int | None) -> None:
    """A good answer ends the event; after the last try the hook is switched off without a word."""
    event = next((one for one in company.pending_events if one["id"] == delivery.event_id), None)
    if event is None:
        return
    good = status == 200 if company.switches["hook_success"] == "200" else status is not None and 200 <= status < 300
    if good:
        company.pending_events.remove(event)
    elif event["attempt"] >= len(RETRIES):
        company.pending_events.remove(event)
        hook = company.webhooks.get(delivery.hook_id)
        if hook is not None:
            hook["IsActive"] = False
    else:
        event["due"] = company.now() + RETRIES[event["attempt"]]
        event["attempt"] += 1
        event["out"] = False


def _delivery(company: Company, hook: Record, event: Record) -> Delivery:
    return Delivery(
        hook_id=hook["ID"],
        url=hook["ExternalURL"],
        headers=_headers(company, hook, event["kind"]),
        raw=event["raw"].encode(),
        attempt=event["attempt"] + 1,
        event_id=event["id"],
    )


def _headers(company: Company, hook: Record, kind: str) -> dict[str, str]:
    headers = {"content-type": "application/json"}
    if hook["ExternalAuthorizationType"] == "bearerauth":
        headers["authorization"] = f"Bearer {hook['ExternalBearerToken']}"
    elif hook["ExternalAuthorizationType"] == "basicauth":
        pair = f"{hook['ExternalUserName']}:{hook['ExternalPassword']}"
        headers["authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    for extra in hook["ExternalHeaders"]:
        headers[str(extra["Key"]).lower()] = str(extra["Value"])
    if company.switches["hook_event_type_header"]:
        headers["event-type"] = kind
    return headers


def _checked(body: Record) -> Record:
    problems = missing(body, ("Type", "ExternalURL", "ExternalAuthorizationType"))
    if body.get("IsActive") is None:
        problems.append(required("IsActive"))
    kind, authorisation = str(body.get("Type")), str(body.get("ExternalAuthorizationType"))
    if kind not in TYPES:
        problems.append("Type is invalid")
    if authorisation not in SECRETS:
        problems.append("ExternalAuthorizationType is invalid")
    problems += missing(body, SECRETS.get(authorisation, ()))
    problems += overlong(body, {"ExternalURL": 1024, **dict.fromkeys(SECRETS.get(authorisation, ()), 4096)})
    headers = rows_of(body, "ExternalHeaders", problems)
    for header in headers:
        problems += missing(header, ("Key", "Value"))
    refuse_any(problems)
    names = ("Type", "ExternalURL", "ExternalAuthorizationType", *SECRETS["basicauth"], *SECRETS["bearerauth"])
    kept = {name: body[name] for name in names if name in body}
    return {**kept, "ExternalHeaders": headers, "IsActive": truth(body["IsActive"])}


def _friendly(kind: str) -> str:
    """`Sale/OrderAuthorised` reads "Sale order authorised"."""
    return re.sub(r"[/]|(?<=[a-z])(?=[A-Z])", " ", kind).capitalize()


def _all(company: Company) -> Answer:
    return Answer(200, {"Webhooks": list(company.webhooks.values())})
