"""Sales channels and the currencies each one sells in. Source: platform notes, bigcommerce 6.1; Channels v3."""

from __future__ import annotations

from typing import Final

from weighbridge_twins.bigcommerce.catalog_state import kept, row_of
from weighbridge_twins.bigcommerce.errors import Refusal
from weighbridge_twins.bigcommerce.paging import v3_page, wanted_texts
from weighbridge_twins.bigcommerce.rendering import iso
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Record, Shop
from weighbridge_twins.call import Answer, Call

routes = Routes()
FIRST: Final[Record] = {
    "id": 1, "name": "Twin Store", "external_id": "", "type": "storefront", "platform": "bigcommerce", "icon_url": "",
    "is_listable_from_ui": True, "is_visible": True, "status": "active", "is_enabled": True,
    "date_created": "2026-01-01T00:00:00Z", "date_modified": "2026-01-01T00:00:00Z",
}  # fmt: skip
"""The storefront that every store has."""
TYPES: Final = ("storefront", "pos", "marketplace", "marketing")
IN_USE: Final = ("prelaunch", "active", "inactive", "connected")
WRITABLE: Final = ("name", "external_id", "is_listable_from_ui", "is_visible", "status")


def channels(shop: Shop) -> list[Record]:
    """The store's channels, the storefront first."""
    return kept(shop, "channels", [FIRST])


@routes.on("GET", "/v3/channels")
def list_channels(shop: Shop, call: Call) -> Answer:
    wanted = {name: wanted_texts(call, f"{name}:in") for name in ("status", "type", "platform")}
    rows = [
        row
        for row in channels(shop)
        if all(texts is None or row[name].casefold() in texts for name, texts in wanted.items())
        and ("available" not in call.query or (row["status"] in IN_USE) == (call.query["available"] == "true"))
    ]
    return v3_page(call, rows, _public)


@routes.on("POST", "/v3/channels")
def create_channel(shop: Shop, call: Call) -> Answer:
    body = call.body if isinstance(call.body, dict) else {}
    missing = {name: f"{name} is required" for name in ("name", "type", "platform") if not body.get(name)}
    if missing or body["type"] not in TYPES:
        raise Refusal(422, "A channel needs a name, a type and a platform", missing or {"type": "invalid"})
    stamp = iso(shop.now())
    status = body.get("status", "connected" if body["type"] != "storefront" else "prelaunch")
    row: Record = {
        **FIRST,
        "id": 664_000 + shop.next_id("channel"),
        "type": body["type"],
        "platform": body["platform"],
        **{name: body[name] for name in WRITABLE if name in body},
        "status": status,
        "date_created": stamp,
        "date_modified": stamp,
    }
    channels(shop).append(row)
    return Answer(200, {"data": _public(row), "meta": {}})


@routes.on("GET", "/v3/channels/{channel_id}")
def get_channel(shop: Shop, call: Call, channel_id: str) -> Answer:
    return Answer(200, {"data": _public(row_of(channels(shop), channel_id)), "meta": {}})


@routes.on("PUT", "/v3/channels/{channel_id}")
def update_channel(shop: Shop, call: Call, channel_id: str) -> Answer:
    row = row_of(channels(shop), channel_id)
    body = call.body if isinstance(call.body, dict) else {}
    row |= {name: body[name] for name in WRITABLE if name in body}
    row["date_modified"] = iso(shop.now())
    return Answer(200, {"data": _public(row), "meta": {}})


@routes.on("GET", "/v3/channels/currency-assignments")
def list_assignments(shop: Shop, call: Call) -> Answer:
    return Answer(200, {"data": [_assigned(shop, row) for row in channels(shop)], "meta": {}})


@routes.on("PUT", "/v3/channels/currency-assignments")
def update_assignments(shop: Shop, call: Call) -> Answer:
    rows = call.body if isinstance(call.body, list) else []
    chosen = [(row_of(channels(shop), str(row.get("channel_id"))), row) for row in rows]
    return Answer(200, {"data": [_assign(shop, channel, row) for channel, row in chosen], "meta": {}})


@routes.on("GET", "/v3/channels/{channel_id}/currency-assignments")
def get_assignment(shop: Shop, call: Call, channel_id: str) -> Answer:
    return Answer(200, {"data": _assigned(shop, row_of(channels(shop), channel_id)), "meta": {}})


@routes.on("PUT", "/v3/channels/{channel_id}/currency-assignments")
def update_assignment(shop: Shop, call: Call, channel_id: str) -> Answer:
    channel = row_of(channels(shop), channel_id)
    return Answer(200, {"data": _assign(shop, channel, call.body if isinstance(call.body, dict) else {}), "meta": {}})


def _assign(shop: Shop, channel: Record, given: Record) -> Record:
    enabled, default = given.get("enabled_currencies"), given.get("default_currency")
    if not enabled or default not in enabled:
        title = "The default currency must be one of the enabled currencies"
        raise Refusal(422, title, {"default_currency": "invalid"})
    channel |= {"_enabled": list(enabled), "_default": default}
    return _assigned(shop, channel)


def _assigned(shop: Shop, channel: Record) -> Record:
    default = channel.get("_default", shop.settings["currency"])
    return {
        "channel_id": channel["id"],
        "enabled_currencies": channel.get("_enabled", [default]),
        "default_currency": default,
    }


def _public(row: Record) -> Record:
    return {name: value for name, value in row.items() if not name.startswith("_")}
