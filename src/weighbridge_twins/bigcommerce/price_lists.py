"""Price lists: prices by variant and currency, and their assignments. Source: platform notes, bigcommerce 6.2."""

from __future__ import annotations

from typing import Any, Final

from weighbridge_twins.bigcommerce.catalog_state import by_variant_id, row_of, stored_rows
from weighbridge_twins.bigcommerce.errors import Refusal
from weighbridge_twins.bigcommerce.events import emit
from weighbridge_twins.bigcommerce.paging import id_filter, v3_page
from weighbridge_twins.bigcommerce.rendering import iso
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Product, Record, Store, Variant
from weighbridge_twins.http.call import Answer, Call

routes = Routes()
MOST_PER_CALL: Final = 1000
PRICES: Final = ("price", "sale_price", "retail_price", "map_price")
RECORDS: Final = "/v3/pricelists/{list_id}/records"


@routes.on("GET", "/v3/pricelists")
def list_lists(store: Store, call: Call) -> Answer:
    ids = id_filter(call, "id:in")
    rows = [
        row
        for row in stored_rows(store, "price_lists")
        if (ids is None or row["id"] in ids) and call.query.get("name") in (None, row["name"])
    ]
    return v3_page(call, rows)


@routes.on("POST", "/v3/pricelists")
def create_list(store: Store, call: Call) -> Answer:
    body = call.body if isinstance(call.body, dict) else {}
    _check_name(store, body, None)
    stamp = iso(store.now())
    row: Record = {
        "id": store.next_id("price_list"),
        "name": body["name"],
        "active": bool(body.get("active", True)),
        "date_created": stamp,
        "date_modified": stamp,
    }
    stored_rows(store, "price_lists").append(row)
    return Answer(200, {"data": row, "meta": {}})


@routes.on("GET", "/v3/pricelists/{list_id}")
def get_list(store: Store, call: Call, list_id: str) -> Answer:
    return Answer(200, {"data": row_of(stored_rows(store, "price_lists"), list_id), "meta": {}})


@routes.on("PUT", "/v3/pricelists/{list_id}")
def update_list(store: Store, call: Call, list_id: str) -> Answer:
    row = row_of(stored_rows(store, "price_lists"), list_id)
    body = call.body if isinstance(call.body, dict) else {}
    _check_name(store, {**row, **body}, row)
    row |= {name: body[name] for name in ("name", "active") if name in body} | {"date_modified": iso(store.now())}
    return Answer(200, {"data": row, "meta": {}})


@routes.on("DELETE", "/v3/pricelists/{list_id}")
def delete_list(store: Store, call: Call, list_id: str) -> Answer:
    rows = stored_rows(store, "price_lists")
    row = row_of(rows, list_id)
    rows.remove(row)
    store.price_lists.pop(row["id"], None)
    assignments = stored_rows(store, "price_list_assignments")
    assignments[:] = [assignment for assignment in assignments if assignment["price_list_id"] != row["id"]]
    return Answer(204, empty=True)


@routes.on("GET", RECORDS)
def list_records(store: Store, call: Call, list_id: str) -> Answer:
    variants, products = id_filter(call, "variant_id:in"), id_filter(call, "product_id:in")
    rows = [
        row
        for row in _records(store, list_id)
        if (variants is None or row["variant_id"] in variants)
        and (products is None or row["product_id"] in products)
        and call.query.get("currency") in (None, row["currency"])
    ]
    return v3_page(call, rows)


@routes.on("PUT", RECORDS)
def upsert_records(store: Store, call: Call, list_id: str) -> Answer:
    """One record per variant and currency. Valid rows are written even if others fail; 422 then lists the errors.

    Sends the webhook of the price list, but none of the product.
    """
    records, rows = _records(store, list_id), call.body if isinstance(call.body, list) else []
    if not rows or len(rows) > MOST_PER_CALL:
        raise Refusal(413 if rows else 422, f"Between 1 and {MOST_PER_CALL} records")
    errors: list[Record] = []
    existing = {(row["variant_id"], row["currency"]): row for row in records}
    for position, values in enumerate(rows):
        item = _variant(store, values)
        if item is None or not values.get("currency"):
            field = "variant_id" if item is None else "currency"
            errors.append({"row": position, "errors": {field: "invalid"}})
        else:
            row = _write(store, existing.get((item[1].id, values["currency"])), int(list_id), *item, values)
            if (row["variant_id"], row["currency"]) not in existing:
                records.append(row)
                existing[row["variant_id"], row["currency"]] = row
    if errors:
        raise Refusal(422, "batch", body={"data": {}, "field_errors": errors})
    return Answer(200, {"data": {}, "meta": {}})


