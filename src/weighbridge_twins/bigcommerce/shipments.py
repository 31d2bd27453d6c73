"""Shipments, tracking, and their effects on the order. Source: platform notes, bigcommerce 2.8."""

from __future__ import annotations

from typing import Any, Final

from weighbridge_twins.bigcommerce.errors import Refusal, not_found
from weighbridge_twins.bigcommerce.events import emit, order_event
from weighbridge_twins.bigcommerce.order_index import Order
from weighbridge_twins.bigcommerce.order_rendering import render_shipment
from weighbridge_twins.bigcommerce.order_requests import invalid, missing, unwritable
from weighbridge_twins.bigcommerce.order_statuses import UPDATED, change_status, find, touch
from weighbridge_twins.bigcommerce.paging import v2_page
from weighbridge_twins.bigcommerce.placing import ADDRESS
from weighbridge_twins.bigcommerce.records import Record
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Store
from weighbridge_twins.http.call import Answer, Call

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
def list_shipments(store: Store, call: Call, order_id: str) -> Answer:
    order = find(store, order_id)
    return v2_page(call, order.shipments, lambda row: render_shipment(store, order, row))


@routes.on("GET", PATH + "/count")
def count_shipments(store: Store, call: Call, order_id: str) -> Answer:
    return Answer(200, {"count": len(find(store, order_id).shipments)})


@routes.on("POST", PATH)
def create_shipment(store: Store, call: Call, order_id: str) -> Answer:
    """Ships some of the lines to one address. A repeated request creates a second shipment."""
    order = find(store, order_id)
    body = _body(call, (*WRITABLE, "order_address_id", "items"))
    address = order.address(body.get("order_address_id"))
    if address is None:
        raise invalid("order_address_id", "it is no address of the order")
    items = body.get("items")
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        raise missing("items")
    shipped_lines = _lines(store, order, items, int(address["id"]))
    for line, quantity in shipped_lines:
        line["quantity_shipped"] += quantity
    shipment = _shipment(store, order, body, address, shipped_lines)
    order.shipments.append(shipment)
    _announce(store, "created", order, shipment)
    _move_on(store, order)
    return Answer(201, render_shipment(store, order, shipment))


@routes.on("DELETE", PATH)
def delete_shipments(store: Store, call: Call, order_id: str) -> Answer:
    """Deletes all shipments of the order."""
    order = find(store, order_id)
    for shipment in list(order.shipments):
        _remove(store, order, shipment)
    return Answer(204, empty=True)


@routes.on("GET", PATH + "/{shipment_id}")
def get_shipment(store: Store, call: Call, order_id: str, shipment_id: str) -> Answer:
    order = find(store, order_id)
    return Answer(200, render_shipment(store, order, _find(order, shipment_id)))


@routes.on("PUT", PATH + "/{shipment_id}")
def update_shipment(store: Store, call: Call, order_id: str, shipment_id: str) -> Answer:
    """Updates a shipment except its items; sends an event only if the tracking number changes."""
    order = find(store, order_id)
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
        _announce(store, "updated", order, shipment)
    return Answer(200, render_shipment(store, order, shipment))


@routes.on("DELETE", PATH + "/{shipment_id}")
def delete_shipment(store: Store, call: Call, order_id: str, shipment_id: str) -> Answer:
    order = find(store, order_id)
    _remove(store, order, _find(order, shipment_id))
    return Answer(204, empty=True)


def _remove(store: Store, order: Order, shipment: Record) -> None:
    """Deletes a shipment and reverts its quantities. The order's status does not change."""
    for item in shipment["items"]:
        line = order.line(item["order_product_id"])
        if line is not None:
            line["quantity_shipped"] -= item["quantity"]
    order.shipments.remove(shipment)
    order.fields["items_shipped"] = sum(row["quantity_shipped"] for row in order.products)
    if store.switches["shipment_bumps_date_modified"]:
        touch(store, order)
    _announce(store, "deleted", order, shipment)


def _lines(store: Store, order: Order, items: list[Record], address_id: int) -> list[tuple[Record, int]]:
    """The line and quantity of each item, after checking all of them. Raises Refusal 400."""
    shipped_lines: list[tuple[Record, int]] = []
    for item in items:
        line, quantity = order.line(item.get("order_product_id")), item.get("quantity")
        if line is None:
            raise invalid("order_product_id", "it is no line of the order")
        if line["order_address_id"] != address_id:
            raise Refusal(400, f"The item {line['id']} does not ship to the address {address_id}.")
        if isinstance(quantity, bool) or not isinstance(quantity, int) or quantity < 1:
            raise invalid("quantity", f"'{quantity}' is not a quantity")
        before = sum(count for chosen_line, count in shipped_lines if chosen_line is line)
        left = line["quantity"] - line["quantity_shipped"] - before
        if quantity > left and store.switches["over_shipping"] == "refused":
            raise Refusal(400, "The quantity specified for the item is greater than the quantity left to ship.")
        shipped_lines.append((line, quantity))
    return shipped_lines


def _body(call: Call, writable: tuple[str, ...]) -> Record:
    body = call.body
    if not isinstance(body, dict):
        raise Refusal(400, "The request body must be an object.")
    for name in body:
        if name not in writable:
            raise unwritable(name)
    for name, longest in LONGEST.items():
        if len(str(body.get(name) or "")) > longest:
            raise invalid(name, f"it is longer than {longest} characters")
    provider = str(body.get("shipping_provider") or "")
    if provider not in PROVIDERS and not provider.startswith("carrier_"):
        raise invalid("shipping_provider", f"'{provider}' is not a provider")
    return body


def _shipment(store: Store, order: Order, body: Record, address: Record, lines: list[tuple[Record, int]]) -> Record:
    shipment: Record = {
        "id": store.next_id("shipment", 1),
        "order_id": order.id,
        "customer_id": order.fields["customer_id"],
        "order_address_id": address["id"],
        "date_created": store.now().replace(microsecond=0),
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
    """The generated tracking link; empty if a link was given or there is no number or carrier."""
    if shipment["tracking_link"] or not shipment["tracking_number"]:
        return ""
    carrier = shipment["tracking_carrier"] or shipment["shipping_provider"]
    return f"https://tracking.example/{carrier}/{shipment['tracking_number']}" if carrier else ""


def _move_on(store: Store, order: Order) -> None:
    """Changes the order to (partially) shipped; sets date_shipped once all lines are shipped."""
    fields = order.fields
    to_ship = [row for row in order.products if row["order_address_id"]]
    fields["items_shipped"] = sum(row["quantity_shipped"] for row in order.products)
    whole = all(row["quantity_shipped"] >= row["quantity"] for row in to_ship)
    if whole:
        fields["date_shipped"] = store.now().replace(microsecond=0)
    if store.switches["shipment_bumps_date_modified"]:
        touch(store, order)
    moves = order.status_id not in REFUNDED or store.switches["shipment_moves_refunded"]
    if store.switches["shipment_sets_status"] and moves:
        change_status(store, order, SHIPPED if whole else PARTIALLY_SHIPPED)
    order_event(store, UPDATED, order)


def _announce(store: Store, action: str, order: Order, shipment: Record) -> None:
    emit(store, f"store/shipment/{action}", {"type": "shipment", "id": shipment["id"], "orderId": order.id})


def _find(order: Order, shipment_id: str) -> Record:
    shipment: Any = next((row for row in order.shipments if str(row["id"]) == shipment_id), None)
    if shipment is None:
        raise not_found()
    checked: Record = shipment
    return checked
