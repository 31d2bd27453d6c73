"""Metafields of orders, individually and in batches. Source: Orders V3, metafields; platform notes, bigcommerce 3.4."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from weighbridge_twins.bigcommerce.access import client_of
from weighbridge_twins.bigcommerce.errors import TYPE, Refusal, not_found
from weighbridge_twins.bigcommerce.order_index import Order
from weighbridge_twins.bigcommerce.order_statuses import find, touch
from weighbridge_twins.bigcommerce.paging import v3_page
from weighbridge_twins.bigcommerce.records import Record
from weighbridge_twins.bigcommerce.rendering import iso, parse_date
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Store
from weighbridge_twins.http.call import Answer, Call

routes = Routes()
OF_ORDER: Final = "/v3/orders/{order_id}/metafields"
BATCH: Final = "/v3/orders/metafields"
REQUIRED: Final = ("permission_set", "namespace", "key", "value")
LONGEST: Final = {"namespace": 64, "key": 64, "value": 65535, "description": 255}
PERMISSIONS: Final = ("app_only", "read", "write", "read_and_sf_access", "write_and_sf_access")
MOST_PER_ORDER: Final = 250
MOST_PER_BATCH: Final = 50


@routes.on("GET", OF_ORDER)
def list_metafields(store: Store, call: Call, order_id: str) -> Answer:
    return _page(store, call, _readable(store, call, find(store, order_id)))


@routes.on("POST", OF_ORDER)
def create_metafield(store: Store, call: Call, order_id: str) -> Answer:
    """Creates a metafield. Raises Refusal 409 if this app already has the namespace and key on the order."""
    order = find(store, order_id)
    return Answer(200, {"data": _create(store, call, order, call.body), "meta": {}})


@routes.on("GET", OF_ORDER + "/{metafield_id}")
def get_metafield(store: Store, call: Call, order_id: str, metafield_id: str) -> Answer:
    return Answer(200, {"data": _find(store, call, find(store, order_id), metafield_id), "meta": {}})


@routes.on("PUT", OF_ORDER + "/{metafield_id}")
def update_metafield(store: Store, call: Call, order_id: str, metafield_id: str) -> Answer:
    order = find(store, order_id)
    row = _update(store, call, order, _find(store, call, order, metafield_id), call.body)
    return Answer(200, {"data": row, "meta": {}})


@routes.on("DELETE", OF_ORDER + "/{metafield_id}")
def delete_metafield(store: Store, call: Call, order_id: str, metafield_id: str) -> Answer:
    order = find(store, order_id)
    _remove(store, call, order, _find(store, call, order, metafield_id))
    return Answer(204, empty=True)


@routes.on("GET", BATCH)
def list_all_metafields(store: Store, call: Call) -> Answer:
    rows = [row for order in store.orders.values() if order.metafields for row in _readable(store, call, order)]
    return _page(store, call, rows)


@routes.on("POST", BATCH)
def create_many(store: Store, call: Call) -> Answer:
    """Creates metafields. Answers 422 if some rows fail; the other rows are written."""

    def make(row: Any) -> Any:
        return _create(store, call, find(store, str(_object(row).get("resource_id"))), row)

    return _batch(call, make)


@routes.on("PUT", BATCH)
def update_many(store: Store, call: Call) -> Answer:
    def change(row: Any) -> Any:
        order, metafield = _find_across_orders(store, call, _object(row).get("id"))
        return _update(store, call, order, metafield, row)

    return _batch(call, change)


@routes.on("DELETE", BATCH)
def delete_many(store: Store, call: Call) -> Answer:
    def remove(metafield_id: Any) -> Any:
        order, metafield = _find_across_orders(store, call, metafield_id)
        _remove(store, call, order, metafield)
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


def _create(store: Store, call: Call, order: Order, values: Any) -> Record:
    body = _object(values)
    absent = {name: f"{name} is required" for name in REQUIRED if not body.get(name)}
    if absent:
        raise Refusal(422, "Missing required fields", absent)
    _check(body)
    client = client_of(store, call)
    own_rows = [row for row in order.metafields if row["owner_client_id"] == client]
    _check_unique(own_rows, body, None)
    if len(own_rows) >= MOST_PER_ORDER:
        raise Refusal(422, f"An order has at most {MOST_PER_ORDER} metafields", {"order_id": "too many"})
    row: Record = {
        "id": store.next_id("metafield"),
        **{name: str(body[name]) for name in REQUIRED},
        "description": str(body.get("description") or ""),
        "resource_type": "order",
        "resource_id": order.id,
        "date_created": iso(store.now()),
        "date_modified": iso(store.now()),
        "owner_client_id": client,
    }
    order.metafields.append(row)
    _bump(store, order)
    return row


def _update(store: Store, call: Call, order: Order, row: Record, values: Any) -> Record:
    body = _object(values)
    _check(body)
    if row["owner_client_id"] != client_of(store, call) and "write" not in row["permission_set"]:
        raise Refusal(403, "The metafield belongs to another app")
    updated = {**row, **{name: str(body[name]) for name in (*REQUIRED, "description") if body.get(name) is not None}}
    owner_rows = [other for other in order.metafields if other["owner_client_id"] == row["owner_client_id"]]
    _check_unique(owner_rows, updated, row)
    row |= {**updated, "date_modified": iso(store.now())}
    _bump(store, order)
    return row


def _remove(store: Store, call: Call, order: Order, row: Record) -> None:
    if row["owner_client_id"] != client_of(store, call):
        raise Refusal(403, "The metafield belongs to another app")
    order.metafields.remove(row)
    _bump(store, order)


def _bump(store: Store, order: Order) -> None:
    if store.switches["metafield_bumps_date_modified"]:
        touch(store, order)


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


def _check_unique(rows: list[Record], metafield: Record, current: Record | None) -> None:
    for row in rows:
        if row is not current and (row["namespace"], row["key"]) == (metafield["namespace"], metafield["key"]):
            raise Refusal(409, "Metafield with the same namespace and key exists", {"key": "duplicate"})


def _readable(store: Store, call: Call, order: Order) -> list[Record]:
    """The metafields that this app may read: app_only hides a metafield from other apps."""
    client = client_of(store, call)
    return [row for row in order.metafields if row["owner_client_id"] == client or row["permission_set"] != "app_only"]


def _find(store: Store, call: Call, order: Order, metafield_id: str) -> Record:
    row = next((candidate for candidate in _readable(store, call, order) if str(candidate["id"]) == metafield_id), None)
    if row is None:
        raise not_found()
    return row


def _find_across_orders(store: Store, call: Call, metafield_id: Any) -> tuple[Order, Record]:
    for order in store.orders.values():
        for row in order.metafields:
            if row["id"] == metafield_id:
                return order, _find(store, call, order, str(metafield_id))
    raise not_found()


def _page(store: Store, call: Call, rows: list[Record]) -> Answer:
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
    fields_kept = {"id", *fields.split(",")} if fields else None
    return v3_page(call, rows, lambda row: {n: v for n, v in row.items() if fields_kept is None or n in fields_kept})


def _object(value: Any) -> Record:
    if not isinstance(value, dict):
        raise Refusal(422, "Input is invalid", {"body": "an object is required"})
    body: Record = value
    return body
