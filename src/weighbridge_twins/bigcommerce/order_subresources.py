"""An order's lines, coupons, taxes, fees and messages. Source: platform notes, bigcommerce 2.5 and 2.6."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from weighbridge_twins.bigcommerce.errors import not_found
from weighbridge_twins.bigcommerce.events import order_event
from weighbridge_twins.bigcommerce.order_index import Order
from weighbridge_twins.bigcommerce.order_rendering import (
    apply_corruption,
    render_fees,
    render_order_product,
    render_tax,
)
from weighbridge_twins.bigcommerce.order_statuses import find
from weighbridge_twins.bigcommerce.paging import v2_page
from weighbridge_twins.bigcommerce.records import Record
from weighbridge_twins.bigcommerce.rendering import parse_date, rendered
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Store
from weighbridge_twins.http.call import Answer, Call

routes = Routes()
MESSAGE_BOUNDS: Final = ("min_id", "max_id", "min_date_created", "max_date_created")


@routes.on("GET", "/v2/orders/{order_id}/products")
def list_products(store: Store, call: Call, order_id: str) -> Answer:
    """Lists order products, 50 per page by default."""
    order = find(store, order_id)
    return v2_page(call, order.products, lambda row: render_order_product(store, order, row))


@routes.on("GET", "/v2/orders/{order_id}/products/{line_id}")
def get_product(store: Store, call: Call, order_id: str, line_id: str) -> Answer:
    order = find(store, order_id)
    row = order.line(line_id)
    if row is None:
        raise not_found()
    return Answer(200, render_order_product(store, order, row))


@routes.on("GET", "/v2/orders/{order_id}/coupons")
def list_coupons(store: Store, call: Call, order_id: str) -> Answer:
    """Lists coupons. Their amounts are numbers; those of the order are strings."""
    order = find(store, order_id)
    return v2_page(call, order.coupons, lambda row: apply_corruption(order, "coupon_", row))


@routes.on("GET", "/v2/orders/{order_id}/taxes")
def list_taxes(store: Store, call: Call, order_id: str) -> Answer:
    """Lists tax rows of lines and charges; fees have none."""
    order = find(store, order_id)
    details = call.query.get("details") == "true"
    return v2_page(call, order.taxes, lambda row: render_tax(store, order, row, details=details))


@routes.on("GET", "/v2/orders/{order_id}/fees")
def list_fees(store: Store, call: Call, order_id: str) -> Answer:
    """Lists fees. The documented sample wraps the rows, unlike every other v2 list; a switch unwraps them."""
    rows = render_fees(store, find(store, order_id))
    return Answer(200, {"fees": rows}) if store.switches["fees_form"] == "wrapped" else v2_page(call, rows)


@routes.on("GET", "/v2/orders/{order_id}/messages")
def list_messages(store: Store, call: Call, order_id: str) -> Answer:
    """Lists the messages between customer and staff about the order."""
    order, query = find(store, order_id), call.query
    bounds: dict[str, Any] = {
        name: parse_date(query[name]) if "date" in name else int(query[name])
        for name in MESSAGE_BOUNDS
        if query.get(name)
    }
    tests: list[Callable[[Record], bool]] = [_bound(name, value) for name, value in bounds.items()]
    if query.get("customer_id"):
        tests.append(lambda row: str(row["customer_id"]) == query["customer_id"])
    if query.get("status"):
        tests.append(lambda row: bool(row["status"] == query["status"]))
    if query.get("is_flagged"):
        tests.append(lambda row: row["is_flagged"] == (query["is_flagged"] in ("true", "1")))
    rows = [row for row in order.messages if all(test(row) for test in tests)]
    return v2_page(call, rows, rendered)


def add_message(store: Store, order: Order, *, text: str, subject: str = "", by_staff: bool = False) -> Record:
    """Adds a message by customer or staff about the order."""
    customer = store.customers.get(order.fields["customer_id"], {})
    row: Record = {
        "id": store.next_id("message"),
        "order_id": order.id,
        "staff_id": 1 if by_staff else 0,
        "customer_id": order.fields["customer_id"],
        "type": "merchant" if by_staff else "customer",
        "subject": subject,
        "message": text,
        "status": "read" if by_staff else "unread",
        "is_flagged": False,
        "date_created": store.now().replace(microsecond=0),
        "customer": {name: customer[name] for name in ("id", "email") if name in customer},
    }
    order.messages.append(row)
    order_event(store, "store/order/message/created", order, message={"order_message_id": row["id"]})
    return row


def _bound(name: str, value: Any) -> Callable[[Record], bool]:
    field = name[4:]
    if name.startswith("min"):
        return lambda row: bool(row[field] >= value)
    return lambda row: bool(row[field] <= value)
