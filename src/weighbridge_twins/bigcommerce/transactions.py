"""Orders v3: transactions and payment actions. Source: platform notes, bigcommerce 3.1 and 3.2."""

from __future__ import annotations

from weighbridge_twins.bigcommerce.errors import Refusal
from weighbridge_twins.bigcommerce.order_index import Order
from weighbridge_twins.bigcommerce.order_rendering import apply_corruption
from weighbridge_twins.bigcommerce.order_statuses import find
from weighbridge_twins.bigcommerce.paging import v3_page
from weighbridge_twins.bigcommerce.payments import enqueue_payment, is_payment_pending
from weighbridge_twins.bigcommerce.records import Record
from weighbridge_twins.bigcommerce.rendering import iso
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Store
from weighbridge_twins.bigcommerce.tenders import authorised
from weighbridge_twins.http.call import Answer, Call

routes = Routes()


@routes.on("GET", "/v3/orders/{order_id}/transactions")
def list_transactions(store: Store, call: Call, order_id: str) -> Answer:
    """Lists transactions; 204 if the order has none."""
    order = find(store, order_id)
    if not order.transactions:
        return Answer(204, empty=True)
    return v3_page(call, order.transactions, lambda row: _render_transaction(store, order, row))


def _render_transaction(store: Store, order: Order, row: Record) -> Record:
    record = {**row, "date_created": iso(row["date_created"])}
    if store.switches["empty_object_for_null"]:
        record.setdefault("reference_transaction_id", {})
    return apply_corruption(order, "transaction_", record)


@routes.on("POST", "/v3/orders/{order_id}/payment_actions/capture")
def capture(store: Store, call: Call, order_id: str) -> Answer:
    """Accepts a capture to be executed later; the payment status is pending meanwhile.

    Raises Refusal 422 without an authorisation.
    """
    return _request_payment_action(store, order_id, "capture")


@routes.on("POST", "/v3/orders/{order_id}/payment_actions/void")
def void(store: Store, call: Call, order_id: str) -> Answer:
    """Accepts a void to be executed later. Raises Refusal 422 without an authorisation."""
    return _request_payment_action(store, order_id, "void")


def _request_payment_action(store: Store, order_id: str, kind: str) -> Answer:
    order = find(store, order_id)
    if not authorised(order) or any(is_payment_pending(store, order, action) for action in ("capture", "void")):
        raise Refusal(422, f"The order has no payment to {kind}", {"payment_status": order.fields["payment_status"]})
    order.fields["payment_status"] = f"{kind} pending"
    enqueue_payment(store, order, kind)
    return Answer(201, {})
