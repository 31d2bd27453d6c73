"""Actions of shoppers and staff on orders that happen outside the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from weighbridge_twins.bigcommerce import catalog_actions, payments, placing
from weighbridge_twins.bigcommerce.access import open_account
from weighbridge_twins.bigcommerce.events import emit, order_event
from weighbridge_twins.bigcommerce.order_create import add_order
from weighbridge_twins.bigcommerce.order_index import Order
from weighbridge_twins.bigcommerce.order_lines import new_line, requantify
from weighbridge_twins.bigcommerce.order_statuses import UPDATED, change_status, status_of, touch
from weighbridge_twins.bigcommerce.order_stock import (
    CANCELLED,
    NOT_COMPLETED,
    find_short_sku,
    release_stock,
    settle_stock,
)
from weighbridge_twins.bigcommerce.order_subresources import add_message
from weighbridge_twins.bigcommerce.orders import archive
from weighbridge_twins.bigcommerce.pricing import reprice
from weighbridge_twins.bigcommerce.records import ZERO, Record, decimal
from weighbridge_twins.bigcommerce.refunds import refund_order as refunded
from weighbridge_twins.bigcommerce.state import Store
from weighbridge_twins.bigcommerce.tenders import unpaid

Action = Callable[[Store, Any], Any]


def place_order(store: Store, spec: Record) -> Record:
    """Places a shopper's order, see `placing`. Raises ValueError if stock is short and overselling is off."""
    order = placing.build_order(store, spec)
    short = (
        None if store.switches["sells_below_zero"] or order.status_id in NOT_COMPLETED else find_short_sku(store, order)
    )
    if short:
        raise ValueError(f"{short} is out of stock")
    add_order(store, order)
    return {"id": order.id, "total_inc_tax": str(order.fields["total_inc_tax"])}


def set_status(store: Store, arguments: Record) -> Record:
    """Changes the status; any status may follow any other. Completing takes stock, cancelling returns it."""
    order = _order(store, arguments)
    touch(store, order)
    change_status(store, order, status_of(arguments["status_id"]))
    order_event(store, UPDATED, order)
    return {"id": order.id, "status_id": order.status_id}


def cancel_order(store: Store, arguments: Record) -> Record:
    """Staff cancel an order."""
    return set_status(store, {**arguments, "status_id": CANCELLED})


def capture_payment(store: Store, arguments: Record) -> Record:
    """Captures what was authorised, or receives the payment of an unpaid order."""
    order = _order(store, arguments)
    payments.capture_payment(store, order)
    return {"id": order.id, "payment_status": order.fields["payment_status"]}


def void_payment(store: Store, arguments: Record) -> Record:
    """Voids what was authorised."""
    order = _order(store, arguments)
    payments.void_payment(store, order)
    return {"id": order.id, "payment_status": order.fields["payment_status"]}


def set_payment_status(store: Store, arguments: Record) -> Record:
    """Sets a payment status without a transaction, as gateways do: declined, held for review, pending ..."""
    order = _order(store, arguments)
    order.fields["payment_status"] = str(arguments["payment_status"])
    touch(store, order)
    order_event(store, UPDATED, order)
    return {"id": order.id, "payment_status": order.fields["payment_status"]}


def edit_order(store: Store, arguments: Record) -> Record:
    """Staff edit an order: `line` with `quantity` changes a line, add_lines adds lines, remove_line removes one.

    Also: staff_notes, customer_message, billing_address, shipping_address (the first), shipping_cost, order_discount.
    """
    order = _order(store, arguments)
    order.fields |= {name: str(arguments[name]) for name in ("staff_notes", "customer_message") if name in arguments}
    if "shipping_address" in arguments and order.addresses:
        placing.changed_address(order.addresses[0], arguments["shipping_address"])
    if "billing_address" in arguments:
        order.fields["billing_address"] |= arguments["billing_address"]
    _edit_lines(store, order, arguments)
    if "shipping_cost" in arguments:
        _charge_shipping(order, arguments["shipping_cost"])
    if "order_discount" in arguments:
        order.entered["manual_discount"] = decimal(arguments["order_discount"])
    if {"shipping_cost", "order_discount", "quantity", "remove_line", "add_lines"} & set(arguments):
        reprice(store, order)
    touch(store, order)
    order_event(store, UPDATED, order)
    return {"id": order.id, "total_inc_tax": str(order.fields["total_inc_tax"]), "unpaid": str(unpaid(store, order))}


