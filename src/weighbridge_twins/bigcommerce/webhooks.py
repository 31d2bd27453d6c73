"""Webhooks and their delivery health. Source: platform notes, bigcommerce 7.1; Webhooks v3."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from weighbridge_twins.bigcommerce.errors import Refusal, not_found
from weighbridge_twins.bigcommerce.paging import v2_page, v3_page
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Record, Store
from weighbridge_twins.bigcommerce.webhook_delivery import delivered, deliveries_due
from weighbridge_twins.bigcommerce.webhook_signing import signature
from weighbridge_twins.http.call import Answer, Call

__all__ = ["delivered", "deliveries_due", "routes", "signature"]

routes = Routes()
MOST_PER_SCOPE: Final = 10
MOST_HEADERS: Final = 64
LONGEST_HEADER_NAME, LONGEST_HEADER = 64, 8192
WRITABLE: Final = ("scope", "destination", "is_active", "headers")


@routes.on("GET", "/v3/hooks")
def list_webhooks(store: Store, call: Call) -> Answer:
    query = call.query
    rows = [
        row
        for row in store.webhooks.values()
        if (not query.get("scope") or row["scope"] == query["scope"])
        and (not query.get("destination") or row["destination"] == query["destination"])
        and (query.get("is_active") is None or row["is_active"] == (query["is_active"] == "true"))
    ]
    return v3_page(call, rows, _public)


@routes.on("POST", "/v3/hooks")
def create_webhook(store: Store, call: Call) -> Answer:
    """Creates a webhook. Raises Refusal 422 for a duplicate scope and destination, and above ten per scope."""
    return Answer(200, {"data": _public(_create(store, call)), "meta": {}})


@routes.on("GET", "/v3/hooks/{webhook_id}")
def get_webhook(store: Store, call: Call, webhook_id: str) -> Answer:
    return Answer(200, {"data": _public(_find(store, webhook_id)), "meta": {}})


@routes.on("PUT", "/v3/hooks/{webhook_id}")
def update_webhook(store: Store, call: Call, webhook_id: str) -> Answer:
    """Updates scope, destination, is_active or headers; restarts the 90 days after which it counts as idle."""
    return Answer(200, {"data": _public(_update(store, call, webhook_id)), "meta": {}})


@routes.on("DELETE", "/v3/hooks/{webhook_id}")
def delete_webhook(store: Store, call: Call, webhook_id: str) -> Answer:
    webhook = _find(store, webhook_id)
    del store.webhooks[webhook["id"]]
    return Answer(200, {"data": _public(webhook), "meta": {}})


@routes.on("GET", "/v3/hooks/admin")
def admin(store: Store, call: Call) -> Answer:
    """The health of the webhooks: their status, blocked domains with the seconds left, and the alert e-mails."""
    now = store.now()
    is_active = call.query.get("is_active")
    webhooks = [
        {**_public(row), "status": "active" if row["is_active"] else "deactivated"}
        for row in store.webhooks.values()
        if is_active is None or row["is_active"] == (is_active == "true")
    ]
    blocked = [
        {"destination": host, "time_left": int((until - now).total_seconds()), "reasons": [_reason(store, host)]}
        for host, until in store.blocked_until.items()
        if until > now
    ]
    emails = store.settings.get("webhook_emails", [])
    return Answer(200, {"data": {"emails": emails, "hooks_list": webhooks, "blocked_domains": blocked}, "meta": {}})


def _reason(store: Store, host: str) -> Record:
    failures = [at for at, sent_to, success in store.sends if sent_to == host and not success]
    return {
        "failure_description": "The destination did not answer with a success",
        "count": len(failures),
        "timestamp": int(max(failures, default=store.now().timestamp())),
    }


@routes.on("PUT", "/v3/hooks/admin")
def update_admin(store: Store, call: Call) -> Answer:
    """Sets the e-mail addresses that are notified when a webhook is deactivated."""
    emails = call.body.get("emails") if isinstance(call.body, dict) else None
    if not isinstance(emails, list) or not all("@" in str(email) for email in emails):
        raise Refusal(422, "A list of e-mail addresses is required", {"emails": "invalid"})
    store.settings["webhook_emails"] = [str(email) for email in emails]
    return Answer(204, empty=True)


@routes.on("GET", "/v2/hooks")
def list_v2(store: Store, call: Call) -> Answer:
    return v2_page(call, [_public(row) for row in store.webhooks.values()])


@routes.on("POST", "/v2/hooks")
def create_v2(store: Store, call: Call) -> Answer:
    return Answer(201, _public(_create(store, call)))


@routes.on("GET", "/v2/hooks/{webhook_id}")
def get_v2(store: Store, call: Call, webhook_id: str) -> Answer:
    return Answer(200, _public(_find(store, webhook_id)))


@routes.on("PUT", "/v2/hooks/{webhook_id}")
def update_v2(store: Store, call: Call, webhook_id: str) -> Answer:
    return Answer(200, _public(_update(store, call, webhook_id)))


@routes.on("DELETE", "/v2/hooks/{webhook_id}")
def delete_v2(store: Store, call: Call, webhook_id: str) -> Answer:
    del store.webhooks[_find(store, webhook_id)["id"]]
    return Answer(204, empty=True)


def _create(store: Store, call: Call) -> Record:
    body = call.body if isinstance(call.body, dict) else {}
    missing = {name: f"{name} is required" for name in ("scope", "destination") if not body.get(name)}
    if missing:
        raise Refusal(422, "Required fields are missing", missing)
    stamp = int(store.now().timestamp())
    webhook: Record = {
        "id": 0,
        "client_id": "twin-client",
        "store_hash": store.store_hash,
        "created_at": stamp,
        "updated_at": stamp,
        "scope": str(body["scope"]),
        "destination": str(body["destination"]),
        "is_active": bool(body.get("is_active", True)),
        "headers": body.get("headers") or {},
        "_last_event": store.now(),
    }
    _check(store, webhook)
    webhook["id"] = store.next_id("webhook", 21)
    store.webhooks[webhook["id"]] = webhook
    return webhook


def _update(store: Store, call: Call, webhook_id: str) -> Record:
    webhook = _find(store, webhook_id)
    body = call.body if isinstance(call.body, dict) else {}
    updated = {**webhook, **{name: body[name] for name in WRITABLE if name in body}}
    _check(store, updated)
    webhook |= {**updated, "updated_at": int(store.now().timestamp()), "_last_event": store.now()}
    return webhook


def _check(store: Store, webhook: Record) -> None:
    if store.switches["webhook_destinations"] == "https_443":
        url = urlsplit(str(webhook["destination"]))
        if url.scheme != "https" or url.port not in (None, 443):
            raise Refusal(422, "The destination must be HTTPS on port 443", {"destination": "invalid"})
    _check_headers(webhook["headers"] or {})
    same = [row for row in store.webhooks.values() if row["scope"] == webhook["scope"] and row["id"] != webhook["id"]]
    if any(row["destination"] == webhook["destination"] for row in same):
        raise Refusal(422, "A hook for this scope and destination exists", {"destination": "duplicate"})
    if len(same) >= MOST_PER_SCOPE:
        raise Refusal(422, f"At most {MOST_PER_SCOPE} hooks per scope", {"scope": "limit"})


def _check_headers(headers: Any) -> None:
    is_valid = isinstance(headers, dict) and len(headers) <= MOST_HEADERS
    if not is_valid or any(
        len(str(name)) > LONGEST_HEADER_NAME or len(str(value)) > LONGEST_HEADER for name, value in headers.items()
    ):
        raise Refusal(422, "Too many or too long headers", {"headers": "invalid"})


def _find(store: Store, webhook_id: str) -> Record:
    webhook = store.webhooks.get(int(webhook_id)) if webhook_id.isdigit() else None
    if webhook is None:
        raise not_found()
    return webhook


def _public(row: Record) -> Record:
    return {name: value for name, value in row.items() if not name.startswith("_")}
