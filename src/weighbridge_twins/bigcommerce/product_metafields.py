"""Metafields of products and variants. Source: Catalog v3, metafields; platform notes, bigcommerce 4.1."""

from __future__ import annotations

from typing import Any, Final

from weighbridge_twins.bigcommerce.catalog_state import by_variant_id, find, row_of
from weighbridge_twins.bigcommerce.errors import Refusal, not_found
from weighbridge_twins.bigcommerce.paging import text_filter, v3_page
from weighbridge_twins.bigcommerce.rendering import iso
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Record, Store
from weighbridge_twins.http.call import Answer, Call

routes = Routes()
REQUIRED: Final = ("permission_set", "namespace", "key", "value")
MOST: Final = 250
OF_PRODUCT: Final = "/v3/catalog/products/{product_id}/metafields"
OF_VARIANT: Final = "/v3/catalog/products/{product_id}/variants/{variant_id}/metafields"


@routes.on("GET", OF_PRODUCT)
@routes.on("GET", OF_VARIANT)
def list_metafields(store: Store, call: Call, product_id: str, variant_id: str = "") -> Answer:
    keys, namespaces = text_filter(call, "key:in"), text_filter(call, "namespace:in")
    rows = [
        row
        for row in _rows(store, product_id, variant_id)
        if call.query.get("key") in (None, row["key"])
        and call.query.get("namespace") in (None, row["namespace"])
        and (keys is None or row["key"].casefold() in keys)
        and (namespaces is None or row["namespace"].casefold() in namespaces)
    ]
    return v3_page(call, rows)


@routes.on("POST", OF_PRODUCT)
@routes.on("POST", OF_VARIANT)
def create_metafield(store: Store, call: Call, product_id: str, variant_id: str = "") -> Answer:
    """Creates a metafield. Raises Refusal 409 if the namespace has the key already, 422 for missing members."""
    body: Any = call.body if isinstance(call.body, dict) else {}
    rows = _rows(store, product_id, variant_id)
    missing = {name: f"{name} is required" for name in REQUIRED if not body.get(name)}
    if missing:
        raise Refusal(422, "Missing required fields", missing)
    if any(row["namespace"] == body["namespace"] and row["key"] == body["key"] for row in rows):
        raise Refusal(409, "Metafield with the same namespace and key exists")
    if len(rows) >= MOST:
        raise Refusal(422, f"At most {MOST} metafields")
    stamp = iso(store.now())
    row: Record = {
        "id": store.next_id("metafield"),
        **{name: body[name] for name in REQUIRED},
        **({"description": body["description"]} if body.get("description") else {}),
        "resource_type": "variant" if variant_id else "product",
        "resource_id": int(variant_id or product_id),
        "date_created": stamp,
        "date_modified": stamp,
        "owner_client_id": "twin-client",
    }
    rows.append(row)
    return Answer(200, {"data": row, "meta": {}})


@routes.on("GET", OF_PRODUCT + "/{metafield_id}")
@routes.on("GET", OF_VARIANT + "/{metafield_id}")
def get_metafield(store: Store, call: Call, product_id: str, metafield_id: str, variant_id: str = "") -> Answer:
    return Answer(200, {"data": row_of(_rows(store, product_id, variant_id), metafield_id), "meta": {}})


@routes.on("PUT", OF_PRODUCT + "/{metafield_id}")
@routes.on("PUT", OF_VARIANT + "/{metafield_id}")
def update_metafield(store: Store, call: Call, product_id: str, metafield_id: str, variant_id: str = "") -> Answer:
    row = row_of(_rows(store, product_id, variant_id), metafield_id)
    body = call.body if isinstance(call.body, dict) else {}
    row |= {name: value for name, value in body.items() if name in (*REQUIRED, "description")}
    row["date_modified"] = iso(store.now())
    return Answer(200, {"data": row, "meta": {}})


@routes.on("DELETE", OF_PRODUCT + "/{metafield_id}")
@routes.on("DELETE", OF_VARIANT + "/{metafield_id}")
def delete_metafield(store: Store, call: Call, product_id: str, metafield_id: str, variant_id: str = "") -> Answer:
    rows = _rows(store, product_id, variant_id)
    rows.remove(row_of(rows, metafield_id))
    return Answer(204, empty=True)


def _rows(store: Store, product_id: str, variant_id: str) -> list[Record]:
    product = find(store, product_id)
    if variant_id:
        item = by_variant_id(store, variant_id)
        if item is None or item[0] is not product:
            raise not_found()
    by_owner: dict[str, list[Record]] = product.fields.setdefault("_metafields", {})
    return by_owner.setdefault(variant_id or "product", [])
