"""Applies writes to products and sends their webhooks. Source: platform notes, bigcommerce 4.3 and 7.3."""

from __future__ import annotations

from typing import Any, Final

from weighbridge_twins.bigcommerce import categories, custom_fields
from weighbridge_twins.bigcommerce.adjustments import apply
from weighbridge_twins.bigcommerce.catalog_state import (
    MONEY,
    amount,
    clamped,
    rename_product,
    rename_sku,
    set_parent_sku,
)
from weighbridge_twins.bigcommerce.events import emit
from weighbridge_twins.bigcommerce.locations import DEFAULT_LOCATION
from weighbridge_twins.bigcommerce.rendering import parse_date
from weighbridge_twins.bigcommerce.state import Product, Record, Store, Variant

HANDLED_SEPARATELY: Final = frozenset({"id", "date_created", "date_modified", "calculated_price", "base_variant_id",
                                       "variants", "inventory_level", "name", "sku", "brand_name", "custom_fields",
                                       "images", "videos", "bulk_pricing_rules", "options", "modifiers",
                                       "date_last_imported"})  # fmt: skip
"""Members that are read-only or have their own code below."""
MEMBERS_WITHOUT_EVENT: Final = frozenset({"gtin", "mpn", "product_tax_code"})
"""Members whose change sends no store/product/updated. Source: platform notes, bigcommerce 7.3."""


def change_product(store: Store, product: Product, body: Record) -> None:
    """Writes the given members. Check names and SKUs first."""
    if body.get("name"):
        rename_product(store, product, str(body["name"]))
    if "sku" in body:
        _set_sku(store, product, str(body["sku"] or ""))
    for name, value in body.items():
        if name not in HANDLED_SEPARATELY and not name.startswith("_"):
            product.fields[name] = amount(value) if name in MONEY and value is not None else value
    if "date_last_imported" in body:
        product.fields["date_last_imported"] = parse_date(str(body["date_last_imported"]))
    if body.get("brand_name"):
        product.fields["brand_id"] = categories.brand_id(store, body)
    custom_fields.adopt(store, product, body)
    if "inventory_level" in body and product.tracking == "product":
        set_level(store, product.variants[0], body["inventory_level"])
    product.fields["date_modified"] = store.now()
    if set(body) - MEMBERS_WITHOUT_EVENT - {"id"}:
        emit(store, "store/product/updated", {"type": "product", "id": product.id})


def set_level(store: Store, variant: Variant, level: Any) -> None:
    """Sets a level through the catalogue: applied immediately, clamped, at the default location."""
    apply(store, variant.id, DEFAULT_LOCATION, clamped(level), relative=False)


def _set_sku(store: Store, product: Product, sku: str) -> None:
    if is_complex(product):
        set_parent_sku(store, product, sku)
    else:
        product.fields["sku"] = sku
        rename_sku(store, product, product.variants[0], sku)


def is_complex(product: Product) -> bool:
    """True for a product with options; otherwise its only variant is the product itself."""
    return any(variant.option_values for variant in product.variants)
