"""Where the shop shows a product: categories, brands and channels. Source: Catalog v3; notes, bigcommerce 4.3."""

from __future__ import annotations

from typing import Final

from weighbridge_twins.bigcommerce.catalog_state import find, kept, row_of
from weighbridge_twins.bigcommerce.errors import Refusal
from weighbridge_twins.bigcommerce.paging import v3_page, wanted_ids
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Product, Record, Shop
from weighbridge_twins.call import Answer, Call

routes = Routes()
ORDINARY: Final[Record] = {
    "parent_id": 0, "name": "", "description": "", "views": 0, "sort_order": 0, "page_title": "", "meta_keywords": [],
    "meta_description": "", "layout_file": "", "image_url": "", "is_visible": True, "search_keywords": "",
    "default_product_sort": "use_store_settings",
}  # fmt: skip


def brand_id(shop: Shop, body: Record) -> int:
    """The brand of a product write: by id, or by a name that makes the brand when it is new, whatever its case."""
    name = str(body.get("brand_name") or "")
    if not name:
        return int(body.get("brand_id") or 0)
    brands = kept(shop, "brands")
    known = next((row for row in brands if row["name"].casefold() == name.casefold()), None)
    if known is None:
        known = {"id": shop.next_id("brand", 35), "name": name}
        brands.append(known)
    return int(known["id"])


@routes.on("GET", "/v3/catalog/categories")
def list_categories(shop: Shop, call: Call) -> Answer:
    ids, parents = wanted_ids(call, "id:in"), wanted_ids(call, "parent_id:in")
    query = call.query
    rows = [
        row
        for row in kept(shop, "categories")
        if (ids is None or row["id"] in ids)
        and (parents is None or row["parent_id"] in parents)
        and query.get("name") in (None, row["name"])
        and query.get("parent_id") in (None, str(row["parent_id"]))
    ]
    return v3_page(call, rows)


@routes.on("POST", "/v3/catalog/categories")
def create_category(shop: Shop, call: Call) -> Answer:
    """A category. Raises Refusal 409 for a name its parent has already."""
    body = call.body if isinstance(call.body, dict) else {}
    missing = {name: f"{name} is required" for name in ("name", "parent_id") if body.get(name) is None}
    if missing:
        raise Refusal(422, "Required fields are missing", missing)
    _check_name(shop, body, None)
    category_id = shop.next_id("category", 18)
    row: Record = {
        "id": category_id,
        **ORDINARY,
        **{name: value for name, value in body.items() if name in ORDINARY},
        "custom_url": {"url": f"/category-{category_id}/", "is_customized": False},
    }
    kept(shop, "categories").append(row)
    return Answer(200, {"data": row, "meta": {}})


@routes.on("GET", "/v3/catalog/categories/{category_id}")
def get_category(shop: Shop, call: Call, category_id: str) -> Answer:
    return Answer(200, {"data": row_of(kept(shop, "categories"), category_id), "meta": {}})


@routes.on("PUT", "/v3/catalog/categories/{category_id}")
def update_category(shop: Shop, call: Call, category_id: str) -> Answer:
    row = row_of(kept(shop, "categories"), category_id)
    body = call.body if isinstance(call.body, dict) else {}
    _check_name(shop, {**row, **body}, row)
    row |= {name: value for name, value in body.items() if name in ORDINARY}
    return Answer(200, {"data": row, "meta": {}})


@routes.on("DELETE", "/v3/catalog/categories/{category_id}")
def delete_category(shop: Shop, call: Call, category_id: str) -> Answer:
    """The category is gone; its products stay, some now in no category at all."""
    rows = kept(shop, "categories")
    row = row_of(rows, category_id)
    rows.remove(row)
    for product in shop.products.values():
        if row["id"] in product.fields["categories"]:
            product.fields["categories"] = [one for one in product.fields["categories"] if one != row["id"]]
    return Answer(204, empty=True)


@routes.on("GET", "/v3/catalog/products/category-assignments")
def list_category_assignments(shop: Shop, call: Call) -> Answer:
    return _assignments(shop, call, "categories", "category_id")


@routes.on("PUT", "/v3/catalog/products/category-assignments")
def assign_categories(shop: Shop, call: Call) -> Answer:
    return _assign(shop, call, "categories", "category_id")


@routes.on("DELETE", "/v3/catalog/products/category-assignments")
def unassign_categories(shop: Shop, call: Call) -> Answer:
    return _unassign(shop, call, "categories", "category_id")


@routes.on("GET", "/v3/catalog/products/channel-assignments")
def list_channel_assignments(shop: Shop, call: Call) -> Answer:
    return _assignments(shop, call, "_channels", "channel_id")


@routes.on("PUT", "/v3/catalog/products/channel-assignments")
def assign_channels(shop: Shop, call: Call) -> Answer:
    return _assign(shop, call, "_channels", "channel_id")


@routes.on("DELETE", "/v3/catalog/products/channel-assignments")
def unassign_channels(shop: Shop, call: Call) -> Answer:
    """A product without its channel is invisible there though it is visible."""
    return _unassign(shop, call, "_channels", "channel_id")


def _assignments(shop: Shop, call: Call, field: str, name: str) -> Answer:
    products, places = wanted_ids(call, "product_id:in"), wanted_ids(call, f"{name}:in")
    rows = [
        {"product_id": product.id, name: place}
        for product in shop.products.values()
        if products is None or product.id in products
        for place in _places(product, field)
        if places is None or place in places
    ]
    return v3_page(call, rows)


def _assign(shop: Shop, call: Call, field: str, name: str) -> Answer:
    rows = call.body if isinstance(call.body, list) else []
    chosen = [(find(shop, str(row.get("product_id"))), int(row.get(name) or 0)) for row in rows]
    for product, place in chosen:
        product.fields[field] = sorted({*_places(product, field), place})
    return Answer(204, empty=True)


def _unassign(shop: Shop, call: Call, field: str, name: str) -> Answer:
    products, places = wanted_ids(call, "product_id:in"), wanted_ids(call, f"{name}:in")
    if products is None and places is None:
        raise Refusal(422, "A filter is required")
    for product in shop.products.values():
        if products is None or product.id in products:
            product.fields[field] = [one for one in _places(product, field) if places is not None and one not in places]
    return Answer(204, empty=True)


def _places(product: Product, field: str) -> list[int]:
    places: list[int] = product.fields.get(field, [1])
    return places


def _check_name(shop: Shop, wanted: Record, own: Record | None) -> None:
    for row in kept(shop, "categories"):
        if row is not own and row["name"] == wanted["name"] and row["parent_id"] == wanted["parent_id"]:
            raise Refusal(409, "A category of this name exists here", {"name": "duplicate"})
