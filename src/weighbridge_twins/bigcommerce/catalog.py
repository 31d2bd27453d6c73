"""Catalog v3: products, individually and in batches. Source: platform notes, bigcommerce 4."""

from __future__ import annotations

from typing import Any, Final

from weighbridge_twins.bigcommerce import (
    categories,
    channels,
    currencies,
    custom_fields,
    inventory_settings,
    price_lists,
    product_images,
    product_metafields,
    product_options,
    products_v2,
    tax,
    variants,
)
from weighbridge_twins.bigcommerce.adjustments import overlap
from weighbridge_twins.bigcommerce.catalog_filters import matching
from weighbridge_twins.bigcommerce.catalog_state import add_product, check_unique, find, remove_product
from weighbridge_twins.bigcommerce.catalog_switches import reading
from weighbridge_twins.bigcommerce.errors import Refusal
from weighbridge_twins.bigcommerce.inventory import settle
from weighbridge_twins.bigcommerce.paging import v3_page
from weighbridge_twins.bigcommerce.product_changes import change_product
from weighbridge_twins.bigcommerce.product_rendering import field_choice, includes, render_product
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Product, Record, Store
from weighbridge_twins.http.call import Answer, Call

__all__ = ["add_product", "find", "remove_product", "routes"]

routes = Routes()
PRODUCT_MODULES: Final = (
    variants,
    product_options,
    product_images,
    custom_fields,
    product_metafields,
    categories,
    products_v2,
)
SETTINGS_MODULES: Final = (channels, currencies, tax, price_lists, inventory_settings)
"""Channels, currencies, taxes and prices under which the catalogue is sold."""
for _module in (*PRODUCT_MODULES, *SETTINGS_MODULES):
    routes.merge(_module.routes)

MOST_PER_CALL: Final = 10
MOST_PER_PAGE: Final = 250
MOST_WITH_OPTIONS: Final = 10
MOST_DELETED: Final = 250
REQUIRED: Final = ("name", "type", "weight", "price")
SORTED_BY: Final = ("id", "name", "sku", "price", "date_modified", "date_last_imported", "inventory_level",
                    "is_visible", "total_sold")  # fmt: skip


@routes.on("GET", "/v3/catalog/products")
def list_products(store: Store, call: Call) -> Answer:
    """Lists products. With options or modifiers a page holds at most 10."""
    settle(store)
    include, fields = includes(call), field_choice(call)
    largest = MOST_WITH_OPTIONS if include & {"options", "modifiers"} else MOST_PER_PAGE
    products = _sorted(matching(store, call), call)
    return v3_page(call, products, lambda product: render_product(store, product, include, fields), largest=largest)


def _sorted(products: list[Product], call: Call) -> list[Product]:
    field, backwards = call.query.get("sort", "id"), call.query.get("direction", "asc") == "desc"
    if field not in SORTED_BY:
        raise Refusal(422, f"Products cannot be sorted by {field}", {"sort": "invalid"})
    if field != "id" or backwards:
        products.sort(key=lambda product: (product.fields.get(field) or 0, product.id), reverse=backwards)
    return products


@routes.on("GET", "/v3/catalog/products/{product_id}")
def get_product(store: Store, call: Call, product_id: str) -> Answer:
    settle(store)
    return Answer(
        200, {"data": render_product(store, find(store, product_id), includes(call), field_choice(call)), "meta": {}}
    )


@routes.on("POST", "/v3/catalog/products")
def create_product(store: Store, call: Call) -> Answer:
    """Creates one product, with variants if given. Raises Refusal 409 for a name or SKU in use."""
    body = call.body if isinstance(call.body, dict) else {}
    missing = {name: f"{name} is required" for name in REQUIRED if body.get(name) in (None, "")}
    if missing:
        raise Refusal(422, "Required fields are missing", missing)
    product_images.check(body)
    values = {**body, "brand_id": categories.brand_id(store, body)}
    product = add_product(store, values)
    product_options.adopt(store, product)
    custom_fields.adopt(store, product, body)
    product_images.adopt(store, product, body)
    return Answer(
        200, {"data": render_product(store, product, {"variants"} if body.get("variants") else set()), "meta": {}}
    )


@routes.on("PUT", "/v3/catalog/products/{product_id}")
def update_product(store: Store, call: Call, product_id: str) -> Answer:
    """Updates one product. Answers 207 if the product was saved but its stock was not."""
    return _update(store, [call.body if isinstance(call.body, dict) else {}], [find(store, product_id)], single=True)


@routes.on("PUT", "/v3/catalog/products")
def update_products(store: Store, call: Call) -> Answer:
    """Updates up to ten products, all or none. Answers 207 if they were saved but their stock was not."""
    rows = call.body if isinstance(call.body, list) else []
    if len(rows) > MOST_PER_CALL:
        raise Refusal(413, f"The batch exceeds {MOST_PER_CALL} products")
    if not rows or not all(isinstance(row, dict) and row.get("id") for row in rows):
        raise Refusal(422, "Each product needs its id", {"id": "required"})
    overlap(store)
    return _update(store, rows, [find(store, str(row["id"])) for row in rows], single=False)


def _update(store: Store, rows: list[Record], products: list[Product], *, single: bool) -> Answer:
    for product, row in zip(products, rows, strict=True):
        check_unique(store, row.get("name"), [row.get("sku")], product, product.variants[0].id)
    unsaved: Record = {}
    for position, (product, row) in enumerate(zip(products, rows, strict=True)):
        if "inventory_level" in row and reading(store, "catalog_stock_write") == "fails":
            unsaved[f"{position}.inventory_level"] = "The stock was not updated"
            row = {name: value for name, value in row.items() if name != "inventory_level"}
        change_product(store, product, row)
    data: Any = [render_product(store, product, set()) for product in products]
    body: Record = {"data": data[0] if single else data, "meta": {}}
    if unsaved:
        body["errors"] = {"status": 207, "title": "Stock was not saved", "type": "", "errors": unsaved}
    return Answer(207 if unsaved else 200, body)


@routes.on("DELETE", "/v3/catalog/products/{product_id}")
def delete_product(store: Store, call: Call, product_id: str) -> Answer:
    remove_product(store, find(store, product_id))
    return Answer(204, empty=True)


@routes.on("DELETE", "/v3/catalog/products")
def delete_products(store: Store, call: Call) -> Answer:
    """Deletes at most 250 of the products that match the filters. Raises Refusal 422 without a filter."""
    if not call.query:
        raise Refusal(422, "A filter is required")
    for product in matching(store, call)[:MOST_DELETED]:
        remove_product(store, product)
    return Answer(204, empty=True)


@routes.on("GET", "/v3/catalog/summary")
def summary(store: Store, call: Call) -> Answer:
    """Counts and totals of the whole catalogue."""
    settle(store)
    pairs = [(product, variant) for product in store.products.values() for variant in product.variants]
    prices = [variant.price if variant.price is not None else product.fields["price"] for product, variant in pairs]
    units = {variant.id: variant.inventory_level for product, variant in pairs if product.tracking != "none"}
    amount = sum(price * units.get(pair[1].id, 0) for price, pair in zip(prices, pairs, strict=True))
    data = {
        "inventory_count": sum(units.values()),
        "inventory_value": amount,
        "variant_count": len(pairs),
        "highest_variant_price": max(prices, default=0),
        "average_variant_price": sum(prices) / len(prices) if prices else 0,
        "lowest_variant_price": str(min(prices, default=0)),
    }
    return Answer(200, {"data": data, "meta": {}})
