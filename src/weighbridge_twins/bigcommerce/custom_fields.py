"""Custom fields of products. Source: Catalog v3, /catalog/products/{id}/custom-fields."""

from __future__ import annotations

from typing import Final

from weighbridge_twins.bigcommerce.catalog_state import find, row_of
from weighbridge_twins.bigcommerce.errors import Refusal
from weighbridge_twins.bigcommerce.paging import v3_page
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Product, Record, Store
from weighbridge_twins.http.call import Answer, Call

routes = Routes()
MOST: Final = 200
LONGEST: Final = 250


def adopt(store: Store, product: Product, body: Record) -> None:
    """Applies the custom fields of a product write: updates fields with a known id, adds the others."""
    for field in body.get("custom_fields") or []:
        rows = _rows(product)
        existing = next((row for row in rows if row["id"] == field.get("id")), None)
        if existing is not None:
            existing |= _checked(field)
        else:
            _add(store, product, field)


@routes.on("GET", "/v3/catalog/products/{product_id}/custom-fields")
def list_fields(store: Store, call: Call, product_id: str) -> Answer:
    return v3_page(call, _rows(find(store, product_id)))


@routes.on("POST", "/v3/catalog/products/{product_id}/custom-fields")
def create_field(store: Store, call: Call, product_id: str) -> Answer:
    product = find(store, product_id)
    return Answer(200, {"data": _add(store, product, call.body if isinstance(call.body, dict) else {}), "meta": {}})


@routes.on("GET", "/v3/catalog/products/{product_id}/custom-fields/{field_id}")
def get_field(store: Store, call: Call, product_id: str, field_id: str) -> Answer:
    return Answer(200, {"data": row_of(_rows(find(store, product_id)), field_id), "meta": {}})


@routes.on("PUT", "/v3/catalog/products/{product_id}/custom-fields/{field_id}")
def update_field(store: Store, call: Call, product_id: str, field_id: str) -> Answer:
    row = row_of(_rows(find(store, product_id)), field_id)
    row |= _checked({**row, **(call.body if isinstance(call.body, dict) else {})})
    return Answer(200, {"data": row, "meta": {}})


@routes.on("DELETE", "/v3/catalog/products/{product_id}/custom-fields/{field_id}")
def delete_field(store: Store, call: Call, product_id: str, field_id: str) -> Answer:
    rows = _rows(find(store, product_id))
    rows.remove(row_of(rows, field_id))
    return Answer(204, empty=True)


def _add(store: Store, product: Product, values: Record) -> Record:
    rows = _rows(product)
    if len(rows) >= MOST:
        raise Refusal(422, f"A product has at most {MOST} custom fields")
    checked = _checked(values)
    if any(row["name"] == checked["name"] and row["value"] == checked["value"] for row in rows):
        raise Refusal(422, "A custom field with this name and value exists", {"name": "duplicate"})
    row = {"id": store.next_id("custom_field"), **checked}
    rows.append(row)
    return row


def _checked(values: Record) -> Record:
    checked = {name: str(values.get(name) or "") for name in ("name", "value")}
    wrong = {name: "required" for name, text in checked.items() if not text}
    wrong |= {name: "too long" for name, text in checked.items() if len(text) > LONGEST}
    if wrong:
        raise Refusal(422, f"A custom field needs a name and a value of at most {LONGEST} characters", wrong)
    return checked


def _rows(product: Product) -> list[Record]:
    rows: list[Record] = product.fields.setdefault("_custom_fields", [])
    return rows
