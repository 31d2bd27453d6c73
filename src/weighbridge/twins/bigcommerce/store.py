"""Store information, settings, currencies, tax, channels, price lists."""

from __future__ import annotations

from typing import Any

from weighbridge.twins.bigcommerce.paging import v2_page, v3_page
from weighbridge.twins.bigcommerce.routing import Routes
from weighbridge.twins.bigcommerce.state import Record, Shop
from weighbridge.twins.call import Answer, Call

routes = Routes()


@routes.on("GET", "/v2/time")
def get_time(shop: Shop, call: Call) -> Answer:
    return Answer(200, {"time": int(shop.now().timestamp())})


@routes.on("GET", "/v2/store")
def get_store(shop: Shop, call: Call) -> Answer:
    return Answer(
        200,
        {
            "id": shop.store_hash,
            "account_uuid": "00000000-0000-4000-8000-000000000001",
            "domain": "shop.example.com",
            "secure_url": "https://shop.example.com",
            "control_panel_base_url": "https://store.example.com",
            "status": "live",
            "name": "Twin Store",
            "first_name": "Twin",
            "last_name": "Owner",
            "address": "",
            "country": "United States",
            "country_code": "US",
            "phone": "",
            "admin_email": "owner@example.com",
            "order_email": "orders@example.com",
            "favicon_url": "",
            "timezone": {
                "name": "UTC",
                "raw_offset": 0,
                "dst_offset": 0,
                "dst_correction": False,
                "date_format": {"display": "M jS Y", "export": "M jS Y", "extended_display": "M jS Y @ g:i A"},
            },
            "language": "en",
            "currency": shop.settings["currency"],
            "currency_symbol": "$",
            "decimal_separator": ".",
            "thousands_separator": ",",
            "decimal_places": 2,
            "currency_symbol_location": "left",
            "weight_units": "LBS",
            "dimension_units": "Inches",
            "dimension_decimal_places": 2,
            "dimension_decimal_token": ".",
            "dimension_thousands_token": ",",
            "plan_name": "Plus",
            "plan_level": "Plus",
            "plan_is_trial": False,
            "industry": "",
            "logo": {},
            "is_price_entered_with_tax": shop.settings["prices_include_tax"],
            "store_id": int(shop.store_id),
            "default_site_id": 1000,
            "default_channel_id": 1,
            "active_comparison_modules": [],
            "features": {
                "stencil_enabled": True,
                "sitewidehttps_enabled": True,
                "facebook_catalog_id": "",
                "checkout_type": "optimized",
                "wishlists_enabled": False,
                "graphql_storefront_api_enabled": True,
                "shopper_consent_tracking_enabled": False,
                "multi_storefront_enabled": False,
            },
        },
    )


@routes.on("GET", "/v2/currencies")
def list_currencies(shop: Shop, call: Call) -> Answer:
    code = shop.settings["currency"]
    row = {
        "id": 1,
        "is_default": True,
        "last_updated": "Thu, 01 Jan 2026 00:00:00 +0000",
        "country_iso2": "US",
        "default_for_country_codes": [],
        "currency_code": code,
        "currency_exchange_rate": "1.0000000000",
        "name": code,
        "token": "$",
        "auto_update": False,
        "token_location": "left",
        "decimal_token": ".",
        "thousands_token": ",",
        "decimal_places": 2,
        "enabled": True,
        "is_transactional": True,
        "use_default_name": True,
    }
    return v2_page(call, [row])


@routes.on("GET", "/v2/tax_classes")
def list_tax_classes(shop: Shop, call: Call) -> Answer:
    """Ids are texts; the default class 0 is not in this list though orders name it."""
    rows = [{"id": str(one["id"]), "name": one["name"]} for one in shop.settings["tax_classes"] if one["id"]]
    return v2_page(call, rows)


@routes.on("GET", "/v3/tax/settings")
def tax_settings(shop: Shop, call: Call) -> Answer:
    body = {
        "tax_entered_with_prices": "INCLUSIVE" if shop.settings["prices_include_tax"] else "EXCLUSIVE",
        "should_subtract_store_tax": False,
        "rounding_strategy": "RATE_ROUNDING",
        "fallback_strategy": "BASIC",
        "document_submission_strategy": {"provider": "BasicTaxProvider", "enabled": False},
    }
    return Answer(200, {"data": body, "meta": {}})


@routes.on("GET", "/v3/channels")
def list_channels(shop: Shop, call: Call) -> Answer:
    row = {
        "id": 1,
        "name": "Twin Store",
        "external_id": "",
        "type": "storefront",
        "platform": "bigcommerce",
        "icon_url": "",
        "is_listable_from_ui": True,
        "is_visible": True,
        "status": "active",
        "is_enabled": True,
        "date_created": "2026-01-01T00:00:00Z",
        "date_modified": "2026-01-01T00:00:00Z",
    }
    return v3_page(call, [row])


@routes.on("GET", "/v3/channels/currency-assignments")
def currency_assignments(shop: Shop, call: Call) -> Answer:
    code = shop.settings["currency"]
    row = {"channel_id": 1, "enabled_currencies": [code], "default_currency": code}
    return Answer(200, {"data": [row], "meta": {}})


@routes.on("GET", "/v3/settings/inventory")
def inventory_settings(shop: Shop, call: Call) -> Answer:
    body = {
        "product_out_of_stock_behavior": "do_nothing",
        "option_out_of_stock_behavior": "do_nothing",
        "update_stock_behavior": "order_placed",
        "edit_order_stock_adjustment": True,
        "delete_order_stock_adjustment": True,
        "refund_order_stock_adjustment": bool(shop.switches["refund_restocks"]),
        "stock_level_display": "dont_show",
        "default_out_of_stock_message": "Out of stock",
        "hide_in_product_filtering": False,
        "show_pre_order_stock_levels": False,
        "show_out_of_stock_message": False,
    }
    return Answer(200, {"data": body, "meta": {}})


@routes.on("GET", "/v3/pricelists/{list_id}/records")
def list_price_records(shop: Shop, call: Call, list_id: str) -> Answer:
    return v3_page(call, shop.price_lists.get(int(list_id), []))


@routes.on("PUT", "/v3/pricelists/{list_id}/records")
def upsert_price_records(shop: Shop, call: Call, list_id: str) -> Answer:
    """One record per variant and currency; later ones replace earlier ones."""
    rows: dict[Any, Record] = {
        (row.get("variant_id") or row.get("sku"), row.get("currency")): row
        for row in [*shop.price_lists.get(int(list_id), []), *(call.body or [])]
    }
    shop.price_lists[int(list_id)] = list(rows.values())
    return Answer(200, {"data": {}, "meta": {}})
