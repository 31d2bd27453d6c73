"""Currencies of the store. Source: platform notes, bigcommerce 6.3; Currencies v2."""

from __future__ import annotations

from typing import Final

from weighbridge_twins.bigcommerce.catalog_state import row_of, stored_rows
from weighbridge_twins.bigcommerce.errors import Refusal
from weighbridge_twins.bigcommerce.paging import v2_page
from weighbridge_twins.bigcommerce.rendering import rfc2822
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Record, Store
from weighbridge_twins.http.call import Answer, Call

routes = Routes()
REQUIRED: Final = ("currency_code", "currency_exchange_rate", "token", "token_location", "decimal_token",
                   "thousands_token", "decimal_places", "name")  # fmt: skip
WRITABLE: Final = (*REQUIRED[1:], "country_iso2", "auto_update", "enabled", "is_transactional")


def currencies(store: Store) -> list[Record]:
    """The store's default currency with rate 1, followed by the added currencies."""
    code = store.settings["currency"]
    default_currency: Record = {
        "id": 1, "is_default": True, "country_iso2": "US", "default_for_country_codes": [], "currency_code": code,
        "currency_exchange_rate": "1.0000000000", "name": code, "token": "$", "auto_update": False,
        "token_location": "left", "decimal_token": ".", "thousands_token": ",", "decimal_places": 2, "enabled": True,
        "is_transactional": True, "use_default_name": True, "last_updated": "Thu, 01 Jan 2026 00:00:00 +0000",
    }  # fmt: skip
    return [default_currency, *stored_rows(store, "further_currencies")]


@routes.on("GET", "/v2/currencies")
def list_currencies(store: Store, call: Call) -> Answer:
    return v2_page(call, currencies(store))


@routes.on("POST", "/v2/currencies")
def create_currency(store: Store, call: Call) -> Answer:
    body = call.body if isinstance(call.body, dict) else {}
    missing = {name: f"{name} is required" for name in REQUIRED if body.get(name) in (None, "")}
    if missing:
        raise Refusal(400, "Required fields are missing", missing)
    if any(row["currency_code"] == body["currency_code"] for row in currencies(store)):
        raise Refusal(409, f"The currency {body['currency_code']} exists")
    row: Record = {
        **currencies(store)[0],
        "enabled": True,
        **{name: body[name] for name in WRITABLE if name in body},
        "id": 1 + store.next_id("currency"),
        "currency_code": body["currency_code"],
        "is_default": False,
        "use_default_name": False,
        "last_updated": rfc2822(store.now()),
    }
    stored_rows(store, "further_currencies").append(row)
    return Answer(200, row)


@routes.on("GET", "/v2/currencies/{currency_id}")
def get_currency(store: Store, call: Call, currency_id: str) -> Answer:
    return Answer(200, row_of(currencies(store), currency_id))


@routes.on("PUT", "/v2/currencies/{currency_id}")
def update_currency(store: Store, call: Call, currency_id: str) -> Answer:
    """Updates an added currency; the default currency keeps its rate of 1."""
    row = row_of(stored_rows(store, "further_currencies"), currency_id)
    body = call.body if isinstance(call.body, dict) else {}
    row |= {name: body[name] for name in WRITABLE if name in body} | {"last_updated": rfc2822(store.now())}
    return Answer(200, row)


@routes.on("DELETE", "/v2/currencies/{currency_id}")
def delete_currency(store: Store, call: Call, currency_id: str) -> Answer:
    rows = stored_rows(store, "further_currencies")
    rows.remove(row_of(rows, currency_id))
    return Answer(204, empty=True)
