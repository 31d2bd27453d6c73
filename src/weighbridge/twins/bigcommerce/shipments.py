"""Shipments: partial ones, tracking, and what they do to the order. Source: platform notes, bigcommerce 2.8."""

from __future__ import annotations

from typing import Any

from weighbridge.twins.bigcommerce.errors import Refusal, not_found
from weighbridge.twins.bigcommerce.events import emit, order_event
from weighbridge.twins.bigcommerce.orders import find, shown_address, touch
from weighbridge.twins.bigcommerce.paging import v2_page
from weighbridge.twins.bigcommerce.rendering import rendered
from weighbridge.twins.bigcommerce.routing import Routes
from weighbridge.twins.bigcommerce.state import Order, Record, Shop
from weighbridge.twins.call import Answer, Call

routes = Routes()

PROVIDERS = (
    "",
    "auspost",
    "canadapost",
    "endicia",
    "usps",
    "fedex",
    "ups",
    "upsready",
    "upsonline",
    "shipperhq",
    "royalmail",
)
LONGEST = {"tracking_number": 50, "tracking_link": 500, "comments": 65535}
SHIPPED, PARTIALLY = 2, 3


@routes.on("GET", "/v2/orders/{order_id}/shipments")
def list_shipments(shop: Shop, call: Call, order_id: str) -> Answer:
    return v2_page(call, find(shop, order_id).shipments, rendered)


@routes.on("GET", "/v2/orders/{order_id}/shipments/count")
def count_shipments(shop: Shop, call: Call, order_id: str) -> Answer:
    return Answer(200, {"count": len(find(shop, order_id).shipments)})


@routes.on("POST", "/v2/orders/{order_id}/shipments")
def create_shipment(shop: Shop, call: Call, order_id: str) -> Answer:
    """Ships a subset of lines to one address; nothing recognises a shipment that is sent twice."""
    order = find(shop, order_id)
    body = call.body if isinstance(call.body, dict) else {}
    _check_texts(body)
    address = next((one for one in order.addresses if one["id"] == body.get("order_address_id")), None)
    if address is None:
        raise Refusal(400, "The field 'order_address_id' is invalid.")
    items = body.get("items")
    if not isinstance(items, list) or not items:
        raise Refusal(400, "The required field 'items' was not supplied.")
    lines = [_line(order, item, address["id"]) for item in items]
    for row, quantity in lines:
        row["quantity_shipped"] += quantity
    shipment = _shipment(shop, order, body, address, items)
    order.shipments.append(shipment)
    _settle(shop, order)
    emit(shop, "store/shipment/created", {"type": "shipment", "id": shipment["id"], "orderId": order.id})
    return Answer(201, rendered(shipment))


@routes.on("GET", "/v2/orders/{order_id}/shipments/{shipment_id}")
def get_shipment(shop: Shop, call: Call, order_id: str, shipment_id: str) -> Answer:
    return Answer(200, rendered(_find(find(shop, order_id), shipment_id)))


@routes.on("PUT", "/v2/orders/{order_id}/shipments/{shipment_id}")
def update_shipment(shop: Shop, call: Call, order_id: str, shipment_id: str) -> Answer:
    """Items cannot be changed; only a new tracking number makes an event."""
    order = find(shop, order_id)
    shipment = _find(order, shipment_id)
    body = call.body if isinstance(call.body, dict) else {}
    if "items" in body:
        raise Refusal(
            400, "The field 'items' cannot be written to. Please remove it from your request before trying again."
        )
    _check_texts(body)
    renumbered = body.get("tracking_number") not in (None, shipment["tracking_number"])
    shipment |= {name: value for name, value in body.items() if name in shipment}
    shipment["generated_tracking_link"] = _generated(shipment)
    if renumbered:
        emit(shop, "store/shipment/updated", {"type": "shipment", "id": shipment["id"], "orderId": order.id})
    return Answer(200, rendered(shipment))


