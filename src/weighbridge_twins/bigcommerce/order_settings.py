"""E-mail addresses notified about orders. Source: Orders V3, settings; platform notes, bigcommerce 3.5."""

from __future__ import annotations

from typing import Final

from weighbridge_twins.bigcommerce.channels import channels
from weighbridge_twins.bigcommerce.errors import Refusal, not_found
from weighbridge_twins.bigcommerce.records import Record
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Store
from weighbridge_twins.http.call import Answer, Call

routes = Routes()
KINDS: Final = ("order_placed", "forward_invoice")
GLOBAL: Final = "/v3/orders/settings"
OF_CHANNEL: Final = GLOBAL + "/channels/{channel_id}"


@routes.on("GET", GLOBAL)
def get_settings(store: Store, call: Call) -> Answer:
    return _answer(store, "store")


@routes.on("PUT", GLOBAL)
def update_settings(store: Store, call: Call) -> Answer:
    return _update(store, call, "store")


@routes.on("GET", OF_CHANNEL)
def get_channel_settings(store: Store, call: Call, channel_id: str) -> Answer:
    """The addresses of a channel; if it has none, those of the store."""
    return _answer(store, _channel(store, channel_id))


@routes.on("PUT", OF_CHANNEL)
def update_channel_settings(store: Store, call: Call, channel_id: str) -> Answer:
    return _update(store, call, _channel(store, channel_id))


def _channel(store: Store, channel_id: str) -> str:
    if all(str(row["id"]) != channel_id for row in channels(store)):
        raise not_found()
    return channel_id


def _update(store: Store, call: Call, owner: str) -> Answer:
    notifications = call.body.get("notifications") if isinstance(call.body, dict) else None
    if not isinstance(notifications, dict):
        raise Refusal(422, "Notifications are required", {"notifications": "required"})
    settings: Record = store.settings.setdefault("order_mails", {}).setdefault(owner, {})
    for kind in KINDS:
        addresses = (notifications.get(kind) or {}).get("email_addresses")
        if addresses is None:
            continue
        if not isinstance(addresses, list) or not all("@" in str(address) for address in addresses):
            raise Refusal(422, "E-mail addresses are invalid", {kind: "invalid"})
        settings[kind] = [str(address) for address in addresses]
    return _answer(store, owner)


def _answer(store: Store, owner: str) -> Answer:
    by_owner: Record = store.settings.get("order_mails", {})
    mails = {**by_owner.get("store", {}), **by_owner.get(owner, {})}
    notifications = {kind: {"email_addresses": mails.get(kind, [])} for kind in KINDS}
    return Answer(200, {"notifications": notifications, "meta": {}})
