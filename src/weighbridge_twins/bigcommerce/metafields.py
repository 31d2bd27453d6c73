"""Metafields of orders, one by one and in batches. Source: Orders V3, metafields; platform notes, bigcommerce 3.4."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from weighbridge_twins.bigcommerce.access import client_of
from weighbridge_twins.bigcommerce.errors import TYPE, Refusal, not_found
from weighbridge_twins.bigcommerce.order_book import Order
from weighbridge_twins.bigcommerce.order_statuses import find, touch
from weighbridge_twins.bigcommerce.paging import v3_page
from weighbridge_twins.bigcommerce.records import Record
from weighbridge_twins.bigcommerce.rendering import iso, parse_date
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Shop
from weighbridge_twins.call import Answer, Call

routes = Routes()
OF_ORDER: Final = "/v3/orders/{order_id}/metafields"
BATCH: Final = "/v3/orders/metafields"
REQUIRED: Final = ("permission_set", "namespace", "key", "value")
LONGEST: Final = {"namespace": 64, "key": 64, "value": 65535, "description": 255}
PERMISSIONS: Final = ("app_only", "read", "write", "read_and_sf_access", "write_and_sf_access")
MOST_PER_ORDER: Final = 250
MOST_PER_BATCH: Final = 50


@routes.on("GET", OF_ORDER)
def list_metafields(shop: Shop, call: Call, order_id: str) -> Answer:
    return _page(shop, call, _readable(shop, call, find(shop, order_id)))


@routes.on("POST", OF_ORDER)
def create_metafield(shop: Shop, call: Call, order_id: str) -> Answer:
    """Raises Refusal 409 where this app has one of the namespace and key on the order already."""
    order = find(shop, order_id)
    return Answer(200, {"data": _made(shop, call, order, call.body), "meta": {}})


@routes.on("GET", OF_ORDER + "/{metafield_id}")
def get_metafield(shop: Shop, call: Call, order_id: str, metafield_id: str) -> Answer:
    return Answer(200, {"data": _find(shop, call, find(shop, order_id), metafield_id), "meta": {}})


@routes.on("PUT", OF_ORDER + "/{metafield_id}")
def update_metafield(shop: Shop, call: Call, order_id: str, metafield_id: str) -> Answer:
    order = find(shop, order_id)
    row = _changed(shop, call, order, _find(shop, call, order, metafield_id), call.body)
    return Answer(200, {"data": row, "meta": {}})


@routes.on("DELETE", OF_ORDER + "/{metafield_id}")
def delete_metafield(shop: Shop, call: Call, order_id: str, metafield_id: str) -> Answer:
    order = find(shop, order_id)
    _remove(shop, call, order, _find(shop, call, order, metafield_id))
    return Answer(204, empty=True)


@routes.on("GET", BATCH)
def list_all_metafields(shop: Shop, call: Call) -> Answer:
    rows = [row for order in shop.orders.values() if order.metafields for row in _readable(shop, call, order)]
    return _page(shop, call, rows)


@routes.on("POST", BATCH)
def create_many(shop: Shop, call: Call) -> Answer:
    """Rows that fail leave the others written: 422 with both."""

    def make(row: Any) -> Any:
        return _made(shop, call, find(shop, str(_object(row).get("resource_id"))), row)

    return _batch(call, make)


@routes.on("PUT", BATCH)
def update_many(shop: Shop, call: Call) -> Answer:
    def change(row: Any) -> Any:
        order, own = _somewhere(shop, call, _object(row).get("id"))
        return _changed(shop, call, order, own, row)

    return _batch(call, change)


@routes.on("DELETE", BATCH)
def delete_many(shop: Shop, call: Call) -> Answer:
    def remove(metafield_id: Any) -> Any:
        order, own = _somewhere(shop, call, metafield_id)
        _remove(shop, call, order, own)
        return metafield_id

    return _batch(call, remove)


def _batch(call: Call, write: Callable[[Any], Any]) -> Answer:
    if not isinstance(call.body, list) or not call.body:
        body = {"status": 400, "title": "Input is invalid", "type": TYPE, "detail": "A list is required"}
        raise Refusal(400, "Input is invalid", body=body)
    if len(call.body) > MOST_PER_BATCH:
        raise Refusal(413, f"At most {MOST_PER_BATCH} metafields per call")
    done: list[Any] = []
    errors: list[Record] = []
    for row in call.body:
        try:
            done.append(write(row))
        except Refusal as refusal:
            errors.append({"status": refusal.status, "title": refusal.title, "type": TYPE, "errors": refusal.errors})
    meta = {"total": len(call.body), "success": len(done), "failed": len(errors)}
    return Answer(422 if errors else 200, {"data": done, "errors": errors, "meta": meta})


def _made(shop: Shop, call: Call, order: Order, given: Any) -> Record:
    body = _object(given)
    absent = {name: f"{name} is required" for name in REQUIRED if not body.get(name)}
    if absent:
        raise Refusal(422, "Missing required fields", absent)
    _check(body)
    client = client_of(shop, call)
    own = [row for row in order.metafields if row["owner_client_id"] == client]
    _check_unique(own, body, None)
    if len(own) >= MOST_PER_ORDER:
        raise Refusal(422, f"An order has at most {MOST_PER_ORDER} metafields", {"order_id": "too many"})
    row: Record = {
        "id": shop.next_id("metafield"),
        **{name: str(body[name]) for name in REQUIRED},
        "description": str(body.get("description") or ""),
        "resource_type": "order",
        "resource_id": order.id,
        "date_created": iso(shop.now()),
        "date_modified": iso(shop.now()),
        "owner_client_id": client,
    }
    order.metafields.append(row)
    _bump(shop, order)
    return row


def _changed(shop: Shop, call: Call, order: Order, row: Record, given: Any) -> Record:
    body = _object(given)
    _check(body)
    if row["owner_client_id"] != client_of(shop, call) and "write" not in row["permission_set"]:
        raise Refusal(403, "The metafield belongs to another app")
    wanted = {**row, **{name: str(body[name]) for name in (*REQUIRED, "description") if body.get(name) is not None}}
    _check_unique([one for one in order.metafields if one["owner_client_id"] == row["owner_client_id"]], wanted, row)
    row |= {**wanted, "date_modified": iso(shop.now())}
    _bump(shop, order)
    return row


def _remove(shop: Shop, call: Call, order: Order, row: Record) -> None:
    if row["owner_client_id"] != client_of(shop, call):
        raise Refusal(403, "The metafield belongs to another app")
    order.metafields.remove(row)
    _bump(shop, order)


def _bump(shop: Shop, order: Order) -> None:
    if shop.switches["metafield_bumps_date_modified"]:
        touch(shop, order)


def _check(body: Record) -> None:
    wrong = {
        name: f"at most {longest} characters"
        for name, longest in LONGEST.items()
        if len(str(body.get(name) or "")) > longest
    }
    if "permission_set" in body and body["permission_set"] not in PERMISSIONS:
        wrong["permission_set"] = f"one of {', '.join(PERMISSIONS)}"
    if wrong:
        raise Refusal(422, "Invalid fields", wrong)


def _check_unique(rows: list[Record], wanted: Record, own: Record | None) -> None:
    for row in rows:
        if row is not own and (row["namespace"], row["key"]) == (wanted["namespace"], wanted["key"]):
            raise Refusal(409, "Metafield with the same namespace and key exists", {"key": "duplicate"})


def _readable(shop: Shop, call: Call, order: Order) -> list[Record]:
    """What this app may see: app_only hides a metafield from others."""
    client = client_of(shop, call)
    return [row for row in order.metafields if row["owner_client_id"] == client or row["permission_set"] != "app_only"]


def _find(shop: Shop, call: Call, order: Order, metafield_id: str) -> Record:
    row = next((one for one in _readable(shop, call, order) if str(one["id"]) == metafield_id), None)
    if row is None:
        raise not_found()
    return row


def _somewhere(shop: Shop, call: Call, metafield_id: Any) -> tuple[Order, Record]:
    for order in shop.orders.values():
        for row in order.metafields:
            if row["id"] == metafield_id:
                return order, _find(shop, call, order, str(metafield_id))
    raise not_found()


def _page(shop: Shop, call: Call, rows: list[Record]) -> Answer:
    query = call.query
    for name in ("key", "namespace"):
        if query.get(name):
            rows = [row for row in rows if row[name] == query[name]]
        if query.get(f"{name}:in"):
            rows = [row for row in rows if row[name] in query[f"{name}:in"].split(",")]
    for name in ("date_created", "date_modified"):
        low, high = query.get(f"{name}:min"), query.get(f"{name}:max")
        rows = [
            row
            for row in rows
            if (not low or parse_date(row[name]) >= parse_date(low))
            and (not high or parse_date(row[name]) <= parse_date(high))
        ]
    rows = sorted(rows, key=lambda row: int(row["id"]), reverse=query.get("direction") == "desc")
    fields = query.get("include_fields")
    wanted = {"id", *fields.split(",")} if fields else None
    return v3_page(call, rows, lambda row: {n: v for n, v in row.items() if wanted is None or n in wanted})


def _object(given: Any) -> Record:
    if not isinstance(given, dict):
        raise Refusal(422, "Input is invalid", {"body": "an object is required"})
    body: Record = given
    return body
