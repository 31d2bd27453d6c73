"""Orders v2: listed, counted, read and archived. Source: Orders V2; platform notes, bigcommerce 2.1."""

from __future__ import annotations

from collections import Counter
from itertools import islice

from weighbridge_twins.bigcommerce.events import order_event
from weighbridge_twins.bigcommerce.order_book import Order
from weighbridge_twins.bigcommerce.order_filters import selected
from weighbridge_twins.bigcommerce.order_shown import shown
from weighbridge_twins.bigcommerce.order_statuses import STATUSES, find, status, touch
from weighbridge_twins.bigcommerce.paging import v2_bounds
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Shop
from weighbridge_twins.call import Answer, Call

routes = Routes()


@routes.on("GET", "/v2/orders")
def list_orders(shop: Shop, call: Call) -> Answer:
    """A page of orders, by default by id ascending; 204 without a body when there is none.

    With `page_drift`, rows before a later page vanish while it is read.
    """
    page, limit = v2_bounds(call, clamped=shop.switches["over_limit"] == "clamped")
    start = (page - 1) * (limit + int(shop.switches["page_drift"]))
    chosen = list(islice(selected(shop, call), start, start + limit))
    if not chosen:
        return Answer(204, empty=True)
    return Answer(200, [shown(shop, order, call) for order in chosen])


@routes.on("GET", "/v2/orders/count")
def count_orders(shop: Shop, call: Call) -> Answer:
    """How many orders the filters leave, by status; every status is named."""
    counts = Counter(order.status_id for order in selected(shop, call))
    rows = [{**status(shop, status_id), "count": counts[status_id], "sort_order": status_id} for status_id in STATUSES]
    return Answer(200, {"statuses": rows, "count": counts.total()})


@routes.on("GET", "/v2/orders/{order_id}")
def get_order(shop: Shop, call: Call, order_id: str) -> Answer:
    """An order, archived or not."""
    return Answer(200, shown(shop, find(shop, order_id), call))


@routes.on("DELETE", "/v2/orders/{order_id}")
def archive_order(shop: Shop, call: Call, order_id: str) -> Answer:
    archive(shop, find(shop, order_id))
    return Answer(204, empty=True)


@routes.on("DELETE", "/v2/orders")
def archive_all(shop: Shop, call: Call) -> Answer:
    """Archives every order of the store: the trap of an empty id. Source: Orders V2, DELETE /orders."""
    for order in list(shop.orders.values()):
        archive(shop, order)
    return Answer(204, empty=True)


def archive(shop: Shop, order: Order) -> None:
    """Puts an order away; it can still be read by its id."""
    if order.fields["is_deleted"]:
        return
    order.fields["is_deleted"] = True
    touch(shop, order)
    order_event(shop, "store/order/archived", order)
