"""PUT /v2/orders/{id}: changes the given members, with all values that the vendor recomputes, clears or deletes.

Source: Orders V2, PUT /orders/{id}; platform notes, bigcommerce 2.7.
"""

from __future__ import annotations

from typing import Any, Final

from weighbridge_twins.bigcommerce.errors import Refusal
from weighbridge_twins.bigcommerce.events import order_event
from weighbridge_twins.bigcommerce.order_create import api_line, apply_overrides
from weighbridge_twins.bigcommerce.order_index import Order
from weighbridge_twins.bigcommerce.order_lines import enter_price, new_line, requantify, wrap
from weighbridge_twins.bigcommerce.order_rendering import render_order
from weighbridge_twins.bigcommerce.order_requests import PLAIN, invalid, parse_body, rows, unwritable, whole_number
from weighbridge_twins.bigcommerce.order_statuses import UPDATED, change_status, find, status_of, touch
from weighbridge_twins.bigcommerce.order_stock import release_stock, settle_stock
from weighbridge_twins.bigcommerce.orders import archive
from weighbridge_twins.bigcommerce.placing import ADDRESS, changed_address, fee_row
from weighbridge_twins.bigcommerce.pricing import reprice
from weighbridge_twins.bigcommerce.records import ZERO, Record
from weighbridge_twins.bigcommerce.rendering import parse_date
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Store
from weighbridge_twins.http.call import Answer, Call

routes = Routes()
BUMP_UNDOCUMENTED: Final = frozenset({"external_order_id", "staff_notes"})
"""Members for which the documents do not say whether writing them changes date_modified."""


@routes.on("PUT", "/v2/orders/{order_id}")
def update_order(store: Store, call: Call, order_id: str) -> Answer:
    """Updates the given members. Sending `products` clears their discounts; sending `fees` replaces all fees."""
    order = find(store, order_id)
    body = parse_body(call)
    if "external_order_id" in body and body["external_order_id"] is None:
        body = {**body, "external_order_id": ""}
    _check(store, order, body)
    order.fields |= {name: body[name] for name in PLAIN if name in body}
    _change_customer_and_addresses(order, body)
    repriced = _change_lines(store, order, body)
    if "fees" in body:
        order.fees = [fee_row(store, order, {**_existing_fee(order, fee), **fee}) for fee in rows(body, "fees")]
        repriced = True
    if repriced:
        reprice(store, order)
    apply_overrides(store, order, body)
    if not set(body) <= BUMP_UNDOCUMENTED or store.switches["update_bumps_date_modified"]:
        touch(store, order)
    if "status_id" in body:
        change_status(store, order, status_of(body["status_id"]))
    elif "products" in body:
        settle_stock(store, order)
    if body.get("is_deleted") is True:
        archive(store, order)
    order_event(store, UPDATED, order)
    return Answer(200, render_order(store, order, call))


def _check(store: Store, order: Order, body: Record) -> None:
    """Raises Refusal before anything is changed."""
    if "status_id" in body:
        status_of(body["status_id"])
    customer_id = whole_number("customer_id", body.get("customer_id") or 0)
    if customer_id and customer_id not in store.customers:
        raise invalid("customer_id", f"customer {customer_id} does not exist")
    for name in ("billing_address", "consignments"):
        if name in body and not isinstance(body[name], dict):
            raise invalid(name, "it must be an object")
    for name in body.get("billing_address") or {}:
        if name not in (*ADDRESS, "form_fields"):
            raise unwritable(name)
    for row in rows(body, "shipping_addresses"):
        if order.address(row.get("id")) is None:
            raise invalid("shipping_addresses", f"address {row.get('id')} does not belong to the order")
    for line in rows(body, "products"):
        existing_line = order.line(line["id"]) if line.get("id") else None
        if line.get("id") and existing_line is None:
            raise invalid("products", f"line {line['id']} does not belong to the order")
        if existing_line is None:
            api_line(store, line)
            continue
        quantity = whole_number("quantity", line.get("quantity", existing_line["quantity"]))
        if quantity < existing_line["quantity_shipped"]:
            raise Refusal(400, "The quantity is below what has been shipped.")


def _change_customer_and_addresses(order: Order, body: Record) -> None:
    """Changes customer and addresses. Tax and shipping amounts stay those of the old address."""
    if "customer_id" in body:
        order.fields["customer_id"] = int(body["customer_id"])
    if body.get("date_created"):
        order.fields["date_created"] = parse_date(str(body["date_created"]))
    if body.get("billing_address"):
        changed_address(order.fields["billing_address"], body["billing_address"])
        order.fields["billing_address"].pop("shipping_method", None)
    moved = [*rows(body, "shipping_addresses"), *rows(body.get("consignments") or {}, "shipping")]
    for address in moved:
        row = order.address(address.get("id"))
        if row is not None:
            changed_address(row, address)


def _change_lines(store: Store, order: Order, body: Record) -> bool:
    """Updates, adds and removes (quantity 0) lines. True if the amounts must be computed again."""
    if "products" not in body:
        return False
    for line in rows(body, "products"):
        row = order.line(line["id"]) if line.get("id") else None
        if row is None:
            order.products.append(new_line(store, order, api_line(store, line)))
        else:
            _change_line(store, order, row, line)
    clears_all = store.switches["products_put_clears"] == "all_lines"
    named = {int(line["id"]) for line in rows(body, "products") if line.get("id")}
    for row in order.products:
        if clears_all or row["id"] in named:
            _clear_discounts(row)
    if clears_all:
        order.entered["manual_discount"] = ZERO
    if all(not row["_coupon_given"] for row in order.products):
        order.coupons = []
    return True


def _change_line(store: Store, order: Order, row: Record, line: Record) -> None:
    quantity = whole_number("quantity", line.get("quantity", row["quantity"]))
    if quantity == 0 and row["quantity"]:
        release_stock(store, row)
        order.products.remove(row)
        return
    row |= {name: line[name] for name in ("name", "name_customer", "name_merchant", "upc") if name in line}
    if quantity != row["quantity"]:
        requantify(store, order, row, quantity)
    if line.get("price_ex_tax") is not None or line.get("price_inc_tax") is not None:
        enter_price(store, order, row, line, ZERO)
    if line.get("wrapping_name") or line.get("wrapping_id"):
        cost: Any = line.get(
            "wrapping_cost_inc_tax" if store.settings["prices_include_tax"] else "wrapping_cost_ex_tax"
        )
        wrap(store, row, {"id": line.get("wrapping_id"), "name": line.get("wrapping_name"), "cost": cost})


def _clear_discounts(row: Record) -> None:
    row |= {"_promotion": ZERO, "_coupon_given": ZERO, "_coupon_code": None}


def _existing_fee(order: Order, fee: Record) -> Record:
    """The fee with the id in the body; it keeps members that the body omits. Fees without an entry are deleted."""
    return next((row for row in order.fees if fee.get("id") == row["id"]), {})
