"""Webhook deliveries: attempts, retries, blocked domains, deactivation. Source: platform notes, bigcommerce 7.4."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from weighbridge_twins.bigcommerce.events import emit, next_try
from weighbridge_twins.bigcommerce.state import Record, Store
from weighbridge_twins.bigcommerce.webhook_signing import signature
from weighbridge_twins.http.call import Delivery

IDLE: Final = timedelta(days=90)
WINDOW_SECONDS: Final = 120
BLOCK: Final = timedelta(minutes=3)
ENOUGH_SENDS: Final = 100
NEEDED_SUCCESS: Final = 0.9
EXCEPTION_SCOPE: Final = "store/hook/deliveryException"
RETRYING, EXHAUSTED, BLOCKED = 90001, 90002, 90003
RETRY_NOTICE: Final = timedelta(minutes=10)
"""Minimum time between two notices that a webhook is being retried."""


def deliveries_due(store: Store) -> list[Delivery]:
    """The attempts that are due, in the order of their events, each returned once.

    Deactivates idle webhooks; attempts to blocked domains are postponed.
    """
    now = store.now()
    for webhook in store.webhooks.values():
        if webhook["is_active"] and now - webhook["_last_event"] > IDLE:
            webhook["is_active"] = False
    deliveries: list[Delivery] = []
    waiting: list[Record] = []
    lost: list[Record] = []
    for event in store.pending_events:
        target = store.webhooks.get(event["webhook"])
        if target is None or not target["is_active"]:
            continue
        if event["due"] <= now and not event.get("out"):
            if store.blocked_until.get(domain(target), now) <= now:
                event["out"] = True
                deliveries.append(_delivery(store, target, event))
            elif not next_try(store, event):
                lost.append(target)
                continue
        waiting.append(event)
    store.pending_events = waiting
    for webhook in lost:
        _give_up(store, webhook)
    return deliveries


def delivered(store: Store, delivery: Delivery, status: int | None) -> None:
    """Records the result of an attempt: a 2xx ends the event, a failure schedules a retry.

    After the last retry the webhook is deactivated.
    """
    event = next((row for row in store.pending_events if str(row["id"]) == delivery.event_id), None)
    success = status is not None and 200 <= status < 300
    webhook = store.webhooks.get(int(delivery.webhook_id))
    if webhook is not None:
        _watch_domain(store, webhook, success)
    if event is None:
        return
    if success:
        store.pending_events.remove(event)
    elif next_try(store, event):
        _announce_retry(store, webhook)
    else:
        store.pending_events.remove(event)
        if webhook is not None:
            _give_up(store, webhook)


def domain(webhook: Record) -> str:
    """The host of a webhook's destination; success rate and blocking apply to the host."""
    return urlsplit(str(webhook["destination"])).netloc


def _delivery(store: Store, webhook: Record, event: Record) -> Delivery:
    raw = json.dumps(event["body"], separators=(",", ":")).encode()
    message_id = event["message_id"]
    if not store.switches["webhook_id_stable"]:
        message_id = f"{message_id}-{event['attempt']}"
    headers = {"content-type": "application/json", "user-agent": "akka-http"}
    headers |= {name.lower(): str(value) for name, value in (webhook["headers"] or {}).items()}
    if store.switches["webhooks_signed"]:
        headers |= signature(store.client_secret, message_id, int(store.now().timestamp()), raw)
    return Delivery(
        str(webhook["id"]), str(webhook["destination"]), headers, raw, event["attempt"] + 1, str(event["id"])
    )


def _give_up(store: Store, webhook: Record) -> None:
    """Deactivates a webhook after 48 hours of failures. Lost events are not replayed when it is activated again."""
    if webhook["is_active"]:
        webhook["is_active"] = False
        _emit_exception(store, webhook, EXHAUSTED)


def _announce_retry(store: Store, webhook: Record | None) -> None:
    if webhook is None:
        return
    last = webhook.get("_noticed")
    if last is None or store.now() - last >= RETRY_NOTICE:
        webhook["_noticed"] = store.now()
        _emit_exception(store, webhook, RETRYING)


def _watch_domain(store: Store, webhook: Record, success: bool) -> None:
    """Blocks a host for three minutes if, over two minutes and at least 100 sends, success is below 90 %."""
    now = store.now()
    edge, host = now.timestamp() - WINDOW_SECONDS, domain(webhook)
    store.sends = [send for send in store.sends if send[0] > edge] + [(now.timestamp(), host, success)]
    results = [send[2] for send in store.sends if send[1] == host]
    blocked = store.blocked_until.get(host, now) > now
    if not blocked and len(results) >= ENOUGH_SENDS and sum(results) / len(results) < NEEDED_SUCCESS:
        store.blocked_until[host] = now + BLOCK
        _emit_exception(store, webhook, BLOCKED)


def _emit_exception(store: Store, webhook: Record, code: int) -> None:
    """Sends a delivery exception, except about the webhook for delivery exceptions itself."""
    if webhook["scope"] != EXCEPTION_SCOPE:
        emit(store, EXCEPTION_SCOPE, {"type": "hook_delivery_exception", "id": webhook["id"], "code": code})
