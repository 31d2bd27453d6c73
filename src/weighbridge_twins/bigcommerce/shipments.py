"""Shipments: partial ones, tracking, and what they do to the order. Source: platform notes, bigcommerce 2.8."""

from __future__ import annotations

from typing import Any, Final

from weighbridge_twins.bigcommerce.errors import Refusal, not_found
from weighbridge_twins.bigcommerce.events import emit, order_event
from weighbridge_twins.bigcommerce.order_book import Order
from weighbridge_twins.bigcommerce.order_requests import invalid, missing, unwritable
from weighbridge_twins.bigcommerce.order_shown import shown_shipment
from weighbridge_twins.bigcommerce.order_statuses import UPDATED, change_status, find, touch
from weighbridge_twins.bigcommerce.paging import v2_page
from weighbridge_twins.bigcommerce.placing import ADDRESS
from weighbridge_twins.bigcommerce.records import Record
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Shop
from weighbridge_twins.call import Answer, Call

routes = Routes()
PATH: Final = "/v2/orders/{order_id}/shipments"

PROVIDERS: Final = ("", "auspost", "canadapost", "endicia", "usps", "fedex", "ups", "upsready", "upsonline",
                    "shipperhq", "royalmail")  # fmt: skip
LONGEST: Final = {"tracking_number": 50, "tracking_link": 500, "comments": 65535}
WRITABLE: Final = ("tracking_number", "tracking_link", "tracking_carrier", "shipping_provider", "shipping_method",
                   "merchant_shipping_cost", "comments")  # fmt: skip
SHIPPED, PARTIALLY_SHIPPED = 2, 3
REFUNDED: Final = (4, 14)


@routes.on("GET", PATH)
def list_shipments(shop: Shop, call: Call, order_id: str) -> Answer:
    order = find(shop, order_id)
    return v2_page(call, order.shipments, lambda row: shown_shipment(shop, order, row))


@routes.on("GET", PATH + "/count")
def count_shipments(shop: Shop, call: Call, order_id: str) -> Answer:
    return Answer(200, {"count": len(find(shop, order_id).shipments)})


@routes.on("POST", PATH)
def create_shipment(shop: Shop, call: Call, order_id: str) -> Answer:
    """Ships a subset of lines to one address; nothing recognises a shipment that is sent twice."""
    order = find(shop, order_id)
    body = _body(call, (*WRITABLE, "order_address_id", "items"))
    address = order.address(body.get("order_address_id"))
    if address is None:
        raise invalid("order_address_id", "it is no address of the order")
    items = body.get("items")
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        raise missing("items")
    chosen = _lines(shop, order, items, int(address["id"]))
    for line, quantity in chosen:
        line["quantity_shipped"] += quantity
    shipment = _shipment(shop, order, body, address, chosen)
    order.shipments.append(shipment)
    _announce(shop, "created", order, shipment)
    _move_on(shop, order)
    return Answer(201, shown_shipment(shop, order, shipment))


@routes.on("DELETE", PATH)
def delete_shipments(shop: Shop, call: Call, order_id: str) -> Answer:
    """Deletes all of them."""
    order = find(shop, order_id)
    for shipment in list(order.shipments):
        _remove(shop, order, shipment)
    return Answer(204, empty=True)


@routes.on("GET", PATH + "/{shipment_id}")
def get_shipment(shop: Shop, call: Call, order_id: str, shipment_id: str) -> Answer:
    order = find(shop, order_id)
    return Answer(200, shown_shipment(shop, order, _find(order, shipment_id)))


@routes.on("PUT", PATH + "/{shipment_id}")
def update_shipment(shop: Shop, call: Call, order_id: str, shipment_id: str) -> Answer:
    """Items cannot be changed; only a new tracking number makes an event."""
    order = find(shop, order_id)
    shipment = _find(order, shipment_id)
    body = _body(call, (*WRITABLE, "order_address_id"))
    if "order_address_id" in body and order.address(body["order_address_id"]) is None:
        raise invalid("order_address_id", "it is no address of the order")
    renumbered = body.get("tracking_number") not in (None, shipment["tracking_number"])
    shipment |= {name: str(body[name] or "") for name in WRITABLE if name in body}
    shipment["order_address_id"] = body.get("order_address_id", shipment["order_address_id"])
    shipment["shipping_provider_display_name"] = shipment["shipping_provider"]
    shipment["generated_tracking_link"] = _generated(shipment)
    if renumbered:
        _announce(shop, "updated", order, shipment)
    return Answer(200, shown_shipment(shop, order, shipment))


@routes.on("DELETE", PATH + "/{shipment_id}")
def delete_shipment(shop: Shop, call: Call, order_id: str, shipment_id: str) -> Answer:
    order = find(shop, order_id)
    _remove(shop, order, _find(order, shipment_id))
    return Answer(204, empty=True)


