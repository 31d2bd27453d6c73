"""What a write changes on a product, and which hooks it sets off. Source: platform notes, bigcommerce 4.3 and 7.3."""

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
from weighbridge_twins.bigcommerce.state import Product, Record, Shop, Variant

APART: Final = frozenset({"id", "date_created", "date_modified", "calculated_price", "base_variant_id", "variants",
                          "inventory_level", "name", "sku", "brand_name", "custom_fields", "images", "videos",
                          "bulk_pricing_rules", "options", "modifiers", "date_last_imported"})  # fmt: skip
"""Members that are read-only or have a way of their own."""
SILENT: Final = frozenset({"gtin", "mpn", "product_tax_code"})
"""Members whose change fires no store/product/updated. Source: platform notes, bigcommerce 7.3."""


def change_product(shop: Shop, product: Product, body: Record) -> None:
    """Writes the members that were sent; names and SKUs were checked before."""
    if body.get("name"):
        rename_product(shop, product, str(body["name"]))
    if "sku" in body:
        _set_sku(shop, product, str(body["sku"] or ""))
    for name, value in body.items():
        if name not in APART and not name.startswith("_"):
            product.fields[name] = amount(value) if name in MONEY and value is not None else value
    if "date_last_imported" in body:
        product.fields["date_last_imported"] = parse_date(str(body["date_last_imported"]))
    if body.get("brand_name"):
        product.fields["brand_id"] = categories.brand_id(shop, body)
    custom_fields.adopt(shop, product, body)
    if "inventory_level" in body and product.tracking == "product":
        set_level(shop, product.variants[0], body["inventory_level"])
    product.fields["date_modified"] = shop.now()
    if set(body) - SILENT - {"id"}:
        emit(shop, "store/product/updated", {"type": "product", "id": product.id})


def set_level(shop: Shop, variant: Variant, level: Any) -> None:
    """A level written through the catalogue: at once, clamped, at the default location."""
    apply(shop, variant.id, DEFAULT_LOCATION, clamped(level), relative=False)


def _set_sku(shop: Shop, product: Product, sku: str) -> None:
    if is_complex(product):
        set_parent_sku(shop, product, sku)
    else:
        product.fields["sku"] = sku
        rename_sku(shop, product, product.variants[0], sku)


def is_complex(product: Product) -> bool:
    """True for a product with real variants; else its one variant is the product itself."""
    return any(variant.option_values for variant in product.variants)
