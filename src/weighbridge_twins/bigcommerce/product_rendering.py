"""Renders products and variants as v3 does. Source: platform notes, bigcommerce 4.3; Catalog v3 schemas."""

from __future__ import annotations

from typing import Final

from weighbridge_twins.bigcommerce.catalog_filters import total_level
from weighbridge_twins.bigcommerce.catalog_state import SKU_OFFSET
from weighbridge_twins.bigcommerce.catalog_switches import reading
from weighbridge_twins.bigcommerce.locations import DEFAULT_LOCATION
from weighbridge_twins.bigcommerce.product_changes import is_complex
from weighbridge_twins.bigcommerce.rendering import iso
from weighbridge_twins.bigcommerce.state import Product, Record, Store, Variant
from weighbridge_twins.http.call import Call

ALWAYS: Final = ("id", "gift_wrapping_options_type", "gift_wrapping_options_list")
LISTS: Final = ("images", "options", "modifiers", "custom_fields", "bulk_pricing_rules", "videos", "reviews",
                "parent_relations")  # fmt: skip


def includes(call: Call) -> set[str]:
    """The sub-resources to embed in each product."""
    return set(call.query.get("include", "").split(",")) - {""}


def field_choice(call: Call) -> tuple[set[str] | None, set[str]]:
    """The members that `include_fields` keeps (None: all) and that `exclude_fields` omits."""
    only = set(call.query["include_fields"].split(",")) if call.query.get("include_fields") else None
    return only, set(call.query.get("exclude_fields", "").split(",")) - {""}


EVERYTHING: Final[tuple[set[str] | None, set[str]]] = (None, set())


def render_product(
    store: Store, product: Product, include: set[str], choice: tuple[set[str] | None, set[str]] = EVERYTHING
) -> Record:
    """A product with the requested members and sub-resources."""
    fields = product.fields
    record: Record = {name: value for name, value in fields.items() if not name.startswith("_")}
    record |= {
        "calculated_price": fields["price"],
        "inventory_level": _level(store, product),
        "date_created": iso(fields["date_created"]),
        "date_modified": iso(fields["date_modified"]),
        "option_set_display": "right",
    }
    if not is_complex(product):
        record["base_variant_id"] = product.variants[0].id
    elif reading(store, "complex_base_variant") == "null":
        record["base_variant_id"] = None
    if fields.get("date_last_imported"):
        record["date_last_imported"] = iso(fields["date_last_imported"])
    kept_fields, without = choice
    record = {
        name: value
        for name, value in record.items()
        if name in ALWAYS or ((kept_fields is None or name in kept_fields) and name not in without)
    }
    if "variants" in include:
        record["variants"] = [render_variant(store, product, variant) for variant in product.variants]
    record |= {name: fields.get(f"_{name}", []) for name in LISTS if name in include}
    if "channels" in include:
        record["channels"] = fields.get("_channels", [1])
    thumbnails = [image for image in fields.get("_images", []) if image["is_thumbnail"]]
    if "primary_image" in include and thumbnails:
        record["primary_image"] = thumbnails[0]
    return record


def render_variant(store: Store, product: Product, variant: Variant) -> Record:
    """A variant; members inherited from the product are null."""
    fields = product.fields
    price = variant.price if variant.price is not None else fields["price"]
    weight = variant.fields.get("weight")
    base: Record = {
        "id": variant.id, "product_id": product.id, "sku": variant.sku,
        "sku_id": variant.id + SKU_OFFSET if variant.option_values else None, "price": variant.price,
        "calculated_price": price, "sale_price": None, "retail_price": None, "map_price": None, "weight": None,
        "width": None, "height": None, "depth": None, "is_free_shipping": False, "fixed_cost_shipping_price": None,
        "calculated_weight": weight if weight is not None else fields["weight"], "purchasing_disabled": False,
        "purchasing_disabled_message": "", "image_url": "", "cost_price": fields["cost_price"], "upc": "", "mpn": "",
        "gtin": "", "inventory_level": _variant_level(store, product, variant), "inventory_warning_level": 0,
        "bin_picking_number": "", "option_values": variant.option_values,
    }  # fmt: skip
    return base | variant.fields


def _level(store: Store, product: Product) -> int:
    if product.tracking == "none":
        return 0
    if reading(store, "catalog_inventory_level") == "default_location":
        return total_level(store, product)
    return sum(_everywhere(store, variant) for variant in product.variants)


def _variant_level(store: Store, product: Product, variant: Variant) -> int:
    if reading(store, "catalog_inventory_level") == "default_location":
        return store.location_stock.get((DEFAULT_LOCATION, variant.id), 0)
    return _everywhere(store, variant)


def _everywhere(store: Store, variant: Variant) -> int:
    return sum(store.location_stock.get((location_id, variant.id), 0) for location_id in store.locations)