def _remove(shop: Shop, order: Order, shipment: Record) -> None:
    """Quantities go back; the order's status stays as it is."""
    for item in shipment["items"]:
        line = order.line(item["order_product_id"])
        if line is not None:
            line["quantity_shipped"] -= item["quantity"]
    order.shipments.remove(shipment)
    order.fields["items_shipped"] = sum(row["quantity_shipped"] for row in order.products)
    if shop.switches["shipment_bumps_date_modified"]:
        touch(shop, order)
    _announce(shop, "deleted", order, shipment)


def _lines(shop: Shop, order: Order, items: list[Record], address_id: int) -> list[tuple[Record, int]]:
    """Each item's line and quantity, all checked before any moves. Raises Refusal 400."""
    chosen: list[tuple[Record, int]] = []
    for item in items:
        line, quantity = order.line(item.get("order_product_id")), item.get("quantity")
        if line is None:
            raise invalid("order_product_id", "it is no line of the order")
        if line["order_address_id"] != address_id:
            raise Refusal(400, f"The item {line['id']} does not ship to the address {address_id}.")
        if isinstance(quantity, bool) or not isinstance(quantity, int) or quantity < 1:
            raise invalid("quantity", f"'{quantity}' is not a quantity")
        before = sum(count for one, count in chosen if one is line)
        left = line["quantity"] - line["quantity_shipped"] - before
        if quantity > left and shop.switches["over_shipping"] == "refused":
            raise Refusal(400, "The quantity specified for the item is greater than the quantity left to ship.")
        chosen.append((line, quantity))
    return chosen


def _body(call: Call, known: tuple[str, ...]) -> Record:
    body = call.body
    if not isinstance(body, dict):
        raise Refusal(400, "The request body must be an object.")
    for name in body:
        if name not in known:
            raise unwritable(name)
    for name, longest in LONGEST.items():
        if len(str(body.get(name) or "")) > longest:
            raise invalid(name, f"it is longer than {longest} characters")
    provider = str(body.get("shipping_provider") or "")
    if provider not in PROVIDERS and not provider.startswith("carrier_"):
        raise invalid("shipping_provider", f"'{provider}' is not a provider")
    return body


def _shipment(shop: Shop, order: Order, body: Record, address: Record, lines: list[tuple[Record, int]]) -> Record:
    shipment: Record = {
        "id": shop.next_id("shipment", 1),
        "order_id": order.id,
        "customer_id": order.fields["customer_id"],
        "order_address_id": address["id"],
        "date_created": shop.now().replace(microsecond=0),
        **{name: str(body.get(name) or "") for name in WRITABLE},
        "shipping_provider_display_name": str(body.get("shipping_provider") or ""),
        "billing_address": {name: order.fields["billing_address"][name] for name in ADDRESS},
        "shipping_address": {name: address[name] for name in ADDRESS},
        "items": [
            {"order_product_id": line["id"], "product_id": line["product_id"], "quantity": quantity}
            for line, quantity in lines
        ],
    }
    shipment["merchant_shipping_cost"] = shipment["merchant_shipping_cost"] or "0.0000"
    shipment["generated_tracking_link"] = _generated(shipment)
    return shipment


def _generated(shipment: Record) -> str:
    """A link is generated from provider or carrier and number, unless one was given."""
    if shipment["tracking_link"] or not shipment["tracking_number"]:
        return ""
    carrier = shipment["tracking_carrier"] or shipment["shipping_provider"]
    return f"https://tracking.example/{carrier}/{shipment['tracking_number']}" if carrier else ""


def _move_on(shop: Shop, order: Order) -> None:
    """Moves the order to (partially) shipped; the date of shipping is there once all of it has left."""
    fields = order.fields
    to_ship = [row for row in order.products if row["order_address_id"]]
    fields["items_shipped"] = sum(row["quantity_shipped"] for row in order.products)
    whole = all(row["quantity_shipped"] >= row["quantity"] for row in to_ship)
    if whole:
        fields["date_shipped"] = shop.now().replace(microsecond=0)
    if shop.switches["shipment_bumps_date_modified"]:
        touch(shop, order)
    moves = order.status_id not in REFUNDED or shop.switches["shipment_moves_refunded"]
    if shop.switches["shipment_sets_status"] and moves:
        change_status(shop, order, SHIPPED if whole else PARTIALLY_SHIPPED)
    order_event(shop, UPDATED, order)


def _announce(shop: Shop, what: str, order: Order, shipment: Record) -> None:
    emit(shop, f"store/shipment/{what}", {"type": "shipment", "id": shipment["id"], "orderId": order.id})


def _find(order: Order, shipment_id: str) -> Record:
    shipment: Any = next((one for one in order.shipments if str(one["id"]) == shipment_id), None)
    if shipment is None:
        raise not_found()
    found: Record = shipment
    return found
