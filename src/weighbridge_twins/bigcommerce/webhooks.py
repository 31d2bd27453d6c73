"""Webhooks: who is told about what, and what became of it. Source: platform notes, bigcommerce 7.1; Webhooks v3."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from weighbridge_twins.bigcommerce.errors import Refusal, not_found
from weighbridge_twins.bigcommerce.hook_delivery import delivered, deliveries_due
from weighbridge_twins.bigcommerce.hook_signing import signature
from weighbridge_twins.bigcommerce.paging import v2_page, v3_page
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Record, Shop
from weighbridge_twins.call import Answer, Call

__all__ = ["delivered", "deliveries_due", "routes", "signature"]

routes = Routes()
MOST_PER_SCOPE: Final = 10
MOST_HEADERS: Final = 64
LONGEST_HEADER_NAME, LONGEST_HEADER = 64, 8192
WRITABLE: Final = ("scope", "destination", "is_active", "headers")


@routes.on("GET", "/v3/hooks")
def list_hooks(shop: Shop, call: Call) -> Answer:
    query = call.query
    rows = [
        row
        for row in shop.hooks.values()
        if (not query.get("scope") or row["scope"] == query["scope"])
        and (not query.get("destination") or row["destination"] == query["destination"])
        and (query.get("is_active") is None or row["is_active"] == (query["is_active"] == "true"))
    ]
    return v3_page(call, rows, _public)


@routes.on("POST", "/v3/hooks")
def create_hook(shop: Shop, call: Call) -> Answer:
    """A hook. Raises Refusal 422 for a second one of this scope and destination, and for the eleventh of a scope."""
    return Answer(200, {"data": _public(_made(shop, call)), "meta": {}})


@routes.on("GET", "/v3/hooks/{hook_id}")
def get_hook(shop: Shop, call: Call, hook_id: str) -> Answer:
    return Answer(200, {"data": _public(_find(shop, hook_id)), "meta": {}})


@routes.on("PUT", "/v3/hooks/{hook_id}")
def update_hook(shop: Shop, call: Call, hook_id: str) -> Answer:
    """Changes any of scope, destination, is_active and headers; its 90 idle days begin anew."""
    return Answer(200, {"data": _public(_changed(shop, call, hook_id)), "meta": {}})


@routes.on("DELETE", "/v3/hooks/{hook_id}")
def delete_hook(shop: Shop, call: Call, hook_id: str) -> Answer:
    hook = _find(shop, hook_id)
    del shop.hooks[hook["id"]]
    return Answer(200, {"data": _public(hook), "meta": {}})


@routes.on("GET", "/v3/hooks/admin")
def admin(shop: Shop, call: Call) -> Answer:
    """The health of the hooks: each one's status, blocked domains with the seconds left, and who is mailed."""
    now = shop.now()
    wanted = call.query.get("is_active")
    hooks = [
        {**_public(row), "status": "active" if row["is_active"] else "deactivated"}
        for row in shop.hooks.values()
        if wanted is None or row["is_active"] == (wanted == "true")
    ]
    blocked = [
        {"destination": host, "time_left": int((until - now).total_seconds()), "reasons": [_reason(shop, host)]}
        for host, until in shop.blocked_until.items()
        if until > now
    ]
    emails = shop.settings.get("hook_emails", [])
    return Answer(200, {"data": {"emails": emails, "hooks_list": hooks, "blocked_domains": blocked}, "meta": {}})


def _reason(shop: Shop, host: str) -> Record:
    failures = [at for at, own, success in shop.sends if own == host and not success]
    return {
        "failure_description": "The destination did not answer with a success",
        "count": len(failures),
        "timestamp": int(max(failures, default=shop.now().timestamp())),
    }


@routes.on("PUT", "/v3/hooks/admin")
def update_admin(shop: Shop, call: Call) -> Answer:
    """Sets who is mailed when a hook is switched off."""
    emails = call.body.get("emails") if isinstance(call.body, dict) else None
    if not isinstance(emails, list) or not all("@" in str(email) for email in emails):
        raise Refusal(422, "A list of e-mail addresses is required", {"emails": "invalid"})
    shop.settings["hook_emails"] = [str(email) for email in emails]
    return Answer(204, empty=True)


