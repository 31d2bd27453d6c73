"""Webhooks: registration, delivery with retries, and silent deactivation. Source: platform notes, cin7 5."""

from __future__ import annotations

import base64
import re
from datetime import timedelta

from weighbridge_twins.cin7.errors import Refusal, refuse_any, required
from weighbridge_twins.cin7.paging import given
from weighbridge_twins.cin7.request_parsing import body_of, missing, overlong, rows_of, truth
from weighbridge_twins.cin7.state import Company, Record
from weighbridge_twins.http.call import Answer, Call, Delivery

RETRIES = tuple(timedelta(minutes=minutes) for minutes in (5, 10, 15, 20, 25))
"""Six attempts over 76 minutes, the first a minute after the event."""
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


def list_webhooks(company: Company, call: Call) -> Answer:
    """Lists webhooks, with secrets in plain text. Source: GET /webhooks."""
    return _all(company)


def create_webhook(company: Company, call: Call) -> Answer:
    """Creates a webhook; at most five of one type. Source: POST /webhooks."""
    body = _checked(body_of(call))
    same = [webhook for webhook in company.webhooks.values() if webhook["Type"] == body["Type"]]
    if len(same) >= MOST_PER_TYPE:
        raise Refusal(f"Maximum number of webhooks for type {body['Type']} is {MOST_PER_TYPE}.")
    blank: Record = {name: None for names in SECRETS.values() for name in names}
    blank["ExternalHeaders"] = []
    webhook = {**blank, **body, "ID": company.new_id(), "Name": _friendly(body["Type"])}
    company.webhooks[webhook["ID"]] = webhook
    return Answer(200, {"Webhooks": [webhook]})


def update_webhook(company: Company, call: Call) -> Answer:
    """Updates or reactivates a webhook; missed events are not replayed. Source: PUT /webhooks."""
    body = body_of(call)
    webhook = company.webhooks.get(str(body.get("ID") or "").lower())
    if webhook is None:
        raise Refusal(required("ID") if not body.get("ID") else "Webhook with specified ID not found")
    changed = _checked({**webhook, **body})
    webhook |= {**changed, "ID": webhook["ID"], "Name": _friendly(changed["Type"])}
    return Answer(200, {"Webhooks": [webhook]})


def delete_webhook(company: Company, call: Call) -> Answer:
    """Deletes a webhook and answers the remaining ones. Source: DELETE /webhooks."""
    if company.webhooks.pop(given(call, "ID").lower(), None) is None:
        raise Refusal("Webhook with specified ID not found")
    return _all(company)


def deliveries_due(company: Company) -> list[Delivery]:
    """Returns each due attempt once."""
    now = company.now()
    due: list[Delivery] = []
    pending: list[Record] = []
    keeps = company.switches["webhook_keeps_events_while_inactive"]
    for event in company.pending_events:
        webhook = company.webhooks.get(event["webhook"])
        if webhook is None or (not webhook["IsActive"] and not keeps):
            continue
        pending.append(event)
        if event["due"] <= now and not event["out"] and webhook["IsActive"]:
            event["out"] = True
            due.append(_delivery(company, webhook, event))
    if len(pending) != len(company.pending_events):
        company.pending_events = pending
    return due


def delivered(company: Company, delivery: Delivery, status: int | None) -> None:
    """A successful answer completes the event; after the last attempt the webhook is silently deactivated."""
    event = next((event for event in company.pending_events if event["id"] == delivery.event_id), None)
    if event is None:
        return
    good = status == 200 if company.switches["webhook_success"] == "200" else status is not None and 200 <= status < 300
    if good:
        company.pending_events.remove(event)
    elif event["attempt"] >= len(RETRIES):
        company.pending_events.remove(event)
        webhook = company.webhooks.get(delivery.webhook_id)
        if webhook is not None:
            webhook["IsActive"] = False
    else:
        event["due"] = company.now() + RETRIES[event["attempt"]]
        event["attempt"] += 1
        event["out"] = False


def _delivery(company: Company, webhook: Record, event: Record) -> Delivery:
    return Delivery(
        webhook_id=webhook["ID"],
        url=webhook["ExternalURL"],
        headers=_headers(company, webhook, event["kind"]),
        raw=event["raw"].encode(),
        attempt=event["attempt"] + 1,
        event_id=event["id"],
    )


def _headers(company: Company, webhook: Record, kind: str) -> dict[str, str]:
    headers = {"content-type": "application/json"}
    if webhook["ExternalAuthorizationType"] == "bearerauth":
        headers["authorization"] = f"Bearer {webhook['ExternalBearerToken']}"
    elif webhook["ExternalAuthorizationType"] == "basicauth":
        pair = f"{webhook['ExternalUserName']}:{webhook['ExternalPassword']}"
        headers["authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    for extra in webhook["ExternalHeaders"]:
        headers[str(extra["Key"]).lower()] = str(extra["Value"])
    if company.switches["webhook_event_type_header"]:
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
    fields = {name: body[name] for name in names if name in body}
    return {**fields, "ExternalHeaders": headers, "IsActive": truth(body["IsActive"])}


def _friendly(kind: str) -> str:
    """Renders `Sale/OrderAuthorised` as "Sale order authorised"."""
    return re.sub(r"[/]|(?<=[a-z])(?=[A-Z])", " ", kind).capitalize()


def _all(company: Company) -> Answer:
    return Answer(200, {"Webhooks": list(company.webhooks.values())})
