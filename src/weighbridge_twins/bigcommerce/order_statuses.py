"""The statuses an order can have, and what a change of status brings about. Source: platform notes, bigcommerce 2.4."""

from __future__ import annotations

from typing import Any, Final

from weighbridge_twins.bigcommerce.errors import Refusal, not_found
from weighbridge_twins.bigcommerce.events import order_event
from weighbridge_twins.bigcommerce.order_book import Order
from weighbridge_twins.bigcommerce.order_stock import settle_stock
from weighbridge_twins.bigcommerce.records import Record
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Shop
from weighbridge_twins.bigcommerce.tenders import add_transaction, authorised
from weighbridge_twins.call import Answer, Call

routes = Routes()

STATUSES: Final = {
    0: "Incomplete",
    1: "Pending",
    2: "Shipped",
    3: "Partially Shipped",
    4: "Refunded",
    5: "Cancelled",
    6: "Declined",
    7: "Awaiting Payment",
    8: "Awaiting Pickup",
    9: "Awaiting Shipment",
    10: "Completed",
    11: "Awaiting Fulfillment",
    12: "Manual Verification Required",
    13: "Disputed",
    14: "Partially Refunded",
}
CANCELLED: Final = 5
UPDATED, STATUS_UPDATED = "store/order/updated", "store/order/statusUpdated"


@routes.on("GET", "/v2/order_statuses")
def list_statuses(shop: Shop, call: Call) -> Answer:
    return Answer(200, [status(shop, status_id) for status_id in STATUSES])


@routes.on("GET", "/v2/order_statuses/{status_id}")
def get_status(shop: Shop, call: Call, status_id: str) -> Answer:
    if not status_id.isdigit() or int(status_id) not in STATUSES:
        raise not_found()
    return Answer(200, status(shop, int(status_id)))


def status(shop: Shop, status_id: int) -> Record:
    """A status with the vendor's label and the merchant's own."""
    return {
        "id": status_id,
        "name": STATUSES[status_id],
        "system_label": STATUSES[status_id],
        "custom_label": label(shop, status_id),
        "system_description": f"An order that is {STATUSES[status_id].lower()}.",
        "order": status_id,
    }


def label(shop: Shop, status_id: int) -> str:
    """How the merchant calls the status; the ids are all that can be relied on."""
    renamed: dict[str, str] = shop.settings.get("status_labels", {})
    return renamed.get(str(status_id), STATUSES.get(status_id, "Unknown"))


def status_of(value: Any) -> int:
    """The status id that a request names. Raises Refusal 400."""
    if isinstance(value, bool) or not str(value).isdigit() or int(value) not in STATUSES:
        raise Refusal(400, "The field 'status_id' is invalid.", {"invalid_reason": f"{value} is not a status"})
    return int(value)


def change_status(shop: Shop, order: Order, status_id: int) -> None:
    """Any status may follow any other. Stock follows the status; the event of the change fires, no other does."""
    before = order.status_id
    order.fields["status_id"] = status_id
    settle_stock(shop, order)
    if before == status_id:
        return
    if status_id == CANCELLED and shop.switches["cancel_voids_payment"]:
        void_authorised(shop, order)
    order_event(shop, STATUS_UPDATED, order, before=before)


def void_authorised(shop: Shop, order: Order) -> bool:
    """Lets go of what was authorised and not captured; False when there was nothing."""
    held = authorised(order)
    for row in held:
        add_transaction(shop, order, "void", row["method"], row["amount"], gateway=row["gateway"], reference=row["id"])
    if held:
        order.fields["payment_status"] = "void"
    return bool(held)


def touch(shop: Shop, order: Order) -> None:
    """The order counts as changed now; the vendor's dates have whole seconds."""
    shop.orders.touch(order, shop.now().replace(microsecond=0))


def find(shop: Shop, order_id: str) -> Order:
    """The order. Raises Refusal 404, for a while also for one that has just been placed, where the switch says so."""
    order = shop.orders.get(int(order_id)) if order_id.isdigit() else None
    if order is None:
        raise not_found()
    hidden = float(shop.switches["new_order_404_seconds"])
    if hidden and (shop.now() - order.fields["date_created"]).total_seconds() < hidden:
        raise not_found()
    return order
