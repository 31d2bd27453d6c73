"""What shoppers and staff do to orders beside the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from weighbridge_twins.bigcommerce import catalog_acts, payments, placing
from weighbridge_twins.bigcommerce.access import open_account
from weighbridge_twins.bigcommerce.events import emit, order_event
from weighbridge_twins.bigcommerce.order_book import Order
from weighbridge_twins.bigcommerce.order_create import enter
from weighbridge_twins.bigcommerce.order_lines import new_line, requantify
from weighbridge_twins.bigcommerce.order_parts import add_message
from weighbridge_twins.bigcommerce.order_statuses import UPDATED, change_status, status_of, touch
from weighbridge_twins.bigcommerce.order_stock import CANCELLED, NOT_COMPLETED, give_back, settle_stock, short_of
from weighbridge_twins.bigcommerce.orders import archive
from weighbridge_twins.bigcommerce.pricing import reprice
from weighbridge_twins.bigcommerce.records import ZERO, Record, decimal
from weighbridge_twins.bigcommerce.refunds import refund_order as refunded
from weighbridge_twins.bigcommerce.state import Shop
from weighbridge_twins.bigcommerce.tenders import unpaid

Act = Callable[[Shop, Any], Any]


def place_order(shop: Shop, spec: Record) -> Record:
    """A shopper's order, see `placing`. Raises ValueError where the shop has too little and does not oversell."""
    order = placing.place(shop, spec)
    short = None if shop.switches["sells_below_zero"] or order.status_id in NOT_COMPLETED else short_of(shop, order)
    if short:
        raise ValueError(f"{short} is out of stock")
    enter(shop, order)
    return {"id": order.id, "total_inc_tax": str(order.fields["total_inc_tax"])}


def set_status(shop: Shop, wanted: Record) -> Record:
    """Any status may follow any other. Completing checkout takes stock, cancelling gives it back."""
    order = _order(shop, wanted)
    touch(shop, order)
    change_status(shop, order, status_of(wanted["status_id"]))
    order_event(shop, UPDATED, order)
    return {"id": order.id, "status_id": order.status_id}


def cancel_order(shop: Shop, wanted: Record) -> Record:
    """Staff cancel an order."""
    return set_status(shop, {**wanted, "status_id": CANCELLED})


def capture_payment(shop: Shop, wanted: Record) -> Record:
    """What was authorised is captured, or a shopper pays who had not paid."""
    order = _order(shop, wanted)
    payments.capture_payment(shop, order)
    return {"id": order.id, "payment_status": order.fields["payment_status"]}


def void_payment(shop: Shop, wanted: Record) -> Record:
    """What was authorised is let go."""
    order = _order(shop, wanted)
    payments.void_payment(shop, order)
    return {"id": order.id, "payment_status": order.fields["payment_status"]}


def set_payment_status(shop: Shop, wanted: Record) -> Record:
    """A gateway reports something that no transaction tells: declined, held for review, pending ..."""
    order = _order(shop, wanted)
    order.fields["payment_status"] = str(wanted["payment_status"])
    touch(shop, order)
    order_event(shop, UPDATED, order)
    return {"id": order.id, "payment_status": order.fields["payment_status"]}


def edit_order(shop: Shop, wanted: Record) -> Record:
    """Staff edit an order; `line` and `quantity` change, add_lines add, remove_line takes out a line.

    Also: staff_notes, customer_message, billing_address, shipping_address (the first), shipping_cost, order_discount.
    """
    order = _order(shop, wanted)
    order.fields |= {name: str(wanted[name]) for name in ("staff_notes", "customer_message") if name in wanted}
    if "shipping_address" in wanted and order.addresses:
        placing.changed_address(order.addresses[0], wanted["shipping_address"])
    if "billing_address" in wanted:
        order.fields["billing_address"] |= wanted["billing_address"]
    _edit_lines(shop, order, wanted)
    if "shipping_cost" in wanted:
        _charge_shipping(order, wanted["shipping_cost"])
    if "order_discount" in wanted:
        order.entered["manual_discount"] = decimal(wanted["order_discount"])
    if {"shipping_cost", "order_discount", "quantity", "remove_line", "add_lines"} & set(wanted):
        reprice(shop, order)
    touch(shop, order)
    order_event(shop, UPDATED, order)
    return {"id": order.id, "total_inc_tax": str(order.fields["total_inc_tax"]), "unpaid": str(unpaid(shop, order))}


