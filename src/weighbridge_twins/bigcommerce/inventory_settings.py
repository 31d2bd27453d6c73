"""How the shop treats stock, per channel. Source: platform notes, bigcommerce 5.3; Settings v3, inventory."""

from __future__ import annotations

from typing import Final

from weighbridge_twins.bigcommerce.channels import channels
from weighbridge_twins.bigcommerce.errors import Refusal
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Record, Shop
from weighbridge_twins.call import Answer, Call

routes = Routes()
CHOICES: Final = {
    "product_out_of_stock_behavior": (
        "do_nothing", "hide_product", "hide_product_and_accessible", "hide_product_and_redirect"),
    "option_out_of_stock_behavior": ("do_nothing", "hide_option", "label_option"),
    "update_stock_behavior": ("order_placed", "order_completed_or_shipped"),
    "stock_level_display": ("dont_show", "show", "show_when_low"),
}  # fmt: skip
ORDINARY: Final[Record] = {
    **{name: choice[0] for name, choice in CHOICES.items()},
    "edit_order_stock_adjustment": True,
    "delete_order_stock_adjustment": True,
    "default_out_of_stock_message": "Out of stock",
    "hide_in_product_filtering": False,
    "show_pre_order_stock_levels": False,
    "show_out_of_stock_message": False,
}


@routes.on("GET", "/v3/settings/inventory")
def get_settings(shop: Shop, call: Call) -> Answer:
    return Answer(200, {"data": _shown(shop, _channel(shop, call)), "meta": {}})


@routes.on("PUT", "/v3/settings/inventory")
def update_settings(shop: Shop, call: Call) -> Answer:
    """Changes the store's settings, or with `channel_id` those of a channel, where null means inherited."""
    channel, body = _channel(shop, call), call.body if isinstance(call.body, dict) else {}
    wrong = {
        name: "invalid" for name, choice in CHOICES.items() if body.get(name) is not None and body[name] not in choice
    }
    if wrong:
        raise Refusal(422, "Unknown behaviour", wrong)
    own = shop.settings.setdefault("inventory_settings", {}).setdefault(channel, {})
    own |= {name: value for name, value in body.items() if name in _store_wide(shop)}
    return Answer(200, {"data": _shown(shop, channel), "meta": {}})


def _shown(shop: Shop, channel: str) -> Record:
    every: dict[str, Record] = shop.settings.get("inventory_settings", {})
    said = {name: value for name, value in every.get(channel, {}).items() if value is not None}
    return {**_store_wide(shop), **every.get("store", {}), **said}


def _store_wide(shop: Shop) -> Record:
    return {**ORDINARY, "refund_order_stock_adjustment": bool(shop.switches["refund_restocks"])}


def _channel(shop: Shop, call: Call) -> str:
    wanted = call.query.get("channel_id")
    if wanted is None:
        return "store"
    if all(str(row["id"]) != wanted for row in channels(shop)):
        raise Refusal(422, f"The channel {wanted} does not exist", {"channel_id": "unknown"})
    return wanted