@routes.on("GET", "/v2/hooks")
def list_v2(shop: Shop, call: Call) -> Answer:
    return v2_page(call, [_public(row) for row in shop.hooks.values()])


@routes.on("POST", "/v2/hooks")
def create_v2(shop: Shop, call: Call) -> Answer:
    return Answer(201, _public(_made(shop, call)))


@routes.on("GET", "/v2/hooks/{hook_id}")
def get_v2(shop: Shop, call: Call, hook_id: str) -> Answer:
    return Answer(200, _public(_find(shop, hook_id)))


@routes.on("PUT", "/v2/hooks/{hook_id}")
def update_v2(shop: Shop, call: Call, hook_id: str) -> Answer:
    return Answer(200, _public(_changed(shop, call, hook_id)))


@routes.on("DELETE", "/v2/hooks/{hook_id}")
def delete_v2(shop: Shop, call: Call, hook_id: str) -> Answer:
    del shop.hooks[_find(shop, hook_id)["id"]]
    return Answer(204, empty=True)


def _made(shop: Shop, call: Call) -> Record:
    body = call.body if isinstance(call.body, dict) else {}
    missing = {name: f"{name} is required" for name in ("scope", "destination") if not body.get(name)}
    if missing:
        raise Refusal(422, "Required fields are missing", missing)
    stamp = int(shop.now().timestamp())
    hook: Record = {
        "id": 0,
        "client_id": "twin-client",
        "store_hash": shop.store_hash,
        "created_at": stamp,
        "updated_at": stamp,
        "scope": str(body["scope"]),
        "destination": str(body["destination"]),
        "is_active": bool(body.get("is_active", True)),
        "headers": body.get("headers") or {},
        "_last_event": shop.now(),
    }
    _check(shop, hook)
    hook["id"] = shop.next_id("hook", 21)
    shop.hooks[hook["id"]] = hook
    return hook


def _changed(shop: Shop, call: Call, hook_id: str) -> Record:
    hook = _find(shop, hook_id)
    body = call.body if isinstance(call.body, dict) else {}
    wanted = {**hook, **{name: body[name] for name in WRITABLE if name in body}}
    _check(shop, wanted)
    hook |= {**wanted, "updated_at": int(shop.now().timestamp()), "_last_event": shop.now()}
    return hook


def _check(shop: Shop, wanted: Record) -> None:
    if shop.switches["hook_destinations"] == "https_443":
        parts = urlsplit(str(wanted["destination"]))
        if parts.scheme != "https" or parts.port not in (None, 443):
            raise Refusal(422, "The destination must be HTTPS on port 443", {"destination": "invalid"})
    _check_headers(wanted["headers"] or {})
    same = [row for row in shop.hooks.values() if row["scope"] == wanted["scope"] and row["id"] != wanted["id"]]
    if any(row["destination"] == wanted["destination"] for row in same):
        raise Refusal(422, "A hook for this scope and destination exists", {"destination": "duplicate"})
    if len(same) >= MOST_PER_SCOPE:
        raise Refusal(422, f"At most {MOST_PER_SCOPE} hooks per scope", {"scope": "limit"})


def _check_headers(headers: Any) -> None:
    fits = isinstance(headers, dict) and len(headers) <= MOST_HEADERS
    if not fits or any(
        len(str(name)) > LONGEST_HEADER_NAME or len(str(value)) > LONGEST_HEADER for name, value in headers.items()
    ):
        raise Refusal(422, "Too many or too long headers", {"headers": "invalid"})


def _find(shop: Shop, hook_id: str) -> Record:
    hook = shop.hooks.get(int(hook_id)) if hook_id.isdigit() else None
    if hook is None:
        raise not_found()
    return hook


def _public(row: Record) -> Record:
    return {name: value for name, value in row.items() if not name.startswith("_")}