def refund_order(shop: Shop, wanted: Record) -> Record:
    """Staff refund items, as the API takes them; also tax_adjustment_amount, payments, reason, declined."""
    refund = refunded(shop, _order(shop, wanted), wanted)
    return {"id": refund["id"], "total_amount": str(refund["total_amount"])}


def archive_order(shop: Shop, wanted: Record) -> Record:
    """Staff put an order away."""
    order = _order(shop, wanted)
    archive(shop, order)
    return {"id": order.id}


def remove_order(shop: Shop, wanted: Record) -> Record:
    """Gone for good, after its events went out: hooks arrive for an order that no longer exists."""
    order = _order(shop, wanted)
    order_event(shop, UPDATED, order)
    shop.orders.pop(order.id)
    return {"id": order.id}


def corrupt_order(shop: Shop, wanted: Record) -> Record:
    """Spoils how an order is shown: `set` and `drop` on the order, product_set and product_drop on its lines.

    Likewise address_, tax_, coupon_, fee_, shipment_, transaction_, refund_ and consignments_. `unlisted` leaves it out
    of lists, as they do with what moves while they are paged. An empty call heals it.
    The order counts as modified either way.
    """
    order = _order(shop, wanted)
    order.corruption = {name: value for name, value in wanted.items() if name != "order_id"}
    touch(shop, order)
    order_event(shop, UPDATED, order)
    return {"id": order.id}


def write_message(shop: Shop, wanted: Record) -> Record:
    """Customer or staff (`by_staff`) write about an order: text, subject."""
    order = _order(shop, wanted)
    row = add_message(
        shop,
        order,
        text=str(wanted["text"]),
        subject=str(wanted.get("subject") or ""),
        by_staff=bool(wanted.get("by_staff")),
    )
    return {"id": row["id"]}


def announce(shop: Shop, wanted: Record) -> Record:
    """An event of any scope and data, as the store might send it."""
    emit(shop, str(wanted["scope"]), dict(wanted["data"]))
    return {"announced": wanted["scope"]}


def settings(shop: Shop, wanted: Record) -> Record:
    """Changes store settings: currency, prices_include_tax, tax_classes, shipping_tax_class_id, status_labels."""
    shop.settings |= wanted
    return shop.settings


def api_account(shop: Shop, wanted: Record) -> Record:
    """An API account beside the store's own, or the same one with other scopes: client_id, token, scopes."""
    account = open_account(shop, str(wanted["client_id"]), str(wanted["token"]), wanted.get("scopes"))
    return {"client_id": account.client_id, "scopes": sorted(account.scopes) if account.scopes is not None else None}


def revoke_account(shop: Shop, wanted: Record) -> Record:
    """An account is deleted, and its token with it. Raises KeyError."""
    del shop.accounts[str(wanted["client_id"])]
    return {"revoked": wanted["client_id"]}


ACTS: Final[dict[str, Act]] = {
    **catalog_acts.ACTS,
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


def _edit_lines(shop: Shop, order: Order, wanted: Record) -> None:
    if "quantity" in wanted:
        row = _line(order, wanted["line"])
        requantify(shop, order, row, int(wanted["quantity"]))
    if "remove_line" in wanted:
        row = _line(order, wanted["remove_line"])
        give_back(shop, row)
        order.products.remove(row)
    order.products += [new_line(shop, order, line) for line in wanted.get("add_lines") or []]
    settle_stock(shop, order)


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


def _order(shop: Shop, wanted: Record) -> Order:
    return shop.orders[int(wanted["order_id"])]
