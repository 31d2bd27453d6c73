"""Sales channels and their currencies. Source: platform notes, bigcommerce 6.1; Channels v3."""

from __future__ import annotations

from typing import Final

from weighbridge_twins.bigcommerce.catalog_state import row_of, stored_rows
from weighbridge_twins.bigcommerce.errors import Refusal
from weighbridge_twins.bigcommerce.paging import text_filter, v3_page
from weighbridge_twins.bigcommerce.rendering import iso
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Record, Store
from weighbridge_twins.http.call import Answer, Call

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


def channels(store: Store) -> list[Record]:
    """The store's channels, the storefront first."""
    return stored_rows(store, "channels", [FIRST])


@routes.on("GET", "/v3/channels")
def list_channels(store: Store, call: Call) -> Answer:
    filters = {name: text_filter(call, f"{name}:in") for name in ("status", "type", "platform")}
    rows = [
        row
        for row in channels(store)
        if all(texts is None or row[name].casefold() in texts for name, texts in filters.items())
        and ("available" not in call.query or (row["status"] in IN_USE) == (call.query["available"] == "true"))
    ]
    return v3_page(call, rows, _public)


@routes.on("POST", "/v3/channels")
def create_channel(store: Store, call: Call) -> Answer:
    body = call.body if isinstance(call.body, dict) else {}
    missing = {name: f"{name} is required" for name in ("name", "type", "platform") if not body.get(name)}
    if missing or body["type"] not in TYPES:
        raise Refusal(422, "A channel needs a name, a type and a platform", missing or {"type": "invalid"})
    stamp = iso(store.now())
    status = body.get("status", "connected" if body["type"] != "storefront" else "prelaunch")
    row: Record = {
        **FIRST,
        "id": 664_000 + store.next_id("channel"),
        "type": body["type"],
        "platform": body["platform"],
        **{name: body[name] for name in WRITABLE if name in body},
        "status": status,
        "date_created": stamp,
        "date_modified": stamp,
    }
    channels(store).append(row)
    return Answer(200, {"data": _public(row), "meta": {}})


@routes.on("GET", "/v3/channels/{channel_id}")
def get_channel(store: Store, call: Call, channel_id: str) -> Answer:
    return Answer(200, {"data": _public(row_of(channels(store), channel_id)), "meta": {}})


@routes.on("PUT", "/v3/channels/{channel_id}")
def update_channel(store: Store, call: Call, channel_id: str) -> Answer:
    row = row_of(channels(store), channel_id)
    body = call.body if isinstance(call.body, dict) else {}
    row |= {name: body[name] for name in WRITABLE if name in body}
    row["date_modified"] = iso(store.now())
    return Answer(200, {"data": _public(row), "meta": {}})


@routes.on("GET", "/v3/channels/currency-assignments")
def list_assignments(store: Store, call: Call) -> Answer:
    return Answer(200, {"data": [_assigned(store, row) for row in channels(store)], "meta": {}})


@routes.on("PUT", "/v3/channels/currency-assignments")
def update_assignments(store: Store, call: Call) -> Answer:
    rows = call.body if isinstance(call.body, list) else []
    pairs = [(row_of(channels(store), str(row.get("channel_id"))), row) for row in rows]
    return Answer(200, {"data": [_assign(store, channel, row) for channel, row in pairs], "meta": {}})


@routes.on("GET", "/v3/channels/{channel_id}/currency-assignments")
def get_assignment(store: Store, call: Call, channel_id: str) -> Answer:
    return Answer(200, {"data": _assigned(store, row_of(channels(store), channel_id)), "meta": {}})


@routes.on("PUT", "/v3/channels/{channel_id}/currency-assignments")
def update_assignment(store: Store, call: Call, channel_id: str) -> Answer:
    channel = row_of(channels(store), channel_id)
    return Answer(200, {"data": _assign(store, channel, call.body if isinstance(call.body, dict) else {}), "meta": {}})


def _assign(store: Store, channel: Record, body: Record) -> Record:
    enabled, default = body.get("enabled_currencies"), body.get("default_currency")
    if not enabled or default not in enabled:
        title = "The default currency must be one of the enabled currencies"
        raise Refusal(422, title, {"default_currency": "invalid"})
    channel |= {"_enabled": list(enabled), "_default": default}
    return _assigned(store, channel)


def _assigned(store: Store, channel: Record) -> Record:
    default = channel.get("_default", store.settings["currency"])
    return {
        "channel_id": channel["id"],
        "enabled_currencies": channel.get("_enabled", [default]),
        "default_currency": default,
    }


def _public(row: Record) -> Record:
    return {name: value for name, value in row.items() if not name.startswith("_")}
