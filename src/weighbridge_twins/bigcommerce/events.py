"""Events and the hooks that carry them. Source: platform notes, bigcommerce 7."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

from weighbridge_twins.bigcommerce.state import Order, Record, Shop

RETRY_SECONDS = (60, 180, 300, 600, 900, 1800, 3600, 7200, 21600, 50400, 86400)


def emit(shop: Shop, scope: str, data: Record) -> None:
    """Queues an event for every active hook that subscribes its scope, wildcards included."""
    created = int(shop.now().timestamp())
    digest = hashlib.sha1(json.dumps(data, sort_keys=True).encode(), usedforsecurity=False).hexdigest()
    body = {
        "scope": scope,
        "store_id": shop.store_id,
        "producer": f"stores/{shop.store_hash}",
        "created_at": created,
        "hash": digest,
        "data": data,
    }
    for hook in shop.hooks.values():
        if hook["is_active"] and covers(str(hook["scope"]), scope):
            hook["_last_event"] = shop.now()
            event = {"id": shop.next_id("event"), "hook": hook["id"], "body": body, "attempt": 0, "due": shop.now()}
            shop.pending_events.append({**event, "message_id": f"msg_{shop.random.getrandbits(64):016x}"})


def covers(subscribed: str, scope: str) -> bool:
    return subscribed == scope or (subscribed.endswith("/*") and scope.startswith(subscribed[:-1]))


def order_event(shop: Shop, scope: str, order: Order, *, before: int | None = None, **more: Any) -> None:
    """An order event; a change of status carries both ids."""
    data: Record = {"type": "order", "id": order.id, **more}
    if before is not None:
        data["status"] = {"previous_status_id": before, "new_status_id": order.fields["status_id"]}
    emit(shop, scope, data)


def next_try(shop: Shop, event: Record) -> bool:
    """Puts the event's next try on the ladder; False after the last one."""
    if event["attempt"] >= len(RETRY_SECONDS):
        return False
    event["due"] = shop.now() + timedelta(seconds=RETRY_SECONDS[event["attempt"]])
    event["attempt"] += 1
    event["out"] = False
    return True
