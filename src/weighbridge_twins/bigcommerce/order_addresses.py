"""Shipping addresses, consignments and shipping quotes of orders. Source: platform notes, bigcommerce 2.6."""

from __future__ import annotations

from weighbridge_twins.bigcommerce.errors import not_found
from weighbridge_twins.bigcommerce.events import order_event
from weighbridge_twins.bigcommerce.order_index import Order
from weighbridge_twins.bigcommerce.order_rendering import apply_corruption, consignments, render_address
from weighbridge_twins.bigcommerce.order_requests import invalid, unwritable
from weighbridge_twins.bigcommerce.order_statuses import UPDATED, find, touch
from weighbridge_twins.bigcommerce.paging import v2_page
from weighbridge_twins.bigcommerce.placing import ADDRESS, changed_address
from weighbridge_twins.bigcommerce.records import Record
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Store
from weighbridge_twins.http.call import Answer, Call

routes = Routes()
PATH, PATH_OF_LINKS = "/v2/orders/{order_id}/shipping_addresses", "/v2/orders/{order_id}/shippingaddresses"


@routes.on("GET", PATH)
@routes.on("GET", PATH_OF_LINKS)
def list_addresses(store: Store, call: Call, order_id: str) -> Answer:
    """Lists addresses; an order without physical products has none. Links in orders spell the path differently."""
    order = find(store, order_id)
    return v2_page(call, order.addresses, lambda row: render_address(store, order, row))


@routes.on("GET", PATH + "/{address_id}")
def get_address(store: Store, call: Call, order_id: str, address_id: str) -> Answer:
    order = find(store, order_id)
    return Answer(200, render_address(store, order, _address(order, address_id)))


@routes.on("PUT", PATH + "/{address_id}")
def update_address(store: Store, call: Call, order_id: str, address_id: str) -> Answer:
    """Updates an address; neither shipping nor tax is recalculated. Refuses unknown fields. Source: O2, PUT address."""
    order = find(store, order_id)
    row = _address(order, address_id)
    if not isinstance(call.body, dict):
        raise invalid("body", "it must be an object")
    for name in call.body:
        if name not in (*ADDRESS, "shipping_method", "form_fields"):
            raise unwritable(name)
    changed_address(row, call.body)
    touch(store, order)
    order_event(store, UPDATED, order)
    return Answer(200, render_address(store, order, row))


@routes.on("GET", PATH + "/{address_id}/shipping_quotes")
@routes.on("GET", PATH_OF_LINKS + "/{address_id}/shippingquotes")
@routes.on("GET", "/v2/orders/{order_id}/consignments/shipping/{address_id}/shipping_quotes")
def shipping_quotes(store: Store, call: Call, order_id: str, address_id: str) -> Answer:
    """Answers 204: no order of the twin was quoted by a carrier."""
    _address(find(store, order_id), address_id)
    return Answer(204, empty=True)


@routes.on("GET", "/v2/orders/{order_id}/consignments")
def get_consignments(store: Store, call: Call, order_id: str) -> Answer:
    """All consignments. `include` embeds at most 50 lines."""
    order = find(store, order_id)
    full = "consignments.line_items" in call.query.get("include", "").split(",")
    return Answer(200, apply_corruption(order, "consignments_", consignments(store, order, full_lines=full)))


def _address(order: Order, address_id: str) -> Record:
    row = order.address(address_id)
    if row is None:
        raise not_found()
    return row
