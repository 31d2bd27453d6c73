"""What people do to goods, stock, customers and hooks beside the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from weighbridge_twins.bigcommerce.adjustments import apply
from weighbridge_twins.bigcommerce.catalog_state import add_product, by_variant_id, find, remove_product
from weighbridge_twins.bigcommerce.customers import add_customer
from weighbridge_twins.bigcommerce.events import emit
from weighbridge_twins.bigcommerce.inventory import DEFAULT_LOCATION, add_location, settle
from weighbridge_twins.bigcommerce.product_options import adopt
from weighbridge_twins.bigcommerce.state import Product, Record, Shop, Variant

SILENT: Final = frozenset({"store/product/created"})
"""What seeding would otherwise shout about every product."""


def seed_products(shop: Shop, wanted: list[Record]) -> Record:
    """Products in bulk, without hooks: sku, name, price, tax_class_id, tracking, inventory_level, variants."""
    ids = []
    for row in wanted:
        given = {**row, "inventory_tracking": row.get("tracking", "variant" if row.get("variants") else "product")}
        given.setdefault("inventory_level", 0)
        product = add_product(shop, given)
        adopt(shop, product)
        ids.append(product.id)
    shop.pending_events = [one for one in shop.pending_events if one["body"]["scope"] not in SILENT]
    return {"ids": ids}


def seed_customers(shop: Shop, wanted: list[Record]) -> Record:
    """Customers in bulk: email, first_name, last_name, company, customer_group_id ..."""
    return {"ids": [add_customer(shop, row)["id"] for row in wanted]}


def set_stock(shop: Shop, wanted: Record) -> Record:
    """Staff type a level into the control panel: sku, quantity, location_id (the default one)."""
    settle(shop)
    product, variant = _item(shop, wanted)
    location_id = int(wanted.get("location_id") or DEFAULT_LOCATION)
    if location_id not in shop.locations:
        raise KeyError(f"location {location_id}")
    apply(shop, variant.id, location_id, int(wanted["quantity"]), relative=False)
    return {"sku": variant.sku, "product_id": product.id, "level": shop.location_stock[(location_id, variant.id)]}


def stock_levels(shop: Shop, wanted: Any) -> dict[str, int]:
    """Units on hand at one location, the default one unless it is named, by SKU, of what is tracked."""
    settle(shop)
    location_id = int(wanted.get("location_id") or DEFAULT_LOCATION) if wanted else DEFAULT_LOCATION
    return {
        variant.sku: shop.location_stock.get((location_id, variant.id), 0)
        for product in shop.products.values()
        if product.tracking != "none"
        for variant in product.variants
        if variant.sku
    }


def delete_product(shop: Shop, wanted: Record) -> Record:
    """A product is deleted; nothing redirects to another."""
    remove_product(shop, find(shop, str(wanted["product_id"])))
    return {"deleted": wanted["product_id"]}


def hide_product(shop: Shop, wanted: Record) -> Record:
    """Staff take a product off the shelf, or with `visible` put it back."""
    product = find(shop, str(wanted["product_id"]))
    product.fields["is_visible"] = bool(wanted.get("visible", False))
    return _touched(shop, product)


def duplicate_product(shop: Shop, wanted: Record) -> Record:
    """Staff copy a product in the control panel: the copy has another name and SKUs that end in -COPY."""
    product = find(shop, str(wanted["product_id"]))
    fields = {name: value for name, value in product.fields.items() if not name.startswith("_")}
    name, sku = f"{fields['name']} (copy)", f"{product.sku}-COPY" if product.sku else ""
    variants = [
        {"sku": f"{one.sku}-COPY", "price": one.price, "option_values": one.option_values}
        for one in product.variants
        if one.option_values
    ]
    copy = add_product(shop, {**fields, "name": name, "sku": sku, "variants": variants, "inventory_level": 0})
    return {"id": copy.id}


def duplicate_sku(shop: Shop, wanted: Record) -> Record:
    """A second product with the SKU of another, as old imports left it; a look-up finds only the first."""
    first, _ = _item(shop, wanted)
    sku = str(wanted["sku"])
    second = add_product(shop, {**wanted, "sku": "", "name": wanted.get("name") or f"{first.fields['name']} (double)",
                                "price": wanted.get("price", first.fields["price"]), "inventory_level": 0,
                                "inventory_tracking": first.tracking})  # fmt: skip
    second.fields["sku"] = second.variants[0].sku = sku
    return {"id": second.id}


def blank_sku(shop: Shop, wanted: Record) -> Record:
    """A product or variant loses its SKU."""
    product, variant = _item(shop, wanted)
    shop.sku_index.pop(variant.sku.casefold(), None)
    variant.sku = ""
    if len(product.variants) == 1:
        product.fields["sku"] = ""
    return _touched(shop, product)


def break_images(shop: Shop, wanted: Record) -> Record:
    """The pictures of a product lead nowhere."""
    product = find(shop, str(wanted["product_id"]))
    for row in product.fields.get("_images", []):
        row |= {name: "" for name in row if name.startswith("url_")}
    return _touched(shop, product)


def seed_location(shop: Shop, wanted: Record) -> Record:
    """A further location: code, label, and what the API takes besides."""
    return {"id": add_location(shop, str(wanted["code"]), str(wanted["label"]), given=wanted)["id"]}


def deactivate_hook(shop: Shop, wanted: Record) -> Record:
    """A hook is off, as after 48 hours of failures."""
    shop.hooks[int(wanted["hook_id"])]["is_active"] = False
    return {"deactivated": wanted["hook_id"]}


def delete_api_account(shop: Shop, wanted: Any) -> Record:
    """The API account is deleted and made anew: its hooks are gone. Source: platform notes, bigcommerce 1.1."""
    gone = len(shop.hooks)
    shop.hooks.clear()
    shop.pending_events.clear()
    return {"hooks": gone}


ACTS: Final[dict[str, Callable[[Shop, Any], Any]]] = {
    "seed_products": seed_products,
    "seed_customers": seed_customers,
    "seed_location": seed_location,
    "set_stock": set_stock,
    "stock_levels": stock_levels,
    "delete_product": delete_product,
    "hide_product": hide_product,
    "duplicate_product": duplicate_product,
    "duplicate_sku": duplicate_sku,
    "blank_sku": blank_sku,
    "break_images": break_images,
    "deactivate_hook": deactivate_hook,
    "delete_api_account": delete_api_account,
}


def _item(shop: Shop, wanted: Record) -> tuple[Product, Variant]:
    found = by_variant_id(shop, wanted["variant_id"]) if "variant_id" in wanted else None
    found = found or shop.variant_by_sku(str(wanted.get("sku") or ""))
    if found is None:
        raise KeyError(wanted.get("sku") or wanted.get("variant_id"))
    return found


def _touched(shop: Shop, product: Product) -> Record:
    product.fields["date_modified"] = shop.now()
    emit(shop, "store/product/updated", {"type": "product", "id": product.id})
    return {"id": product.id}