@routes.on("DELETE", "/v2/orders/{order_id}/shipments/{shipment_id}")
def delete_shipment(shop: Shop, call: Call, order_id: str, shipment_id: str) -> Answer:
    """Leaves the order's status as it is."""
    order = find(shop, order_id)
    shipment = _find(order, shipment_id)
    for item in shipment["items"]:
        row = next(one for one in order.products if one["id"] == item["order_product_id"])
        row["quantity_shipped"] -= item["quantity"]
    order.shipments.remove(shipment)
    order.fields["items_shipped"] = sum(row["quantity_shipped"] for row in order.products)
    emit(shop, "store/shipment/deleted", {"type": "shipment", "id": shipment["id"], "orderId": order.id})
    return Answer(204, empty=True)


def _line(order: Order, item: Record, address_id: int) -> tuple[Record, int]:
    row = next((one for one in order.products if one["id"] == item.get("order_product_id")), None)
    quantity = item.get("quantity")
    if row is None:
        raise Refusal(400, "The field 'order_product_id' is invalid.")
    if row["order_address_id"] != address_id:
        raise Refusal(400, "The item does not ship to this address.")
    if not isinstance(quantity, int) or quantity < 1:
        raise Refusal(400, "The field 'quantity' is invalid.")
    if quantity > row["quantity"] - row["quantity_shipped"]:
        raise Refusal(400, "The quantity specified for the item is greater than the quantity left to ship.")
    return row, quantity


def _check_texts(body: Record) -> None:
    for name, longest in LONGEST.items():
        if len(str(body.get(name) or "")) > longest:
            raise Refusal(400, f"The field '{name}' is longer than {longest} characters.")
    provider = str(body.get("shipping_provider") or "")
    if provider not in PROVIDERS and not provider.startswith("carrier_"):
        raise Refusal(400, "The field 'shipping_provider' is invalid.")


def _shipment(shop: Shop, order: Order, body: Record, address: Record, items: list[Record]) -> Record:
    shipment: Record = {
        "id": shop.next_id("shipment", 1),
        "order_id": order.id,
        "customer_id": order.fields["customer_id"],
        "order_address_id": address["id"],
        "date_created": shop.now().replace(microsecond=0),
        "tracking_number": body.get("tracking_number") or "",
        "merchant_shipping_cost": str(body.get("merchant_shipping_cost") or "0.0000"),
        "shipping_method": body.get("shipping_method") or "",
        "shipping_provider": body.get("shipping_provider") or "",
        "shipping_provider_display_name": body.get("shipping_provider") or "",
        "tracking_carrier": body.get("tracking_carrier") or "",
        "tracking_link": body.get("tracking_link") or "",
        "comments": body.get("comments") or "",
        "billing_address": {k: v for k, v in order.fields["billing_address"].items() if k != "form_fields"},
        "shipping_address": {k: v for k, v in shown_address(shop, order, address).items() if k in _ADDRESS},
        "items": [
            {"order_product_id": item["order_product_id"], "product_id": 0, "quantity": item["quantity"]}
            for item in items
        ],
    }
    shipment["generated_tracking_link"] = _generated(shipment)
    return shipment


_ADDRESS = ("first_name", "last_name", "company", "street_1", "street_2", "city", "state", "zip", "country",
            "country_iso2", "phone", "email")  # fmt: skip


def _generated(shipment: Record) -> str:
    """A link is generated from provider or carrier and number, unless one was given."""
    if shipment["tracking_link"] or not shipment["tracking_number"]:
        return ""
    carrier = shipment["tracking_carrier"] or shipment["shipping_provider"]
    return f"https://tracking.example/{carrier}/{shipment['tracking_number']}" if carrier else ""


def _settle(shop: Shop, order: Order) -> None:
    fields = order.fields
    fields["items_shipped"] = sum(row["quantity_shipped"] for row in order.products)
    whole = fields["items_shipped"] >= sum(row["quantity"] for row in order.products if row["order_address_id"])
    if whole:
        fields["date_shipped"] = shop.now().replace(microsecond=0)
    before: Any = fields["status_id"]
    if shop.switches["shipment_sets_status"]:
        fields["status_id"] = SHIPPED if whole else PARTIALLY
    if shop.switches["shipment_bumps_date_modified"]:
        touch(shop, order)
    if fields["status_id"] != before:
        order_event(shop, "store/order/statusUpdated", order, before=before)
    order_event(shop, "store/order/updated", order)


def _find(order: Order, shipment_id: str) -> Record:
    shipment = next((one for one in order.shipments if str(one["id"]) == shipment_id), None)
    if shipment is None:
        raise not_found()
    return shipment
