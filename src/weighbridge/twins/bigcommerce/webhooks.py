"""Webhooks: registration, signed delivery, retry ladder, blocklist, deactivation. Source: notes, bigcommerce 7."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from urllib.parse import urlsplit

from weighbridge.twins.bigcommerce.errors import Refusal, not_found
from weighbridge.twins.bigcommerce.events import emit, next_try
from weighbridge.twins.bigcommerce.paging import v2_page, v3_page
from weighbridge.twins.bigcommerce.routing import Routes
from weighbridge.twins.bigcommerce.state import Record, Shop
from weighbridge.twins.call import Answer, Call, Delivery

routes = Routes()
MOST_PER_SCOPE = 10
IDLE = timedelta(days=90)
WINDOW_SECONDS = 120
BLOCK = timedelta(minutes=3)
ENOUGH_SENDS = 100
NEEDED_SUCCESS = 0.9


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
    return Answer(200, {"data": _public(_made(shop, call)), "meta": {}})


@routes.on("GET", "/v3/hooks/{hook_id}")
def get_hook(shop: Shop, call: Call, hook_id: str) -> Answer:
    return Answer(200, {"data": _public(_find(shop, hook_id)), "meta": {}})


@routes.on("PUT", "/v3/hooks/{hook_id}")
def update_hook(shop: Shop, call: Call, hook_id: str) -> Answer:
    hook = _find(shop, hook_id)
    hook |= {name: value for name, value in (call.body or {}).items() if name in _WRITABLE}
    hook |= {"updated_at": int(shop.now().timestamp()), "_last_event": shop.now()}
    return Answer(200, {"data": _public(hook), "meta": {}})


@routes.on("DELETE", "/v3/hooks/{hook_id}")
def delete_hook(shop: Shop, call: Call, hook_id: str) -> Answer:
    hook = _find(shop, hook_id)
    del shop.hooks[hook["id"]]
    return Answer(200, {"data": _public(hook), "meta": {}})


@routes.on("GET", "/v3/hooks/admin")
def admin(shop: Shop, call: Call) -> Answer:
    now = shop.now()
    blocked = [
        {
            "destination": domain,
            "time_left": int((until - now).total_seconds()),
            "reasons": [{"count": 1, "reason": "low ratio"}],
        }
        for domain, until in shop.blocked_until.items()
        if until > now
    ]
    hooks = [{"hook_id": row["id"], "client_id": row["client_id"], "store_hash": shop.store_hash, "scope": row["scope"],
              "destination": row["destination"], "status": "active" if row["is_active"] else "deactivated"}
             for row in shop.hooks.values()]  # fmt: skip
    return Answer(200, {"data": {"emails": [], "hooks_list": hooks, "blocked_domains": blocked}, "meta": {}})


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
    hook = _find(shop, hook_id)
    hook |= {name: value for name, value in (call.body or {}).items() if name in _WRITABLE}
    return Answer(200, _public(hook))


@routes.on("DELETE", "/v2/hooks/{hook_id}")
def delete_v2(shop: Shop, call: Call, hook_id: str) -> Answer:
    del shop.hooks[_find(shop, hook_id)["id"]]
    return Answer(204, empty=True)


_WRITABLE = ("scope", "destination", "is_active", "headers")


def _made(shop: Shop, call: Call) -> Record:
    body = call.body if isinstance(call.body, dict) else {}
    missing = {name: f"{name} is required" for name in ("scope", "destination") if not body.get(name)}
    if missing:
        raise Refusal(422, "Required fields are missing", missing)
    destination = str(body["destination"])
    if shop.switches["hook_destinations"] == "https_443":
        parts = urlsplit(destination)
        if parts.scheme != "https" or parts.port not in (None, 443):
            raise Refusal(422, "The destination must be HTTPS on port 443", {"destination": "invalid"})
    same = [row for row in shop.hooks.values() if row["scope"] == body["scope"]]
    if any(row["destination"] == destination for row in same):
        raise Refusal(422, "A hook for this scope and destination exists", {"destination": "duplicate"})
    if len(same) >= MOST_PER_SCOPE:
        raise Refusal(422, f"At most {MOST_PER_SCOPE} hooks per scope", {"scope": "limit"})
    stamp = int(shop.now().timestamp())
    hook: Record = {
        "id": shop.next_id("hook", 21),
        "client_id": "twin-client",
        "store_hash": shop.store_hash,
        "created_at": stamp,
        "updated_at": stamp,
        "scope": body["scope"],
        "destination": destination,
        "is_active": bool(body.get("is_active", True)),
        "headers": body.get("headers") or {},
        "_last_event": shop.now(),
    }
    shop.hooks[hook["id"]] = hook
    return hook


def deliveries_due(shop: Shop) -> list[Delivery]:
    """Each due try, handed out once; idle hooks are switched off, blocked domains wait."""
    now = shop.now()
    for hook in shop.hooks.values():
        if hook["is_active"] and now - hook["_last_event"] > IDLE:
            hook["is_active"] = False
    deliveries = []
    for event in list(shop.pending_events):
        if event["due"] > now or event.get("out"):
            continue
        found = shop.hooks.get(event["hook"])
        if found is None or not found["is_active"]:
            shop.pending_events.remove(event)
            continue
        if shop.blocked_until.get(_domain(found), now) > now:
            next_try(shop, event)
            continue
        event["out"] = True
        deliveries.append(_delivery(shop, found, event))
    return deliveries


def _delivery(shop: Shop, hook: Record, event: Record) -> Delivery:
    raw = json.dumps(event["body"], separators=(",", ":")).encode()
    message_id = event["message_id"]
    if not shop.switches["webhook_id_stable"]:
        message_id = f"{message_id}-{event['attempt']}"
    headers = {"content-type": "application/json", "user-agent": "akka-http"}
    headers |= {name.lower(): str(value) for name, value in hook["headers"].items()}
    if shop.switches["webhooks_signed"]:
        headers |= signature(shop.client_secret, message_id, int(shop.now().timestamp()), raw)
    return Delivery(str(hook["id"]), str(hook["destination"]), headers, raw, event["attempt"] + 1, str(event["id"]))


def signature(client_secret: str, message_id: str, timestamp: int, raw: bytes) -> dict[str, str]:
    """Standard Webhooks headers; the key is the client secret's own bytes, the timestamp that of this try."""
    signed = f"{message_id}.{timestamp}.".encode() + raw
    digest = hmac.new(client_secret.encode(), signed, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }


