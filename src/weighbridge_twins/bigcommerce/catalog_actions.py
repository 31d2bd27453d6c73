"""Actions on products, stock, customers and webhooks that people take outside the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from weighbridge_twins.bigcommerce.adjustments import apply
from weighbridge_twins.bigcommerce.catalog_state import add_product, by_variant_id, find, remove_product
from weighbridge_twins.bigcommerce.customers import add_customer
from weighbridge_twins.bigcommerce.events import emit
from weighbridge_twins.bigcommerce.inventory import DEFAULT_LOCATION, add_location, settle
from weighbridge_twins.bigcommerce.product_options import adopt
from weighbridge_twins.bigcommerce.state import Product, Record, Store, Variant

SUPPRESSED_SCOPES: Final = frozenset({"store/product/created"})
"""Events that seeding does not send."""


def seed_products(store: Store, rows: list[Record]) -> Record:
    """Products in bulk, without webhooks: sku, name, price, tax_class_id, tracking, inventory_level, variants."""
    ids = []
    for row in rows:
        values = {**row, "inventory_tracking": row.get("tracking", "variant" if row.get("variants") else "product")}
        values.setdefault("inventory_level", 0)
        product = add_product(store, values)
        adopt(store, product)
        ids.append(product.id)
    store.pending_events = [event for event in store.pending_events if event["body"]["scope"] not in SUPPRESSED_SCOPES]
    return {"ids": ids}


def seed_customers(store: Store, rows: list[Record]) -> Record:
    """Customers in bulk: email, first_name, last_name, company, customer_group_id ..."""
    return {"ids": [add_customer(store, row)["id"] for row in rows]}


def set_stock(store: Store, arguments: Record) -> Record:
    """Staff enter a level in the control panel: sku, quantity, location_id (default: the default location)."""
    settle(store)
    product, variant = _item(store, arguments)
    location_id = int(arguments.get("location_id") or DEFAULT_LOCATION)
    if location_id not in store.locations:
        raise KeyError(f"location {location_id}")
    apply(store, variant.id, location_id, int(arguments["quantity"]), relative=False)
    return {"sku": variant.sku, "product_id": product.id, "level": store.location_stock[(location_id, variant.id)]}


def stock_levels(store: Store, arguments: Any) -> dict[str, int]:
    """Units on hand of tracked items by SKU, at one location (default: the default location)."""
    settle(store)
    location_id = int(arguments.get("location_id") or DEFAULT_LOCATION) if arguments else DEFAULT_LOCATION
    return {
        variant.sku: store.location_stock.get((location_id, variant.id), 0)
        for product in store.products.values()
        if product.tracking != "none"
        for variant in product.variants
        if variant.sku
    }


def delete_product(store: Store, arguments: Record) -> Record:
    """Staff delete a product. No redirect to another product is created."""
    remove_product(store, find(store, str(arguments["product_id"])))
    return {"deleted": arguments["product_id"]}


def hide_product(store: Store, arguments: Record) -> Record:
    """Staff hide a product, or show it again with `visible`."""
    product = find(store, str(arguments["product_id"]))
    product.fields["is_visible"] = bool(arguments.get("visible", False))
    return _mark_modified(store, product)


def duplicate_product(store: Store, arguments: Record) -> Record:
    """Staff copy a product in the control panel: the copy has another name, and its SKUs end in -COPY."""
    product = find(store, str(arguments["product_id"]))
    fields = {name: value for name, value in product.fields.items() if not name.startswith("_")}
    name, sku = f"{fields['name']} (copy)", f"{product.sku}-COPY" if product.sku else ""
    variants = [
        {"sku": f"{variant.sku}-COPY", "price": variant.price, "option_values": variant.option_values}
        for variant in product.variants
        if variant.option_values
    ]
    copy = add_product(store, {**fields, "name": name, "sku": sku, "variants": variants, "inventory_level": 0})
    return {"id": copy.id}


def duplicate_sku(store: Store, arguments: Record) -> Record:
    """A second product with an existing SKU, as left by old imports; a lookup by SKU finds only the first."""
    first, _ = _item(store, arguments)
    sku = str(arguments["sku"])
    values = {
        "name": arguments.get("name") or f"{first.fields['name']} (double)",
        "sku": "",
        "price": arguments.get("price", first.fields["price"]),
        "inventory_level": 0,
        "inventory_tracking": first.tracking,
    }
    second = add_product(store, arguments | values)
    second.fields["sku"] = second.variants[0].sku = sku
    return {"id": second.id}


def blank_sku(store: Store, arguments: Record) -> Record:
    """Removes the SKU of a product or variant."""
    product, variant = _item(store, arguments)
    store.sku_index.pop(variant.sku.casefold(), None)
    variant.sku = ""
    if len(product.variants) == 1:
        product.fields["sku"] = ""
    return _mark_modified(store, product)


def break_images(store: Store, arguments: Record) -> Record:
    """Empties the image URLs of a product."""
    product = find(store, str(arguments["product_id"]))
    for row in product.fields.get("_images", []):
        row |= {name: "" for name in row if name.startswith("url_")}
    return _mark_modified(store, product)


def seed_location(store: Store, arguments: Record) -> Record:
    """Adds a location: code, label, and any member that the API accepts."""
    return {"id": add_location(store, str(arguments["code"]), str(arguments["label"]), values=arguments)["id"]}


def deactivate_webhook(store: Store, arguments: Record) -> Record:
    """Deactivates a webhook, as the vendor does after 48 hours of failures."""
    store.webhooks[int(arguments["webhook_id"])]["is_active"] = False
    return {"deactivated": arguments["webhook_id"]}


def delete_api_account(store: Store, arguments: Any) -> Record:
    """Recreates the API account, which deletes its webhooks. Source: platform notes, bigcommerce 1.1."""
    deleted = len(store.webhooks)
    store.webhooks.clear()
    store.pending_events.clear()
    return {"webhooks": deleted}


ACTIONS: Final[dict[str, Callable[[Store, Any], Any]]] = {
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
    "deactivate_webhook": deactivate_webhook,
    "delete_api_account": delete_api_account,
}


def _item(store: Store, arguments: Record) -> tuple[Product, Variant]:
    match = by_variant_id(store, arguments["variant_id"]) if "variant_id" in arguments else None
    match = match or store.variant_by_sku(str(arguments.get("sku") or ""))
    if match is None:
        raise KeyError(arguments.get("sku") or arguments.get("variant_id"))
    return match


def _mark_modified(store: Store, product: Product) -> Record:
    product.fields["date_modified"] = store.now()
    emit(store, "store/product/updated", {"type": "product", "id": product.id})
    return {"id": product.id}
