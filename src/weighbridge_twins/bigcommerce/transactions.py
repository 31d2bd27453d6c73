"""Orders v3: transactions and payment actions. Source: platform notes, bigcommerce 3.1 and 3.2."""

from __future__ import annotations

from weighbridge_twins.bigcommerce.errors import Refusal
from weighbridge_twins.bigcommerce.order_book import Order
from weighbridge_twins.bigcommerce.order_shown import spoiled
from weighbridge_twins.bigcommerce.order_statuses import find
from weighbridge_twins.bigcommerce.paging import v3_page
from weighbridge_twins.bigcommerce.payments import on_its_way, send_off
from weighbridge_twins.bigcommerce.records import Record
from weighbridge_twins.bigcommerce.rendering import iso
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Shop
from weighbridge_twins.bigcommerce.tenders import authorised
from weighbridge_twins.call import Answer, Call

routes = Routes()


@routes.on("GET", "/v3/orders/{order_id}/transactions")
def list_transactions(shop: Shop, call: Call, order_id: str) -> Answer:
    """An order without any answers 204."""
    order = find(shop, order_id)
    if not order.transactions:
        return Answer(204, empty=True)
    return v3_page(call, order.transactions, lambda row: _shown(shop, order, row))


def _shown(shop: Shop, order: Order, row: Record) -> Record:
    record = {**row, "date_created": iso(row["date_created"])}
    if shop.switches["empty_object_for_null"]:
        record.setdefault("reference_transaction_id", {})
    return spoiled(order, "transaction_", record)


@routes.on("POST", "/v3/orders/{order_id}/payment_actions/capture")
def capture(shop: Shop, call: Call, order_id: str) -> Answer:
    """Accepted now, executed later: the payment status says so meanwhile. Raises Refusal 422 without authorisation."""
    return _act(shop, order_id, "capture")


@routes.on("POST", "/v3/orders/{order_id}/payment_actions/void")
def void(shop: Shop, call: Call, order_id: str) -> Answer:
    """Accepted now, executed later. Raises Refusal 422 without authorisation."""
    return _act(shop, order_id, "void")


def _act(shop: Shop, order_id: str, kind: str) -> Answer:
    order = find(shop, order_id)
    if not authorised(order) or any(on_its_way(shop, order, one) for one in ("capture", "void")):
        raise Refusal(422, f"The order has no payment to {kind}", {"payment_status": order.fields["payment_status"]})
    order.fields["payment_status"] = f"{kind} pending"
    send_off(shop, order, kind)
    return Answer(201, {})