def delivered(shop: Shop, delivery: Delivery, status: int | None) -> None:
    """A 2xx ends the event; a failure climbs the ladder, and after its top the hook is switched off."""
    event = next((one for one in shop.pending_events if str(one["id"]) == delivery.event_id), None)
    success = status is not None and 200 <= status < 300
    hook = shop.hooks.get(int(delivery.hook_id))
    if hook is not None:
        _watch_domain(shop, _domain(hook), success)
    if event is None:
        return
    if success:
        shop.pending_events.remove(event)
    elif not next_try(shop, event):
        shop.pending_events.remove(event)
        if hook is not None:
            hook["is_active"] = False
            emit(
                shop,
                "store/hook/deliveryException",
                {"type": "hook_delivery_exception", "id": hook["id"], "code": 90002},
            )


def _watch_domain(shop: Shop, domain: str, success: bool) -> None:
    """Below 90 % success over two minutes, judged from 100 sends on, a domain is blocked for three."""
    now = shop.now()
    edge = now.timestamp() - WINDOW_SECONDS
    shop.sends = [one for one in shop.sends if one[0] > edge] + [(now.timestamp(), domain, success)]
    own = [one[2] for one in shop.sends if one[1] == domain]
    if len(own) >= ENOUGH_SENDS and sum(own) / len(own) < NEEDED_SUCCESS:
        shop.blocked_until[domain] = now + BLOCK


def _domain(hook: Record) -> str:
    return urlsplit(str(hook["destination"])).netloc


def _find(shop: Shop, hook_id: str) -> Record:
    hook = shop.hooks.get(int(hook_id)) if hook_id.isdigit() else None
    if hook is None:
        raise not_found()
    return hook


def _public(row: Record) -> Record:
    return {name: value for name, value in row.items() if not name.startswith("_")}
