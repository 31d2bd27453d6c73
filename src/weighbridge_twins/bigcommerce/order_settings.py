"""Whom the store mails about orders. Source: Orders V3, settings; platform notes, bigcommerce 3.5."""

from __future__ import annotations

from typing import Final

from weighbridge_twins.bigcommerce.channels import channels
from weighbridge_twins.bigcommerce.errors import Refusal, not_found
from weighbridge_twins.bigcommerce.records import Record
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Shop
from weighbridge_twins.call import Answer, Call

routes = Routes()
KINDS: Final = ("order_placed", "forward_invoice")
GLOBAL: Final = "/v3/orders/settings"
OF_CHANNEL: Final = GLOBAL + "/channels/{channel_id}"


@routes.on("GET", GLOBAL)
def get_settings(shop: Shop, call: Call) -> Answer:
    return _answer(shop, "store")


@routes.on("PUT", GLOBAL)
def update_settings(shop: Shop, call: Call) -> Answer:
    return _update(shop, call, "store")


@routes.on("GET", OF_CHANNEL)
def get_channel_settings(shop: Shop, call: Call, channel_id: str) -> Answer:
    """A channel's own addresses; where it has none, those of the store."""
    return _answer(shop, _channel(shop, channel_id))


@routes.on("PUT", OF_CHANNEL)
def update_channel_settings(shop: Shop, call: Call, channel_id: str) -> Answer:
    return _update(shop, call, _channel(shop, channel_id))


def _channel(shop: Shop, channel_id: str) -> str:
    if all(str(row["id"]) != channel_id for row in channels(shop)):
        raise not_found()
    return channel_id


def _update(shop: Shop, call: Call, owner: str) -> Answer:
    wanted = call.body.get("notifications") if isinstance(call.body, dict) else None
    if not isinstance(wanted, dict):
        raise Refusal(422, "Notifications are required", {"notifications": "required"})
    own: Record = shop.settings.setdefault("order_mails", {}).setdefault(owner, {})
    for kind in KINDS:
        addresses = (wanted.get(kind) or {}).get("email_addresses")
        if addresses is None:
            continue
        if not isinstance(addresses, list) or not all("@" in str(one) for one in addresses):
            raise Refusal(422, "E-mail addresses are invalid", {kind: "invalid"})
        own[kind] = [str(one) for one in addresses]
    return _answer(shop, owner)


def _answer(shop: Shop, owner: str) -> Answer:
    every: Record = shop.settings.get("order_mails", {})
    mails = {**every.get("store", {}), **every.get(owner, {})}
    shown = {kind: {"email_addresses": mails.get(kind, [])} for kind in KINDS}
    return Answer(200, {"notifications": shown, "meta": {}})
