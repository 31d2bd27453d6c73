"""Inventory settings of the store and its channels. Source: platform notes, bigcommerce 5.3; Settings v3, inventory."""

from __future__ import annotations

from typing import Final

from weighbridge_twins.bigcommerce.channels import channels
from weighbridge_twins.bigcommerce.errors import Refusal
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Record, Store
from weighbridge_twins.http.call import Answer, Call

routes = Routes()
CHOICES: Final = {
    "product_out_of_stock_behavior": (
        "do_nothing", "hide_product", "hide_product_and_accessible", "hide_product_and_redirect"),
    "option_out_of_stock_behavior": ("do_nothing", "hide_option", "label_option"),
    "update_stock_behavior": ("order_placed", "order_completed_or_shipped"),
    "stock_level_display": ("dont_show", "show", "show_when_low"),
}  # fmt: skip
DEFAULTS: Final[Record] = {
    **{name: choice[0] for name, choice in CHOICES.items()},
    "edit_order_stock_adjustment": True,
    "delete_order_stock_adjustment": True,
    "default_out_of_stock_message": "Out of stock",
    "hide_in_product_filtering": False,
    "show_pre_order_stock_levels": False,
    "show_out_of_stock_message": False,
}


@routes.on("GET", "/v3/settings/inventory")
def get_settings(store: Store, call: Call) -> Answer:
    return Answer(200, {"data": _effective_settings(store, _channel(store, call)), "meta": {}})


@routes.on("PUT", "/v3/settings/inventory")
def update_settings(store: Store, call: Call) -> Answer:
    """Updates the store's settings, or with `channel_id` those of a channel; null inherits the store's value."""
    channel, body = _channel(store, call), call.body if isinstance(call.body, dict) else {}
    wrong = {
        name: "invalid" for name, choice in CHOICES.items() if body.get(name) is not None and body[name] not in choice
    }
    if wrong:
        raise Refusal(422, "Unknown behaviour", wrong)
    settings = store.settings.setdefault("inventory_settings", {}).setdefault(channel, {})
    settings |= {name: value for name, value in body.items() if name in _store_wide(store)}
    return Answer(200, {"data": _effective_settings(store, channel), "meta": {}})


def _effective_settings(store: Store, channel: str) -> Record:
    by_channel: dict[str, Record] = store.settings.get("inventory_settings", {})
    overrides = {name: value for name, value in by_channel.get(channel, {}).items() if value is not None}
    return {**_store_wide(store), **by_channel.get("store", {}), **overrides}


def _store_wide(store: Store) -> Record:
    return {**DEFAULTS, "refund_order_stock_adjustment": bool(store.switches["refund_restocks"])}


def _channel(store: Store, call: Call) -> str:
    channel_id = call.query.get("channel_id")
    if channel_id is None:
        return "store"
    if all(str(row["id"]) != channel_id for row in channels(store)):
        raise Refusal(422, f"The channel {channel_id} does not exist", {"channel_id": "unknown"})
    return channel_id