@routes.on("DELETE", RECORDS)
def delete_records(store: Store, call: Call, list_id: str) -> Answer:
    variants, records = id_filter(call, "variant_id:in"), _records(store, list_id)
    if variants is None and "currency" not in call.query:
        raise Refusal(422, "A filter is required")
    records[:] = [
        row
        for row in records
        if (variants is not None and row["variant_id"] not in variants)
        or call.query.get("currency") not in (None, row["currency"])
    ]
    return Answer(204, empty=True)


@routes.on("GET", "/v3/pricelists/assignments")
def list_assignments(store: Store, call: Call) -> Answer:
    filters = {name: id_filter(call, f"{name}:in") for name in ("price_list_id", "customer_group_id", "channel_id")}
    rows = [
        row
        for row in stored_rows(store, "price_list_assignments")
        if all(ids is None or row[name] in ids for name, ids in filters.items())
    ]
    return v3_page(call, rows, lambda row: {name: value for name, value in row.items() if value is not None})


@routes.on("POST", "/v3/pricelists/assignments")
def create_assignments(store: Store, call: Call) -> Answer:
    """Assigns a list to a customer group, a channel, or both. Raises Refusal 422 for a duplicate."""
    rows = call.body if isinstance(call.body, list) else []
    assignments = stored_rows(store, "price_list_assignments")
    names = ("customer_group_id", "channel_id")
    for body in rows:
        row_of(stored_rows(store, "price_lists"), str(body.get("price_list_id")))
        if any(all(row[name] == body.get(name) for name in names) for row in assignments):
            raise Refusal(422, "This group and channel have a price list already", {"price_list_id": "duplicate"})
    for body in rows:
        assignments.append(
            {
                "id": store.next_id("price_list_assignment"),
                "price_list_id": int(body["price_list_id"]),
                **{name: body.get(name) for name in names},
            }
        )
    return Answer(200, {"data": {}, "meta": {}})


def _write(
    store: Store, existing: Record | None, list_id: int, product: Product, variant: Variant, values: Record
) -> Record:
    """Updates the existing record or creates a new one."""
    stamp = iso(store.now())
    row: Record = existing or {"date_created": stamp, "bulk_pricing_tiers": []}
    row |= {"price_list_id": list_id, "product_id": product.id, "variant_id": variant.id, "sku": variant.sku}
    row |= {"currency": values["currency"], "date_modified": stamp}
    row |= {name: values[name] for name in (*PRICES, "bulk_pricing_tiers") if name in values}
    row["calculated_price"] = row.get("sale_price") or row.get("price") or product.fields["price"]
    ids = {"type": "price_list", "id": list_id, "variant_id": variant.id}
    emit(store, f"store/priceList/record/{'updated' if existing else 'created'}", ids)
    return row


def _variant(store: Store, values: Any) -> tuple[Product, Variant] | None:
    if not isinstance(values, dict):
        return None
    if "variant_id" in values:
        return by_variant_id(store, values["variant_id"])
    return store.variant_by_sku(str(values.get("sku") or ""))


def _records(store: Store, list_id: str) -> list[Record]:
    """The records of a list. A list may have records without having been created."""
    if list_id.isdigit() and int(list_id) in store.price_lists:
        return store.price_lists[int(list_id)]
    return store.price_lists.setdefault(int(row_of(stored_rows(store, "price_lists"), list_id)["id"]), [])


def _check_name(store: Store, price_list: Record, current: Record | None) -> None:
    if not price_list.get("name"):
        raise Refusal(422, "A price list needs a name", {"name": "required"})
    if any(row["name"] == price_list["name"] for row in stored_rows(store, "price_lists") if row is not current):
        raise Refusal(409, "A price list of this name exists", {"name": "duplicate"})
