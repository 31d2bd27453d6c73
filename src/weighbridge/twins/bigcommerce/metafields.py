"""Metafields of orders. Source: platform notes, bigcommerce 3.4."""

from __future__ import annotations

from weighbridge.twins.bigcommerce.errors import Refusal, not_found
from weighbridge.twins.bigcommerce.orders import find
from weighbridge.twins.bigcommerce.paging import v3_page
from weighbridge.twins.bigcommerce.rendering import iso
from weighbridge.twins.bigcommerce.routing import Routes
from weighbridge.twins.bigcommerce.state import Order, Record, Shop
from weighbridge.twins.call import Answer, Call

routes = Routes()
REQUIRED = ("permission_set", "namespace", "key", "value")


@routes.on("GET", "/v3/orders/{order_id}/metafields")
def list_metafields(shop: Shop, call: Call, order_id: str) -> Answer:
    rows = [
        row
        for row in find(shop, order_id).metafields
        if call.query.get("key") in (None, row["key"]) and call.query.get("namespace") in (None, row["namespace"])
    ]
    return v3_page(call, rows)


@routes.on("POST", "/v3/orders/{order_id}/metafields")
def create_metafield(shop: Shop, call: Call, order_id: str) -> Answer:
    order = find(shop, order_id)
    row = _made(shop, order, call.body if isinstance(call.body, dict) else {})
    return Answer(200, {"data": row, "meta": {}})


@routes.on("GET", "/v3/orders/{order_id}/metafields/{metafield_id}")
def get_metafield(shop: Shop, call: Call, order_id: str, metafield_id: str) -> Answer:
    return Answer(200, {"data": _find(find(shop, order_id), metafield_id), "meta": {}})


@routes.on("PUT", "/v3/orders/{order_id}/metafields/{metafield_id}")
def update_metafield(shop: Shop, call: Call, order_id: str, metafield_id: str) -> Answer:
    row = _find(find(shop, order_id), metafield_id)
    row |= {name: value for name, value in (call.body or {}).items() if name in (*REQUIRED, "description")}
    row["date_modified"] = iso(shop.now())
    return Answer(200, {"data": row, "meta": {}})


@routes.on("DELETE", "/v3/orders/{order_id}/metafields/{metafield_id}")
def delete_metafield(shop: Shop, call: Call, order_id: str, metafield_id: str) -> Answer:
    order = find(shop, order_id)
    order.metafields.remove(_find(order, metafield_id))
    return Answer(204, empty=True)


@routes.on("GET", "/v3/orders/metafields")
def list_all_metafields(shop: Shop, call: Call) -> Answer:
    return v3_page(call, [row for order in shop.orders.values() for row in order.metafields])


@routes.on("POST", "/v3/orders/metafields")
def create_many(shop: Shop, call: Call) -> Answer:
    """Rows that fail leave the others written: 422 with both."""
    made, errors = [], []
    for row in call.body or []:
        try:
            made.append(_made(shop, find(shop, str(row.get("resource_id"))), row))
        except Refusal as refusal:
            errors.append({"status": refusal.status, "title": refusal.title, "errors": refusal.errors})
    meta = {"total": len(made) + len(errors), "success": len(made), "failed": len(errors)}
    return Answer(422 if errors else 200, {"data": made, "errors": errors, "meta": meta})


def _made(shop: Shop, order: Order, body: Record) -> Record:
    missing = {name: f"{name} is required" for name in REQUIRED if not body.get(name)}
    if missing:
        raise Refusal(422, "Missing required fields", missing)
    if any(row["namespace"] == body["namespace"] and row["key"] == body["key"] for row in order.metafields):
        raise Refusal(409, "Metafield with the same namespace and key exists")
    row = {
        "id": shop.next_id("metafield"),
        **{name: body[name] for name in REQUIRED},
        "description": body.get("description") or "",
        "resource_type": "order",
        "resource_id": order.id,
        "date_created": iso(shop.now()),
        "date_modified": iso(shop.now()),
        "owner_client_id": "twin-client",
    }
    order.metafields.append(row)
    return row


def _find(order: Order, metafield_id: str) -> Record:
    row = next((one for one in order.metafields if str(one["id"]) == metafield_id), None)
    if row is None:
        raise not_found()
    return row
