"""Assigns products to categories, brands and channels. Source: Catalog v3; notes, bigcommerce 4.3."""

from __future__ import annotations

from typing import Final

from weighbridge_twins.bigcommerce.catalog_state import find, row_of, stored_rows
from weighbridge_twins.bigcommerce.errors import Refusal
from weighbridge_twins.bigcommerce.paging import id_filter, v3_page
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Product, Record, Store
from weighbridge_twins.http.call import Answer, Call

routes = Routes()
DEFAULTS: Final[Record] = {
    "parent_id": 0, "name": "", "description": "", "views": 0, "sort_order": 0, "page_title": "", "meta_keywords": [],
    "meta_description": "", "layout_file": "", "image_url": "", "is_visible": True, "search_keywords": "",
    "default_product_sort": "use_store_settings",
}  # fmt: skip


def brand_id(store: Store, body: Record) -> int:
    """The brand of a product write: by id, or by name ignoring case. An unknown name creates the brand."""
    name = str(body.get("brand_name") or "")
    if not name:
        return int(body.get("brand_id") or 0)
    brands = stored_rows(store, "brands")
    brand = next((row for row in brands if row["name"].casefold() == name.casefold()), None)
    if brand is None:
        brand = {"id": store.next_id("brand", 35), "name": name}
        brands.append(brand)
    return int(brand["id"])


@routes.on("GET", "/v3/catalog/categories")
def list_categories(store: Store, call: Call) -> Answer:
    ids, parents = id_filter(call, "id:in"), id_filter(call, "parent_id:in")
    query = call.query
    rows = [
        row
        for row in stored_rows(store, "categories")
        if (ids is None or row["id"] in ids)
        and (parents is None or row["parent_id"] in parents)
        and query.get("name") in (None, row["name"])
        and query.get("parent_id") in (None, str(row["parent_id"]))
    ]
    return v3_page(call, rows)


@routes.on("POST", "/v3/catalog/categories")
def create_category(store: Store, call: Call) -> Answer:
    """Creates a category. Raises Refusal 409 if the parent has a category of this name."""
    body = call.body if isinstance(call.body, dict) else {}
    missing = {name: f"{name} is required" for name in ("name", "parent_id") if body.get(name) is None}
    if missing:
        raise Refusal(422, "Required fields are missing", missing)
    _check_name(store, body, None)
    category_id = store.next_id("category", 18)
    row: Record = {
        "id": category_id,
        **DEFAULTS,
        **{name: value for name, value in body.items() if name in DEFAULTS},
        "custom_url": {"url": f"/category-{category_id}/", "is_customized": False},
    }
    stored_rows(store, "categories").append(row)
    return Answer(200, {"data": row, "meta": {}})


@routes.on("GET", "/v3/catalog/categories/{category_id}")
def get_category(store: Store, call: Call, category_id: str) -> Answer:
    return Answer(200, {"data": row_of(stored_rows(store, "categories"), category_id), "meta": {}})


@routes.on("PUT", "/v3/catalog/categories/{category_id}")
def update_category(store: Store, call: Call, category_id: str) -> Answer:
    row = row_of(stored_rows(store, "categories"), category_id)
    body = call.body if isinstance(call.body, dict) else {}
    _check_name(store, {**row, **body}, row)
    row |= {name: value for name, value in body.items() if name in DEFAULTS}
    return Answer(200, {"data": row, "meta": {}})


@routes.on("DELETE", "/v3/catalog/categories/{category_id}")
def delete_category(store: Store, call: Call, category_id: str) -> Answer:
    """Deletes a category; its products stay, possibly without any category."""
    rows = stored_rows(store, "categories")
    row = row_of(rows, category_id)
    rows.remove(row)
    for product in store.products.values():
        if row["id"] in product.fields["categories"]:
            product.fields["categories"] = [
                other_id for other_id in product.fields["categories"] if other_id != row["id"]
            ]
    return Answer(204, empty=True)


@routes.on("GET", "/v3/catalog/products/category-assignments")
def list_category_assignments(store: Store, call: Call) -> Answer:
    return _assignments(store, call, "categories", "category_id")


@routes.on("PUT", "/v3/catalog/products/category-assignments")
def assign_categories(store: Store, call: Call) -> Answer:
    return _assign(store, call, "categories", "category_id")


@routes.on("DELETE", "/v3/catalog/products/category-assignments")
def unassign_categories(store: Store, call: Call) -> Answer:
    return _unassign(store, call, "categories", "category_id")


@routes.on("GET", "/v3/catalog/products/channel-assignments")
def list_channel_assignments(store: Store, call: Call) -> Answer:
    return _assignments(store, call, "_channels", "channel_id")


@routes.on("PUT", "/v3/catalog/products/channel-assignments")
def assign_channels(store: Store, call: Call) -> Answer:
    return _assign(store, call, "_channels", "channel_id")


@routes.on("DELETE", "/v3/catalog/products/channel-assignments")
def unassign_channels(store: Store, call: Call) -> Answer:
    """Removes products from channels; a product is not listed on such a channel even if it is visible."""
    return _unassign(store, call, "_channels", "channel_id")


def _assignments(store: Store, call: Call, field: str, name: str) -> Answer:
    products, target_ids = id_filter(call, "product_id:in"), id_filter(call, f"{name}:in")
    rows = [
        {"product_id": product.id, name: target_id}
        for product in store.products.values()
        if products is None or product.id in products
        for target_id in _assigned_ids(product, field)
        if target_ids is None or target_id in target_ids
    ]
    return v3_page(call, rows)


def _assign(store: Store, call: Call, field: str, name: str) -> Answer:
    rows = call.body if isinstance(call.body, list) else []
    pairs = [(find(store, str(row.get("product_id"))), int(row.get(name) or 0)) for row in rows]
    for product, target_id in pairs:
        product.fields[field] = sorted({*_assigned_ids(product, field), target_id})
    return Answer(204, empty=True)


def _unassign(store: Store, call: Call, field: str, name: str) -> Answer:
    products, target_ids = id_filter(call, "product_id:in"), id_filter(call, f"{name}:in")
    if products is None and target_ids is None:
        raise Refusal(422, "A filter is required")
    for product in store.products.values():
        if products is None or product.id in products:
            product.fields[field] = [
                target_id
                for target_id in _assigned_ids(product, field)
                if target_ids is not None and target_id not in target_ids
            ]
    return Answer(204, empty=True)


def _assigned_ids(product: Product, field: str) -> list[int]:
    ids: list[int] = product.fields.get(field, [1])
    return ids


def _check_name(store: Store, category: Record, current: Record | None) -> None:
    for row in stored_rows(store, "categories"):
        if row is not current and row["name"] == category["name"] and row["parent_id"] == category["parent_id"]:
            raise Refusal(409, "A category of this name exists here", {"name": "duplicate"})
