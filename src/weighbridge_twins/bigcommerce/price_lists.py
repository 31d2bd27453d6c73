"""Price lists: prices by variant and currency, and who gets them. Source: platform notes, bigcommerce 6.2."""

from __future__ import annotations

from typing import Any, Final

from weighbridge_twins.bigcommerce.catalog_state import by_variant_id, kept, row_of
from weighbridge_twins.bigcommerce.errors import Refusal
from weighbridge_twins.bigcommerce.events import emit
from weighbridge_twins.bigcommerce.paging import v3_page, wanted_ids
from weighbridge_twins.bigcommerce.rendering import iso
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Product, Record, Shop, Variant
from weighbridge_twins.call import Answer, Call

routes = Routes()
MOST_PER_CALL: Final = 1000
PRICES: Final = ("price", "sale_price", "retail_price", "map_price")
RECORDS: Final = "/v3/pricelists/{list_id}/records"


@routes.on("GET", "/v3/pricelists")
def list_lists(shop: Shop, call: Call) -> Answer:
    ids = wanted_ids(call, "id:in")
    rows = [
        row
        for row in kept(shop, "price_lists")
        if (ids is None or row["id"] in ids) and call.query.get("name") in (None, row["name"])
    ]
    return v3_page(call, rows)


@routes.on("POST", "/v3/pricelists")
def create_list(shop: Shop, call: Call) -> Answer:
    body = call.body if isinstance(call.body, dict) else {}
    _check_name(shop, body, None)
    stamp = iso(shop.now())
    row: Record = {
        "id": shop.next_id("price_list"),
        "name": body["name"],
        "active": bool(body.get("active", True)),
        "date_created": stamp,
        "date_modified": stamp,
    }
    kept(shop, "price_lists").append(row)
    return Answer(200, {"data": row, "meta": {}})


@routes.on("GET", "/v3/pricelists/{list_id}")
def get_list(shop: Shop, call: Call, list_id: str) -> Answer:
    return Answer(200, {"data": row_of(kept(shop, "price_lists"), list_id), "meta": {}})


@routes.on("PUT", "/v3/pricelists/{list_id}")
def update_list(shop: Shop, call: Call, list_id: str) -> Answer:
    row = row_of(kept(shop, "price_lists"), list_id)
    body = call.body if isinstance(call.body, dict) else {}
    _check_name(shop, {**row, **body}, row)
    row |= {name: body[name] for name in ("name", "active") if name in body} | {"date_modified": iso(shop.now())}
    return Answer(200, {"data": row, "meta": {}})


@routes.on("DELETE", "/v3/pricelists/{list_id}")
def delete_list(shop: Shop, call: Call, list_id: str) -> Answer:
    rows = kept(shop, "price_lists")
    row = row_of(rows, list_id)
    rows.remove(row)
    shop.price_lists.pop(row["id"], None)
    assignments = kept(shop, "price_list_assignments")
    assignments[:] = [one for one in assignments if one["price_list_id"] != row["id"]]
    return Answer(204, empty=True)


@routes.on("GET", RECORDS)
def list_records(shop: Shop, call: Call, list_id: str) -> Answer:
    variants, products = wanted_ids(call, "variant_id:in"), wanted_ids(call, "product_id:in")
    rows = [
        row
        for row in _records(shop, list_id)
        if (variants is None or row["variant_id"] in variants)
        and (products is None or row["product_id"] in products)
        and call.query.get("currency") in (None, row["currency"])
    ]
    return v3_page(call, rows)


