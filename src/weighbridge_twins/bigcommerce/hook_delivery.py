"""What becomes of a hook's deliveries: tried, retried, blocked, given up. Source: platform notes, bigcommerce 7.4."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from weighbridge_twins.bigcommerce.events import emit, next_try
from weighbridge_twins.bigcommerce.hook_signing import signature
from weighbridge_twins.bigcommerce.state import Record, Shop
from weighbridge_twins.call import Delivery

IDLE: Final = timedelta(days=90)
WINDOW_SECONDS: Final = 120
BLOCK: Final = timedelta(minutes=3)
ENOUGH_SENDS: Final = 100
NEEDED_SUCCESS: Final = 0.9
EXCEPTION_SCOPE: Final = "store/hook/deliveryException"
RETRYING, EXHAUSTED, BLOCKED = 90001, 90002, 90003
RETRY_NOTICE: Final = timedelta(minutes=10)
"""A hook that is being retried is announced at most this often."""


def deliveries_due(shop: Shop) -> list[Delivery]:
    """Each due try in the order of its event, handed out once; idle hooks are switched off, blocked domains wait."""
    now = shop.now()
    for hook in shop.hooks.values():
        if hook["is_active"] and now - hook["_last_event"] > IDLE:
            hook["is_active"] = False
    deliveries: list[Delivery] = []
    waiting: list[Record] = []
    lost: list[Record] = []
    for event in shop.pending_events:
        found = shop.hooks.get(event["hook"])
        if found is None or not found["is_active"]:
            continue
        if event["due"] <= now and not event.get("out"):
            if shop.blocked_until.get(domain(found), now) <= now:
                event["out"] = True
                deliveries.append(_delivery(shop, found, event))
            elif not next_try(shop, event):
                lost.append(found)
                continue
        waiting.append(event)
    shop.pending_events = waiting
    for hook in lost:
        _give_up(shop, hook)
    return deliveries


def delivered(shop: Shop, delivery: Delivery, status: int | None) -> None:
    """A 2xx ends the event; a failure climbs the ladder, and after its top the hook is switched off."""
    event = next((one for one in shop.pending_events if str(one["id"]) == delivery.event_id), None)
    success = status is not None and 200 <= status < 300
    hook = shop.hooks.get(int(delivery.hook_id))
    if hook is not None:
        _watch_domain(shop, hook, success)
    if event is None:
        return
    if success:
        shop.pending_events.remove(event)
    elif next_try(shop, event):
        _notice_retry(shop, hook)
    else:
        shop.pending_events.remove(event)
        if hook is not None:
            _give_up(shop, hook)


def domain(hook: Record) -> str:
    """The host that a hook reports to; success is judged, and blocking done, by host."""
    return urlsplit(str(hook["destination"])).netloc


def _delivery(shop: Shop, hook: Record, event: Record) -> Delivery:
    raw = json.dumps(event["body"], separators=(",", ":")).encode()
    message_id = event["message_id"]
    if not shop.switches["webhook_id_stable"]:
        message_id = f"{message_id}-{event['attempt']}"
    headers = {"content-type": "application/json", "user-agent": "akka-http"}
    headers |= {name.lower(): str(value) for name, value in (hook["headers"] or {}).items()}
    if shop.switches["webhooks_signed"]:
        headers |= signature(shop.client_secret, message_id, int(shop.now().timestamp()), raw)
    return Delivery(str(hook["id"]), str(hook["destination"]), headers, raw, event["attempt"] + 1, str(event["id"]))


def _give_up(shop: Shop, hook: Record) -> None:
    """After 48 hours of failures the hook is off, and nothing is replayed when it is switched on again."""
    if hook["is_active"]:
        hook["is_active"] = False
        _except(shop, hook, EXHAUSTED)


def _notice_retry(shop: Shop, hook: Record | None) -> None:
    if hook is None:
        return
    last = hook.get("_noticed")
    if last is None or shop.now() - last >= RETRY_NOTICE:
        hook["_noticed"] = shop.now()
        _except(shop, hook, RETRYING)


def _watch_domain(shop: Shop, hook: Record, success: bool) -> None:
    """Below 90 % success over two minutes, judged from 100 sends on, a domain is blocked for three."""
    now = shop.now()
    edge, host = now.timestamp() - WINDOW_SECONDS, domain(hook)
    shop.sends = [one for one in shop.sends if one[0] > edge] + [(now.timestamp(), host, success)]
    own = [one[2] for one in shop.sends if one[1] == host]
    blocked = shop.blocked_until.get(host, now) > now
    if not blocked and len(own) >= ENOUGH_SENDS and sum(own) / len(own) < NEEDED_SUCCESS:
        shop.blocked_until[host] = now + BLOCK
        _except(shop, hook, BLOCKED)


def _except(shop: Shop, hook: Record, code: int) -> None:
    """Tells the hook that watches the hooks, which is not told about itself."""
    if hook["scope"] != EXCEPTION_SCOPE:
        emit(shop, EXCEPTION_SCOPE, {"type": "hook_delivery_exception", "id": hook["id"], "code": code})