def refund_order(store: Store, arguments: Record) -> Record:
    """Staff refund items in the API's format; also tax_adjustment_amount, payments, reason, declined."""
    refund = refunded(store, _order(store, arguments), arguments)
    return {"id": refund["id"], "total_amount": str(refund["total_amount"])}


def archive_order(store: Store, arguments: Record) -> Record:
    """Staff archive an order."""
    order = _order(store, arguments)
    archive(store, order)
    return {"id": order.id}


def remove_order(store: Store, arguments: Record) -> Record:
    """Deletes an order permanently after its last event, so that a webhook refers to a missing order."""
    order = _order(store, arguments)
    order_event(store, UPDATED, order)
    store.orders.pop(order.id)
    return {"id": order.id}


def corrupt_order(store: Store, arguments: Record) -> Record:
    """Corrupts how an order is rendered: `set` and `drop` for the order, product_set and product_drop for lines.

    Likewise address_, tax_, coupon_, fee_, shipment_, transaction_, refund_ and consignments_. `unlisted` omits the
    order from lists, as happens to orders that change during paging. An empty call repairs the order.
    The order counts as modified in every case.
    """
    order = _order(store, arguments)
    order.corruption = {name: value for name, value in arguments.items() if name != "order_id"}
    touch(store, order)
    order_event(store, UPDATED, order)
    return {"id": order.id}


def write_message(store: Store, arguments: Record) -> Record:
    """Customer or staff (`by_staff`) write a message about an order: text, subject."""
    order = _order(store, arguments)
    row = add_message(
        store,
        order,
        text=str(arguments["text"]),
        subject=str(arguments.get("subject") or ""),
        by_staff=bool(arguments.get("by_staff")),
    )
    return {"id": row["id"]}


def announce(store: Store, arguments: Record) -> Record:
    """Sends an event with any scope and data."""
    emit(store, str(arguments["scope"]), dict(arguments["data"]))
    return {"announced": arguments["scope"]}


def settings(store: Store, arguments: Record) -> Record:
    """Updates store settings: currency, prices_include_tax, tax_classes, shipping_tax_class_id, status_labels."""
    store.settings |= arguments
    return store.settings


def api_account(store: Store, arguments: Record) -> Record:
    """Adds another API account, or replaces its token and scopes: client_id, token, scopes."""
    account = open_account(store, str(arguments["client_id"]), str(arguments["token"]), arguments.get("scopes"))
    return {"client_id": account.client_id, "scopes": sorted(account.scopes) if account.scopes is not None else None}


def revoke_account(store: Store, arguments: Record) -> Record:
    """Deletes an account and its token. Raises KeyError."""
    del store.accounts[str(arguments["client_id"])]
    return {"revoked": arguments["client_id"]}


ACTIONS: Final[dict[str, Action]] = {
    **catalog_actions.ACTIONS,
    "place_order": place_order,
    "set_status": set_status,
    "cancel_order": cancel_order,
    "capture_payment": capture_payment,
    "void_payment": void_payment,
    "set_payment_status": set_payment_status,
    "edit_order": edit_order,
    "refund_order": refund_order,
    "archive_order": archive_order,
    "remove_order": remove_order,
    "corrupt_order": corrupt_order,
    "write_message": write_message,
    "announce": announce,
    "settings": settings,
    "api_account": api_account,
    "revoke_account": revoke_account,
}


def _edit_lines(store: Store, order: Order, arguments: Record) -> None:
    if "quantity" in arguments:
        row = _line(order, arguments["line"])
        requantify(store, order, row, int(arguments["quantity"]))
    if "remove_line" in arguments:
        row = _line(order, arguments["remove_line"])
        release_stock(store, row)
        order.products.remove(row)
    order.products += [new_line(store, order, line) for line in arguments.get("add_lines") or []]
    settle_stock(store, order)


def _line(order: Order, line_id: Any) -> Record:
    row = order.line(line_id)
    if row is None:
        raise ValueError(f"order {order.id} has no line {line_id}")
    return row


def _charge_shipping(order: Order, cost: Any) -> None:
    order.entered.pop("shipping_pair", None)
    if not order.addresses:
        order.entered["shipping"] = decimal(cost)
    for position, row in enumerate(order.addresses):
        row["_shipping"] = decimal(cost) if position == 0 else ZERO


def _order(store: Store, arguments: Record) -> Order:
    return store.orders[int(arguments["order_id"])]
