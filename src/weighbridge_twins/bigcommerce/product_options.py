"""Options of products with variants, such as size, and their values. Source: Catalog v3, product variant options."""

from __future__ import annotations

from typing import Final

from weighbridge_twins.bigcommerce.catalog_state import find, row_of
from weighbridge_twins.bigcommerce.errors import Refusal
from weighbridge_twins.bigcommerce.paging import v3_page
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Product, Record, Store
from weighbridge_twins.http.call import Answer, Call

routes = Routes()
TYPES: Final = ("radio_buttons", "rectangles", "dropdown", "product_list", "product_list_with_images", "swatch")
OPTIONS: Final = "/v3/catalog/products/{product_id}/options"
VALUES: Final = OPTIONS + "/{option_id}/values"


def adopt(store: Store, product: Product) -> None:
    """Creates the options that the product's variants use but the product lacks, and assigns ids to their values."""
    for variant in product.variants:
        variant.option_values = [resolved(store, product, value) for value in variant.option_values]


def resolved(store: Store, product: Product, values: Record) -> Record:
    """A complete option value of a variant, given by ids or by names. Raises Refusal 422 for unknown ids."""
    rows = _rows(product)
    if "option_display_name" not in values or "label" not in values:
        option = next((row for row in rows if row["id"] == values.get("option_id")), None)
        value = next((row for row in (option or {}).get("option_values", []) if row["id"] == values.get("id")), None)
        if option is None or value is None:
            raise Refusal(422, "The variant names an option value that does not exist", {"option_values": "unknown"})
        return _named(option, value)
    option = next((row for row in rows if row["display_name"] == values["option_display_name"]), None)
    if option is None:
        option = _option(store, product, {"display_name": values["option_display_name"], "type": "dropdown"})
    value = next((row for row in option["option_values"] if row["label"] == values["label"]), None)
    return _named(option, value or _value(store, option, {"label": values["label"]}))


@routes.on("GET", OPTIONS)
def list_options(store: Store, call: Call, product_id: str) -> Answer:
    return v3_page(call, _rows(find(store, product_id)))


@routes.on("POST", OPTIONS)
def create_option(store: Store, call: Call, product_id: str) -> Answer:
    """Creates an option with its values. Raises Refusal 409 for a duplicate name, 422 for an unknown type."""
    product = find(store, product_id)
    body = call.body if isinstance(call.body, dict) else {}
    if not body.get("display_name") or body.get("type") not in TYPES:
        raise Refusal(
            422, "An option needs a display_name and a type", {"display_name": "required", "type": "required"}
        )
    if any(row["display_name"] == body["display_name"] for row in _rows(product)):
        raise Refusal(409, f"The option {body['display_name']} exists", {"display_name": "duplicate"})
    return Answer(200, {"data": _option(store, product, body), "meta": {}})


@routes.on("GET", OPTIONS + "/{option_id}")
def get_option(store: Store, call: Call, product_id: str, option_id: str) -> Answer:
    return Answer(200, {"data": row_of(_rows(find(store, product_id)), option_id), "meta": {}})


@routes.on("PUT", OPTIONS + "/{option_id}")
def update_option(store: Store, call: Call, product_id: str, option_id: str) -> Answer:
    row = row_of(_rows(find(store, product_id)), option_id)
    body = call.body if isinstance(call.body, dict) else {}
    row |= {name: value for name, value in body.items() if name in ("display_name", "type", "sort_order", "config")}
    return Answer(200, {"data": row, "meta": {}})


@routes.on("DELETE", OPTIONS + "/{option_id}")
def delete_option(store: Store, call: Call, product_id: str, option_id: str) -> Answer:
    rows = _rows(find(store, product_id))
    rows.remove(row_of(rows, option_id))
    return Answer(204, empty=True)


@routes.on("GET", VALUES)
def list_values(store: Store, call: Call, product_id: str, option_id: str) -> Answer:
    return v3_page(call, _values(store, product_id, option_id))


@routes.on("POST", VALUES)
def create_value(store: Store, call: Call, product_id: str, option_id: str) -> Answer:
    option = row_of(_rows(find(store, product_id)), option_id)
    body = call.body if isinstance(call.body, dict) else {}
    if not body.get("label"):
        raise Refusal(422, "An option value needs a label", {"label": "required"})
    return Answer(200, {"data": _value(store, option, body), "meta": {}})


@routes.on("GET", VALUES + "/{value_id}")
def get_value(store: Store, call: Call, product_id: str, option_id: str, value_id: str) -> Answer:
    return Answer(200, {"data": row_of(_values(store, product_id, option_id), value_id), "meta": {}})


@routes.on("PUT", VALUES + "/{value_id}")
def update_value(store: Store, call: Call, product_id: str, option_id: str, value_id: str) -> Answer:
    row = row_of(_values(store, product_id, option_id), value_id)
    body = call.body if isinstance(call.body, dict) else {}
    row |= {name: value for name, value in body.items() if name in ("label", "sort_order", "is_default", "value_data")}
    return Answer(200, {"data": row, "meta": {}})


@routes.on("DELETE", VALUES + "/{value_id}")
def delete_value(store: Store, call: Call, product_id: str, option_id: str, value_id: str) -> Answer:
    rows = _values(store, product_id, option_id)
    rows.remove(row_of(rows, value_id))
    return Answer(204, empty=True)


def _option(store: Store, product: Product, values: Record) -> Record:
    rows = _rows(product)
    option: Record = {
        "id": store.next_id("option", 108),
        "product_id": product.id,
        "display_name": str(values["display_name"]),
        "name": f"{values['display_name']}{product.id}",
        "type": values["type"],
        "config": values.get("config") or {},
        "sort_order": int(values.get("sort_order") or len(rows)),
        "option_values": [],
    }
    rows.append(option)
    for option_value in values.get("option_values") or []:
        _value(store, option, option_value)
    return option


def _value(store: Store, option: Record, values: Record) -> Record:
    rows: list[Record] = option["option_values"]
    value: Record = {
        "id": store.next_id("option_value", 95),
        "label": str(values["label"]),
        "sort_order": int(values.get("sort_order") or len(rows)),
        "is_default": bool(values.get("is_default", False)),
        "value_data": values.get("value_data") or {},
    }
    rows.append(value)
    return value


def _named(option: Record, value: Record) -> Record:
    return {
        "id": value["id"],
        "label": value["label"],
        "option_id": option["id"],
        "option_display_name": option["display_name"],
    }


def _values(store: Store, product_id: str, option_id: str) -> list[Record]:
    values: list[Record] = row_of(_rows(find(store, product_id)), option_id)["option_values"]
    return values


def _rows(product: Product) -> list[Record]:
    rows: list[Record] = product.fields.setdefault("_options", [])
    return rows
