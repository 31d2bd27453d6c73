"""Order statuses and the effects of a status change. Source: platform notes, bigcommerce 2.4."""

from __future__ import annotations

from typing import Any, Final

from weighbridge_twins.bigcommerce.errors import Refusal, not_found
from weighbridge_twins.bigcommerce.events import order_event
from weighbridge_twins.bigcommerce.order_index import Order
from weighbridge_twins.bigcommerce.order_stock import settle_stock
from weighbridge_twins.bigcommerce.records import Record
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Store
from weighbridge_twins.bigcommerce.tenders import add_transaction, authorised
from weighbridge_twins.http.call import Answer, Call

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
def list_statuses(store: Store, call: Call) -> Answer:
    return Answer(200, [status(store, status_id) for status_id in STATUSES])


@routes.on("GET", "/v2/order_statuses/{status_id}")
def get_status(store: Store, call: Call, status_id: str) -> Answer:
    if not status_id.isdigit() or int(status_id) not in STATUSES:
        raise not_found()
    return Answer(200, status(store, int(status_id)))


def status(store: Store, status_id: int) -> Record:
    """A status with the vendor's label and the merchant's label."""
    return {
        "id": status_id,
        "name": STATUSES[status_id],
        "system_label": STATUSES[status_id],
        "custom_label": label(store, status_id),
        "system_description": f"An order that is {STATUSES[status_id].lower()}.",
        "order": status_id,
    }


def label(store: Store, status_id: int) -> str:
    """The merchant's label of a status. Labels can change; only ids are reliable."""
    renamed: dict[str, str] = store.settings.get("status_labels", {})
    return renamed.get(str(status_id), STATUSES.get(status_id, "Unknown"))


def status_of(value: Any) -> int:
    """Parses the status id of a request. Raises Refusal 400."""
    if isinstance(value, bool) or not str(value).isdigit() or int(value) not in STATUSES:
        raise Refusal(400, "The field 'status_id' is invalid.", {"invalid_reason": f"{value} is not a status"})
    return int(value)


def change_status(store: Store, order: Order, status_id: int) -> None:
    """Changes the status; any status may follow any other. Adjusts stock and sends only the status event."""
    before = order.status_id
    order.fields["status_id"] = status_id
    settle_stock(store, order)
    if before == status_id:
        return
    if status_id == CANCELLED and store.switches["cancel_voids_payment"]:
        void_authorised(store, order)
    order_event(store, STATUS_UPDATED, order, before=before)


def void_authorised(store: Store, order: Order) -> bool:
    """Voids authorisations that were not captured. False if there were none."""
    held = authorised(order)
    for row in held:
        add_transaction(store, order, "void", row["method"], row["amount"], gateway=row["gateway"], reference=row["id"])
    if held:
        order.fields["payment_status"] = "void"
    return bool(held)


def touch(store: Store, order: Order) -> None:
    """Sets date_modified to now, in whole seconds like the vendor."""
    store.orders.touch(order, store.now().replace(microsecond=0))


def find(store: Store, order_id: str) -> Order:
    """The order. Raises Refusal 404; a switch also answers 404 for a newly placed order."""
    order = store.orders.get(int(order_id)) if order_id.isdigit() else None
    if order is None:
        raise not_found()
    hidden_seconds = float(store.switches["new_order_404_seconds"])
    if hidden_seconds and (store.now() - order.fields["date_created"]).total_seconds() < hidden_seconds:
        raise not_found()
    return order
