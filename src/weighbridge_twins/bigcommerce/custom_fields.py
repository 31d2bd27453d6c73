"""Custom fields of products. Source: Catalog v3, /catalog/products/{id}/custom-fields."""

from __future__ import annotations

from typing import Final

from weighbridge_twins.bigcommerce.catalog_state import find, row_of
from weighbridge_twins.bigcommerce.errors import Refusal
from weighbridge_twins.bigcommerce.paging import v3_page
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Product, Record, Shop
from weighbridge_twins.call import Answer, Call

routes = Routes()
MOST: Final = 200
LONGEST: Final = 250


def adopt(shop: Shop, product: Product, body: Record) -> None:
    """Takes over the custom fields that a product write carries: with an id changed, without one added."""
    for given in body.get("custom_fields") or []:
        rows = _rows(product)
        known = next((row for row in rows if row["id"] == given.get("id")), None)
        if known is not None:
            known |= _checked(given)
        else:
            _add(shop, product, given)


@routes.on("GET", "/v3/catalog/products/{product_id}/custom-fields")
def list_fields(shop: Shop, call: Call, product_id: str) -> Answer:
    return v3_page(call, _rows(find(shop, product_id)))


@routes.on("POST", "/v3/catalog/products/{product_id}/custom-fields")
def create_field(shop: Shop, call: Call, product_id: str) -> Answer:
    product = find(shop, product_id)
    return Answer(200, {"data": _add(shop, product, call.body if isinstance(call.body, dict) else {}), "meta": {}})


@routes.on("GET", "/v3/catalog/products/{product_id}/custom-fields/{field_id}")
def get_field(shop: Shop, call: Call, product_id: str, field_id: str) -> Answer:
    return Answer(200, {"data": row_of(_rows(find(shop, product_id)), field_id), "meta": {}})


@routes.on("PUT", "/v3/catalog/products/{product_id}/custom-fields/{field_id}")
def update_field(shop: Shop, call: Call, product_id: str, field_id: str) -> Answer:
    row = row_of(_rows(find(shop, product_id)), field_id)
    row |= _checked({**row, **(call.body if isinstance(call.body, dict) else {})})
    return Answer(200, {"data": row, "meta": {}})


@routes.on("DELETE", "/v3/catalog/products/{product_id}/custom-fields/{field_id}")
def delete_field(shop: Shop, call: Call, product_id: str, field_id: str) -> Answer:
    rows = _rows(find(shop, product_id))
    rows.remove(row_of(rows, field_id))
    return Answer(204, empty=True)


def _add(shop: Shop, product: Product, given: Record) -> Record:
    rows = _rows(product)
    if len(rows) >= MOST:
        raise Refusal(422, f"A product has at most {MOST} custom fields")
    checked = _checked(given)
    if any(row["name"] == checked["name"] and row["value"] == checked["value"] for row in rows):
        raise Refusal(422, "A custom field with this name and value exists", {"name": "duplicate"})
    row = {"id": shop.next_id("custom_field"), **checked}
    rows.append(row)
    return row


def _checked(given: Record) -> Record:
    checked = {name: str(given.get(name) or "") for name in ("name", "value")}
    wrong = {name: "required" for name, text in checked.items() if not text}
    wrong |= {name: "too long" for name, text in checked.items() if len(text) > LONGEST}
    if wrong:
        raise Refusal(422, f"A custom field needs a name and a value of at most {LONGEST} characters", wrong)
    return checked


def _rows(product: Product) -> list[Record]:
    rows: list[Record] = product.fields.setdefault("_custom_fields", [])
    return rows
