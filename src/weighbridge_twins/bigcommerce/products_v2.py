"""Products in the v2 API, as far as old client libraries use it. Source: the PyPI package `bigcommerce`."""

from __future__ import annotations

from typing import Final

from weighbridge_twins.bigcommerce.catalog_state import add_product, check_unique, find, remove_product
from weighbridge_twins.bigcommerce.inventory import settle
from weighbridge_twins.bigcommerce.paging import v2_page
from weighbridge_twins.bigcommerce.product_changes import change_product
from weighbridge_twins.bigcommerce.rendering import rendered
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Product, Record, Store
from weighbridge_twins.http.call import Answer, Call

routes = Routes()
MEMBERS: Final = ("id", "name", "type", "sku", "description", "price", "is_visible", "availability", "weight",
                  "date_created", "date_modified", "inventory_tracking", "tax_class_id", "upc")  # fmt: skip
TRACKING: Final = {"simple": "product", "sku": "variant", "none": "none"}
"""Names of the tracking modes in v2."""


@routes.on("GET", "/v2/products")
def list_products(store: Store, call: Call) -> Answer:
    settle(store)
    query = call.query
    rows = [
        product
        for product in store.products.values()
        if query.get("sku") in (None, product.sku) and query.get("name") in (None, product.fields["name"])
    ]
    return v2_page(call, rows, _render_product)


@routes.on("GET", "/v2/products/count")
def count_products(store: Store, call: Call) -> Answer:
    return Answer(200, {"count": len(store.products)})


@routes.on("GET", "/v2/products/{product_id}")
def get_product(store: Store, call: Call, product_id: str) -> Answer:
    settle(store)
    return Answer(200, _render_product(find(store, product_id)))


@routes.on("POST", "/v2/products")
def create_product(store: Store, call: Call) -> Answer:
    return Answer(201, _render_product(add_product(store, _read(call.body if isinstance(call.body, dict) else {}))))


@routes.on("PUT", "/v2/products/{product_id}")
def update_product(store: Store, call: Call, product_id: str) -> Answer:
    product = find(store, product_id)
    body = _read(call.body if isinstance(call.body, dict) else {})
    check_unique(store, body.get("name"), [body.get("sku")], product, product.variants[0].id)
    change_product(store, product, body)
    return Answer(200, _render_product(product))


@routes.on("DELETE", "/v2/products/{product_id}")
def delete_product(store: Store, call: Call, product_id: str) -> Answer:
    remove_product(store, find(store, product_id))
    return Answer(204, empty=True)


def _read(body: Record) -> Record:
    tracking = body.get("inventory_tracking")
    return {**body, "inventory_tracking": TRACKING.get(str(tracking), tracking)} if tracking else body


def _render_product(product: Product) -> Record:
    record: Record = rendered({name: product.fields[name] for name in MEMBERS})
    old = {new: name for name, new in TRACKING.items()}
    return record | {
        "inventory_level": product.variants[0].inventory_level,
        "inventory_tracking": old.get(product.tracking, product.tracking),
    }
