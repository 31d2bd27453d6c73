"""Tax classes, zones, rates and settings. Source: platform notes, bigcommerce 6.4."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from weighbridge_twins.bigcommerce.catalog_state import row_of
from weighbridge_twins.bigcommerce.errors import Refusal
from weighbridge_twins.bigcommerce.paging import id_filter, v2_page, v3_page
from weighbridge_twins.bigcommerce.rendering import rfc2822
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Record, Store
from weighbridge_twins.http.call import Answer, Call

routes = Routes()
EVERYWHERE: Final = 1
"""The zone of every address that no other zone covers."""
DEFAULTS: Final[Record] = {
    "price_display_settings": {
        "control_panel_price_display_strategy": "EXCLUSIVE",
        "invoice_price_display_strategy": "EXCLUSIVE",
    },
    "fallback_strategy": "BASIC",
    "should_subtract_store_tax": False,
    "should_use_geolocation_to_determine_guest_shopper_tax_zone": False,
    "guest_shopper_tax_zone_id": EVERYWHERE,
    "store_tax_zone_id": EVERYWHERE,
    "document_submission_strategy": "ON_PAYMENT_CAPTURE",
    "rounding_strategy": "RATE_ROUNDING",
}
CHOICES: Final = {
    "fallback_strategy": ("FIXED", "BASIC", "DISABLE"),
    "document_submission_strategy": ("ON_PAYMENT_CAPTURE", "ON_ORDER_CREATION"),
    "rounding_strategy": ("NO_ROUNDING", "RATE_ROUNDING"),
}


@routes.on("GET", "/v2/tax_classes")
def list_classes(store: Store, call: Call) -> Answer:
    """Lists tax classes. Ids are strings; the default class 0 is not listed although orders refer to it."""
    return v2_page(call, _classes(store))


@routes.on("GET", "/v2/tax_classes/{class_id}")
def get_class(store: Store, call: Call, class_id: str) -> Answer:
    return Answer(200, row_of(_classes(store), class_id))


def _classes(store: Store) -> list[Record]:
    stamp = rfc2822(store.now().replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0))
    return [
        {"id": str(tax_class["id"]), "name": tax_class["name"], "created_at": stamp, "updated_at": stamp}
        for tax_class in store.settings["tax_classes"]
        if tax_class["id"]
    ]


@routes.on("GET", "/v3/tax/settings")
def get_settings(store: Store, call: Call) -> Answer:
    return Answer(200, {"data": _settings(store), "meta": {}})


@routes.on("PUT", "/v3/tax/settings")
def update_settings(store: Store, call: Call) -> Answer:
    """Updates tax settings; `tax_entered_with_prices` makes every catalogue price include tax."""
    body = call.body if isinstance(call.body, dict) else {}
    wrong = {name: "invalid" for name, choice in CHOICES.items() if name in body and body[name] not in choice}
    if wrong:
        raise Refusal(422, "Unknown strategy", wrong)
    if "tax_entered_with_prices" in body:
        store.settings["prices_include_tax"] = bool(body["tax_entered_with_prices"])
    settings = store.settings.setdefault("tax_settings", {})
    settings |= {name: body[name] for name in DEFAULTS if name in body}
    return Answer(200, {"data": _settings(store), "meta": {}})


def _settings(store: Store) -> Record:
    prices = bool(store.settings["prices_include_tax"])
    return {"tax_entered_with_prices": prices, **DEFAULTS, **store.settings.get("tax_settings", {})}


@routes.on("GET", "/v3/tax/zones")
def list_zones(store: Store, call: Call) -> Answer:
    ids = id_filter(call, "id:in")
    zone: Record = {
        "id": EVERYWHERE,
        "name": "Everywhere else",
        "enabled": True,
        "price_display_settings": {
            "show_inclusive": bool(store.settings["prices_include_tax"]),
            "show_both_on_detail_view": False,
            "show_both_on_list_view": False,
        },
        "shopper_target_settings": {"locations": [], "customer_groups": []},
    }
    return Answer(200, {"data": [zone] if ids is None or EVERYWHERE in ids else [], "meta": {}})


@routes.on("GET", "/v3/tax/rates")
def list_rates(store: Store, call: Call) -> Answer:
    """Lists rates by name, with the percentage of every tax class."""
    ids, zones = id_filter(call, "id:in"), id_filter(call, "tax_zone_id:in")
    classes: list[Record] = store.settings["tax_classes"]
    names = list(dict.fromkeys(rate["name"] for tax_class in classes for rate in tax_class["rates"]))
    rows = [
        {
            "id": number,
            "name": name,
            "enabled": True,
            "priority": number,
            "tax_zone_id": EVERYWHERE,
            "class_rates": [{"tax_class_id": tax_class["id"], "rate": _rate(tax_class, name)} for tax_class in classes],
        }
        for number, name in enumerate(names, start=1)
    ]
    selected = [row for row in rows if (ids is None or row["id"] in ids) and (zones is None or EVERYWHERE in zones)]
    return v3_page(call, selected)


def _rate(tax_class: Record, name: str) -> Decimal:
    """The rate in percent; 0 if the class does not have it."""
    return next((Decimal(str(rate["rate"])) for rate in tax_class["rates"] if rate["name"] == name), Decimal(0))
