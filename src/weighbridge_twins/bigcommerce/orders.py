"""Orders v2: list, count, read and archive. Source: Orders V2; platform notes, bigcommerce 2.1."""

from __future__ import annotations

from collections import Counter
from itertools import islice

from weighbridge_twins.bigcommerce.events import order_event
from weighbridge_twins.bigcommerce.order_filters import selected
from weighbridge_twins.bigcommerce.order_index import Order
from weighbridge_twins.bigcommerce.order_rendering import render_order
from weighbridge_twins.bigcommerce.order_statuses import STATUSES, find, status, touch
from weighbridge_twins.bigcommerce.paging import v2_bounds
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Store
from weighbridge_twins.http.call import Answer, Call

routes = Routes()


@routes.on("GET", "/v2/orders")
def list_orders(store: Store, call: Call) -> Answer:
    """A page of orders, sorted by id by default; 204 without a body if it is empty.

    `page_drift` skips rows before each later page, as if orders had vanished between two requests.
    """
    page, limit = v2_bounds(call, clamped=store.switches["over_limit"] == "clamped")
    start = (page - 1) * (limit + int(store.switches["page_drift"]))
    page_orders = list(islice(selected(store, call), start, start + limit))
    if not page_orders:
        return Answer(204, empty=True)
    return Answer(200, [render_order(store, order, call) for order in page_orders])


@routes.on("GET", "/v2/orders/count")
def count_orders(store: Store, call: Call) -> Answer:
    """Counts the matching orders by status, including statuses without orders."""
    counts = Counter(order.status_id for order in selected(store, call))
    rows = [{**status(store, status_id), "count": counts[status_id], "sort_order": status_id} for status_id in STATUSES]
    return Answer(200, {"statuses": rows, "count": counts.total()})


@routes.on("GET", "/v2/orders/{order_id}")
def get_order(store: Store, call: Call, order_id: str) -> Answer:
    """The order, archived or not."""
    return Answer(200, render_order(store, find(store, order_id), call))


@routes.on("DELETE", "/v2/orders/{order_id}")
def archive_order(store: Store, call: Call, order_id: str) -> Answer:
    archive(store, find(store, order_id))
    return Answer(204, empty=True)


@routes.on("DELETE", "/v2/orders")
def archive_all(store: Store, call: Call) -> Answer:
    """Archives every order: the risk of a request with an empty id. Source: Orders V2, DELETE /orders."""
    for order in list(store.orders.values()):
        archive(store, order)
    return Answer(204, empty=True)


def archive(store: Store, order: Order) -> None:
    """Archives an order; it can still be read by its id."""
    if order.fields["is_deleted"]:
        return
    order.fields["is_deleted"] = True
    touch(store, order)
    order_event(store, "store/order/archived", order)
