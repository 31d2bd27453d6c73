"""Tax classes, zones, rates and settings as the API tells them. Source: platform notes, bigcommerce 6.4."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from weighbridge_twins.bigcommerce.catalog_state import row_of
from weighbridge_twins.bigcommerce.errors import Refusal
from weighbridge_twins.bigcommerce.paging import v2_page, v3_page, wanted_ids
from weighbridge_twins.bigcommerce.rendering import rfc2822
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Record, Shop
from weighbridge_twins.call import Answer, Call

routes = Routes()
EVERYWHERE: Final = 1
"""The zone of everything that no other zone covers."""
ORDINARY: Final[Record] = {
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
def list_classes(shop: Shop, call: Call) -> Answer:
    """Ids are texts; the default class 0 is not in this list though orders name it."""
    return v2_page(call, _classes(shop))


@routes.on("GET", "/v2/tax_classes/{class_id}")
def get_class(shop: Shop, call: Call, class_id: str) -> Answer:
    return Answer(200, row_of(_classes(shop), class_id))


def _classes(shop: Shop) -> list[Record]:
    stamp = rfc2822(shop.now().replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0))
    return [
        {"id": str(one["id"]), "name": one["name"], "created_at": stamp, "updated_at": stamp}
        for one in shop.settings["tax_classes"]
        if one["id"]
    ]


@routes.on("GET", "/v3/tax/settings")
def get_settings(shop: Shop, call: Call) -> Answer:
    return Answer(200, {"data": _settings(shop), "meta": {}})


@routes.on("PUT", "/v3/tax/settings")
def update_settings(shop: Shop, call: Call) -> Answer:
    """Changes how the store taxes; `tax_entered_with_prices` turns every catalogue price into one with tax."""
    body = call.body if isinstance(call.body, dict) else {}
    wrong = {name: "invalid" for name, choice in CHOICES.items() if name in body and body[name] not in choice}
    if wrong:
        raise Refusal(422, "Unknown strategy", wrong)
    if "tax_entered_with_prices" in body:
        shop.settings["prices_include_tax"] = bool(body["tax_entered_with_prices"])
    own = shop.settings.setdefault("tax_settings", {})
    own |= {name: body[name] for name in ORDINARY if name in body}
    return Answer(200, {"data": _settings(shop), "meta": {}})


def _settings(shop: Shop) -> Record:
    prices = bool(shop.settings["prices_include_tax"])
    return {"tax_entered_with_prices": prices, **ORDINARY, **shop.settings.get("tax_settings", {})}


@routes.on("GET", "/v3/tax/zones")
def list_zones(shop: Shop, call: Call) -> Answer:
    ids = wanted_ids(call, "id:in")
    zone: Record = {
        "id": EVERYWHERE,
        "name": "Everywhere else",
        "enabled": True,
        "price_display_settings": {
            "show_inclusive": bool(shop.settings["prices_include_tax"]),
            "show_both_on_detail_view": False,
            "show_both_on_list_view": False,
        },
        "shopper_target_settings": {"locations": [], "customer_groups": []},
    }
    return Answer(200, {"data": [zone] if ids is None or EVERYWHERE in ids else [], "meta": {}})


@routes.on("GET", "/v3/tax/rates")
def list_rates(shop: Shop, call: Call) -> Answer:
    """The rates by name, each with what every tax class pays."""
    ids, zones = wanted_ids(call, "id:in"), wanted_ids(call, "tax_zone_id:in")
    classes: list[Record] = shop.settings["tax_classes"]
    names = list(dict.fromkeys(rate["name"] for one in classes for rate in one["rates"]))
    rows = [
        {
            "id": number,
            "name": name,
            "enabled": True,
            "priority": number,
            "tax_zone_id": EVERYWHERE,
            "class_rates": [{"tax_class_id": one["id"], "rate": _rate(one, name)} for one in classes],
        }
        for number, name in enumerate(names, start=1)
    ]
    wanted = [row for row in rows if (ids is None or row["id"] in ids) and (zones is None or EVERYWHERE in zones)]
    return v3_page(call, wanted)


def _rate(tax_class: Record, name: str) -> Decimal:
    """Percent."""
    return next((Decimal(str(rate["rate"])) for rate in tax_class["rates"] if rate["name"] == name), Decimal(0))
