"""Where an order goes: shipping addresses, consignments, shipping quotes. Source: platform notes, bigcommerce 2.6."""

from __future__ import annotations

from weighbridge_twins.bigcommerce.errors import not_found
from weighbridge_twins.bigcommerce.events import order_event
from weighbridge_twins.bigcommerce.order_book import Order
from weighbridge_twins.bigcommerce.order_requests import invalid, unwritable
from weighbridge_twins.bigcommerce.order_shown import consignments, shown_address, spoiled
from weighbridge_twins.bigcommerce.order_statuses import UPDATED, find, touch
from weighbridge_twins.bigcommerce.paging import v2_page
from weighbridge_twins.bigcommerce.placing import ADDRESS, changed_address
from weighbridge_twins.bigcommerce.records import Record
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Shop
from weighbridge_twins.call import Answer, Call

routes = Routes()
PATH, PATH_OF_LINKS = "/v2/orders/{order_id}/shipping_addresses", "/v2/orders/{order_id}/shippingaddresses"


@routes.on("GET", PATH)
@routes.on("GET", PATH_OF_LINKS)
def list_addresses(shop: Shop, call: Call, order_id: str) -> Answer:
    """The addresses; an order without goods to ship has none. The links of orders spell the path otherwise."""
    order = find(shop, order_id)
    return v2_page(call, order.addresses, lambda row: shown_address(shop, order, row))


@routes.on("GET", PATH + "/{address_id}")
def get_address(shop: Shop, call: Call, order_id: str, address_id: str) -> Answer:
    order = find(shop, order_id)
    return Answer(200, shown_address(shop, order, _address(order, address_id)))


@routes.on("PUT", PATH + "/{address_id}")
def update_address(shop: Shop, call: Call, order_id: str, address_id: str) -> Answer:
    """Recalculates neither shipping nor tax; a field it does not know is refused. Source: O2, PUT address."""
    order = find(shop, order_id)
    row = _address(order, address_id)
    if not isinstance(call.body, dict):
        raise invalid("body", "it must be an object")
    for name in call.body:
        if name not in (*ADDRESS, "shipping_method", "form_fields"):
            raise unwritable(name)
    changed_address(row, call.body)
    touch(shop, order)
    order_event(shop, UPDATED, order)
    return Answer(200, shown_address(shop, order, row))


@routes.on("GET", PATH + "/{address_id}/shipping_quotes")
@routes.on("GET", PATH_OF_LINKS + "/{address_id}/shippingquotes")
@routes.on("GET", "/v2/orders/{order_id}/consignments/shipping/{address_id}/shipping_quotes")
def shipping_quotes(shop: Shop, call: Call, order_id: str, address_id: str) -> Answer:
    """Orders whose shipping no carrier quoted have none: 204."""
    _address(find(shop, order_id), address_id)
    return Answer(204, empty=True)


@routes.on("GET", "/v2/orders/{order_id}/consignments")
def get_consignments(shop: Shop, call: Call, order_id: str) -> Answer:
    """All consignments; at most 50 lines are embedded where they are asked for."""
    order = find(shop, order_id)
    full = "consignments.line_items" in call.query.get("include", "").split(",")
    return Answer(200, spoiled(order, "consignments_", consignments(shop, order, full_lines=full)))


def _address(order: Order, address_id: str) -> Record:
    row = order.address(address_id)
    if row is None:
        raise not_found()
    return row
