"""Store information and time. Source: Store information v2; platform notes, bigcommerce 6.5."""

from __future__ import annotations

from weighbridge_twins.bigcommerce.channels import channels
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Store
from weighbridge_twins.http.call import Answer, Call

routes = Routes()


@routes.on("GET", "/v2/time")
def get_time(store: Store, call: Call) -> Answer:
    """The store's time in Unix seconds; the cheapest way to test a token."""
    return Answer(200, {"time": int(store.now().timestamp())})


@routes.on("GET", "/v2/store")
def get_store(store: Store, call: Call) -> Answer:
    return Answer(
        200,
        {
            "id": store.store_hash, "account_uuid": "00000000-0000-4000-8000-000000000001",
            "domain": "shop.example.com",
            "secure_url": "https://shop.example.com", "control_panel_base_url": "https://store.example.com",
            "status": "live", "name": "Twin Store", "first_name": "Twin", "last_name": "Owner", "address": "",
            "country": "United States", "country_code": "US", "phone": "", "admin_email": "owner@example.com",
            "order_email": "orders@example.com", "favicon_url": "", "infrastructure_region": "us-central1",
            "timezone": {"name": "UTC", "raw_offset": 0, "dst_offset": 0, "dst_correction": False,
                         "date_format": {"display": "M jS Y", "export": "M jS Y",
                                         "extended_display": "M jS Y @ g:i A"}},
            "language": "en", "currency": store.settings["currency"], "currency_symbol": "$", "decimal_separator": ".",
            "thousands_separator": ",", "decimal_places": 2, "currency_symbol_location": "left",
            "weight_units": store.settings.get("weight_units", "LBS"), "dimension_units": "Inches",
            "dimension_decimal_places": 2,
            "dimension_decimal_token": ".", "dimension_thousands_token": ",", "plan_name": "Plus", "plan_level": "Plus",
            "plan_is_trial": False, "industry": "", "logo": {},
            "is_price_entered_with_tax": bool(store.settings["prices_include_tax"]),
            "store_id": int(store.store_id), "default_site_id": 1000, "default_channel_id": 1,
            "active_comparison_modules": [], "features": {"stencil_enabled": True, "sitewidehttps_enabled": True,
            "facebook_catalog_id": "", "checkout_type": "optimized", "wishlists_enabled": False,
            "graphql_storefront_api_enabled": True, "shopper_consent_tracking_enabled": False,
            "multi_storefront_enabled": len(channels(store)) > 1},
        },
    )  # fmt: skip
