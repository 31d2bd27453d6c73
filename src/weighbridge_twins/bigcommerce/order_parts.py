"""An order's lines, coupons, taxes, fees and messages. Source: platform notes, bigcommerce 2.5 and 2.6."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from weighbridge_twins.bigcommerce.errors import not_found
from weighbridge_twins.bigcommerce.events import order_event
from weighbridge_twins.bigcommerce.order_book import Order
from weighbridge_twins.bigcommerce.order_shown import shown_fees, shown_product, shown_tax, spoiled
from weighbridge_twins.bigcommerce.order_statuses import find
from weighbridge_twins.bigcommerce.paging import v2_page
from weighbridge_twins.bigcommerce.records import Record
from weighbridge_twins.bigcommerce.rendering import parse_date, rendered
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Shop
from weighbridge_twins.call import Answer, Call

routes = Routes()
MESSAGE_BOUNDS: Final = ("min_id", "max_id", "min_date_created", "max_date_created")


@routes.on("GET", "/v2/orders/{order_id}/products")
def list_products(shop: Shop, call: Call, order_id: str) -> Answer:
    """Lines; a page holds 50 unless asked for more."""
    order = find(shop, order_id)
    return v2_page(call, order.products, lambda row: shown_product(shop, order, row))


@routes.on("GET", "/v2/orders/{order_id}/products/{line_id}")
def get_product(shop: Shop, call: Call, order_id: str, line_id: str) -> Answer:
    order = find(shop, order_id)
    row = order.line(line_id)
    if row is None:
        raise not_found()
    return Answer(200, shown_product(shop, order, row))


@routes.on("GET", "/v2/orders/{order_id}/coupons")
def list_coupons(shop: Shop, call: Call, order_id: str) -> Answer:
    """Coupons; their amounts are numbers, while the order's are texts."""
    order = find(shop, order_id)
    return v2_page(call, order.coupons, lambda row: spoiled(order, "coupon_", row))


@routes.on("GET", "/v2/orders/{order_id}/taxes")
def list_taxes(shop: Shop, call: Call, order_id: str) -> Answer:
    """Tax rows of lines and charges, none of them of a fee."""
    order = find(shop, order_id)
    details = call.query.get("details") == "true"
    return v2_page(call, order.taxes, lambda row: shown_tax(shop, order, row, details=details))


@routes.on("GET", "/v2/orders/{order_id}/fees")
def list_fees(shop: Shop, call: Call, order_id: str) -> Answer:
    """The sample in the documents wraps the rows, which no other v2 list does."""
    rows = shown_fees(shop, find(shop, order_id))
    return Answer(200, {"fees": rows}) if shop.switches["fees_form"] == "wrapped" else v2_page(call, rows)


@routes.on("GET", "/v2/orders/{order_id}/messages")
def list_messages(shop: Shop, call: Call, order_id: str) -> Answer:
    """What customer and staff wrote to each other about the order."""
    order, query = find(shop, order_id), call.query
    bounds: dict[str, Any] = {
        name: parse_date(query[name]) if "date" in name else int(query[name])
        for name in MESSAGE_BOUNDS
        if query.get(name)
    }
    fits: list[Callable[[Record], bool]] = [_bound(name, value) for name, value in bounds.items()]
    if query.get("customer_id"):
        fits.append(lambda row: str(row["customer_id"]) == query["customer_id"])
    if query.get("status"):
        fits.append(lambda row: bool(row["status"] == query["status"]))
    if query.get("is_flagged"):
        fits.append(lambda row: row["is_flagged"] == (query["is_flagged"] in ("true", "1")))
    rows = [row for row in order.messages if all(fit(row) for fit in fits)]
    return v2_page(call, rows, rendered)


def add_message(shop: Shop, order: Order, *, text: str, subject: str = "", by_staff: bool = False) -> Record:
    """Customer or staff write about the order."""
    customer = shop.customers.get(order.fields["customer_id"], {})
    row: Record = {
        "id": shop.next_id("message"),
        "order_id": order.id,
        "staff_id": 1 if by_staff else 0,
        "customer_id": order.fields["customer_id"],
        "type": "merchant" if by_staff else "customer",
        "subject": subject,
        "message": text,
        "status": "read" if by_staff else "unread",
        "is_flagged": False,
        "date_created": shop.now().replace(microsecond=0),
        "customer": {name: customer[name] for name in ("id", "email") if name in customer},
    }
    order.messages.append(row)
    order_event(shop, "store/order/message/created", order, message={"order_message_id": row["id"]})
    return row


def _bound(name: str, value: Any) -> Callable[[Record], bool]:
    field = name[4:]
    if name.startswith("min"):
        return lambda row: bool(row[field] >= value)
    return lambda row: bool(row[field] <= value)
