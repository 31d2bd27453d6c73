"""Events and their webhook deliveries. Source: platform notes, bigcommerce 7."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

from weighbridge_twins.bigcommerce.state import Order, Record, Store

RETRY_SECONDS = (60, 180, 300, 600, 900, 1800, 3600, 7200, 21600, 50400, 86400)


def emit(store: Store, scope: str, data: Record) -> None:
    """Queues an event for every active webhook whose scope covers it; scopes may end with a wildcard."""
    created = int(store.now().timestamp())
    digest = hashlib.sha1(json.dumps(data, sort_keys=True).encode(), usedforsecurity=False).hexdigest()
    body = {
        "scope": scope,
        "store_id": store.store_id,
        "producer": f"stores/{store.store_hash}",
        "created_at": created,
        "hash": digest,
        "data": data,
    }
    for webhook in store.webhooks.values():
        if webhook["is_active"] and covers(str(webhook["scope"]), scope):
            webhook["_last_event"] = store.now()
            event = {
                "id": store.next_id("event"),
                "webhook": webhook["id"],
                "body": body,
                "attempt": 0,
                "due": store.now(),
            }
            store.pending_events.append({**event, "message_id": f"msg_{store.random.getrandbits(64):016x}"})


def covers(subscribed: str, scope: str) -> bool:
    return subscribed == scope or (subscribed.endswith("/*") and scope.startswith(subscribed[:-1]))


def order_event(store: Store, scope: str, order: Order, *, before: int | None = None, **more: Any) -> None:
    """Emits an order event; with `before`, it contains the previous and the new status id."""
    data: Record = {"type": "order", "id": order.id, **more}
    if before is not None:
        data["status"] = {"previous_status_id": before, "new_status_id": order.fields["status_id"]}
    emit(store, scope, data)


def next_try(store: Store, event: Record) -> bool:
    """Schedules the next attempt of an event. False if the last attempt was made."""
    if event["attempt"] >= len(RETRY_SECONDS):
        return False
    event["due"] = store.now() + timedelta(seconds=RETRY_SECONDS[event["attempt"]])
    event["attempt"] += 1
    event["out"] = False
    return True