@routes.on("PUT", RECORDS)
def upsert_records(shop: Shop, call: Call, list_id: str) -> Answer:
    """One record per variant and currency; the good rows are written even where others fail, then 422 names those.

    No product hook fires, only that of the price list.
    """
    records, rows = _records(shop, list_id), call.body if isinstance(call.body, list) else []
    if not rows or len(rows) > MOST_PER_CALL:
        raise Refusal(413 if rows else 422, f"Between 1 and {MOST_PER_CALL} records")
    errors: list[Record] = []
    known = {(row["variant_id"], row["currency"]): row for row in records}
    for place, given in enumerate(rows):
        found = _variant(shop, given)
        if found is None or not given.get("currency"):
            wrong = "variant_id" if found is None else "currency"
            errors.append({"row": place, "errors": {wrong: "invalid"}})
        else:
            row = _write(shop, known.get((found[1].id, given["currency"])), int(list_id), *found, given)
            if (row["variant_id"], row["currency"]) not in known:
                records.append(row)
                known[row["variant_id"], row["currency"]] = row
    if errors:
        raise Refusal(422, "batch", body={"data": {}, "field_errors": errors})
    return Answer(200, {"data": {}, "meta": {}})


@routes.on("DELETE", RECORDS)
def delete_records(shop: Shop, call: Call, list_id: str) -> Answer:
    variants, records = wanted_ids(call, "variant_id:in"), _records(shop, list_id)
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
def list_assignments(shop: Shop, call: Call) -> Answer:
    wanted = {name: wanted_ids(call, f"{name}:in") for name in ("price_list_id", "customer_group_id", "channel_id")}
    rows = [
        row
        for row in kept(shop, "price_list_assignments")
        if all(ids is None or row[name] in ids for name, ids in wanted.items())
    ]
    return v3_page(call, rows, lambda row: {name: value for name, value in row.items() if value is not None})


@routes.on("POST", "/v3/pricelists/assignments")
def create_assignments(shop: Shop, call: Call) -> Answer:
    """Who gets which list: a customer group, a channel, or a group on a channel. Raises Refusal 422 for doubles."""
    rows = call.body if isinstance(call.body, list) else []
    own = kept(shop, "price_list_assignments")
    names = ("customer_group_id", "channel_id")
    for given in rows:
        row_of(kept(shop, "price_lists"), str(given.get("price_list_id")))
        if any(all(row[name] == given.get(name) for name in names) for row in own):
            raise Refusal(422, "This group and channel have a price list already", {"price_list_id": "duplicate"})
    for given in rows:
        own.append(
            {
                "id": shop.next_id("price_list_assignment"),
                "price_list_id": int(given["price_list_id"]),
                **{name: given.get(name) for name in names},
            }
        )
    return Answer(200, {"data": {}, "meta": {}})


def _write(shop: Shop, old: Record | None, list_id: int, product: Product, variant: Variant, given: Record) -> Record:
    """The record as it is from now on: the old one changed, or a new one."""
    stamp = iso(shop.now())
    row: Record = old or {"date_created": stamp, "bulk_pricing_tiers": []}
    row |= {"price_list_id": list_id, "product_id": product.id, "variant_id": variant.id, "sku": variant.sku}
    row |= {"currency": given["currency"], "date_modified": stamp}
    row |= {name: given[name] for name in (*PRICES, "bulk_pricing_tiers") if name in given}
    row["calculated_price"] = row.get("sale_price") or row.get("price") or product.fields["price"]
    ids = {"type": "price_list", "id": list_id, "variant_id": variant.id}
    emit(shop, f"store/priceList/record/{'updated' if old else 'created'}", ids)
    return row


def _variant(shop: Shop, given: Any) -> tuple[Product, Variant] | None:
    if not isinstance(given, dict):
        return None
    if "variant_id" in given:
        return by_variant_id(shop, given["variant_id"])
    return shop.variant_by_sku(str(given.get("sku") or ""))


def _records(shop: Shop, list_id: str) -> list[Record]:
    """The list's records; a list that only ever had records need not have been created."""
    if list_id.isdigit() and int(list_id) in shop.price_lists:
        return shop.price_lists[int(list_id)]
    return shop.price_lists.setdefault(int(row_of(kept(shop, "price_lists"), list_id)["id"]), [])


def _check_name(shop: Shop, wanted: Record, own: Record | None) -> None:
    if not wanted.get("name"):
        raise Refusal(422, "A price list needs a name", {"name": "required"})
    if any(row["name"] == wanted["name"] for row in kept(shop, "price_lists") if row is not own):
        raise Refusal(409, "A price list of this name exists", {"name": "duplicate"})
