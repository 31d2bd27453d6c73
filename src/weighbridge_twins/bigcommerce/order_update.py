"""PUT /v2/orders/{id}: changes what is named, with all that the vendor recomputes, clears or deletes on the way.

Source: Orders V2, PUT /orders/{id}; platform notes, bigcommerce 2.7.
"""

from __future__ import annotations

from typing import Any, Final

from weighbridge_twins.bigcommerce.errors import Refusal
from weighbridge_twins.bigcommerce.events import order_event
from weighbridge_twins.bigcommerce.order_book import Order
from weighbridge_twins.bigcommerce.order_create import api_line, take_overrides
from weighbridge_twins.bigcommerce.order_lines import enter_price, new_line, requantify, wrap
from weighbridge_twins.bigcommerce.order_requests import PLAIN, invalid, rows, unwritable, whole, written
from weighbridge_twins.bigcommerce.order_shown import shown
from weighbridge_twins.bigcommerce.order_statuses import UPDATED, change_status, find, status_of, touch
from weighbridge_twins.bigcommerce.order_stock import give_back, settle_stock
from weighbridge_twins.bigcommerce.orders import archive
from weighbridge_twins.bigcommerce.placing import ADDRESS, changed_address, fee_row
from weighbridge_twins.bigcommerce.pricing import reprice
from weighbridge_twins.bigcommerce.records import ZERO, Record
from weighbridge_twins.bigcommerce.rendering import parse_date
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Shop
from weighbridge_twins.call import Answer, Call

routes = Routes()
QUIET: Final = frozenset({"external_order_id", "staff_notes"})
"""Members of which nobody says whether writing them changes date_modified."""


@routes.on("PUT", "/v2/orders/{order_id}")
def update_order(shop: Shop, call: Call, order_id: str) -> Answer:
    """Changes what is named. Naming `products` clears their discounts; naming `fees` replaces all of them."""
    order = find(shop, order_id)
    body = written(call)
    if "external_order_id" in body and body["external_order_id"] is None:
        body = {**body, "external_order_id": ""}
    _check(shop, order, body)
    order.fields |= {name: body[name] for name in PLAIN if name in body}
    _people(order, body)
    repriced = _goods(shop, order, body)
    if "fees" in body:
        order.fees = [fee_row(shop, order, {**_kept_fee(order, fee), **fee}) for fee in rows(body, "fees")]
        repriced = True
    if repriced:
        reprice(shop, order)
    take_overrides(shop, order, body)
    if not set(body) <= QUIET or shop.switches["update_bumps_date_modified"]:
        touch(shop, order)
    if "status_id" in body:
        change_status(shop, order, status_of(body["status_id"]))
    elif "products" in body:
        settle_stock(shop, order)
    if body.get("is_deleted") is True:
        archive(shop, order)
    order_event(shop, UPDATED, order)
    return Answer(200, shown(shop, order, call))


def _check(shop: Shop, order: Order, body: Record) -> None:
    """Everything that is refused is refused before anything changes."""
    if "status_id" in body:
        status_of(body["status_id"])
    customer_id = whole("customer_id", body.get("customer_id") or 0)
    if customer_id and customer_id not in shop.customers:
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
        own = order.line(line["id"]) if line.get("id") else None
        if line.get("id") and own is None:
            raise invalid("products", f"line {line['id']} does not belong to the order")
        if own is None:
            api_line(shop, line)
        elif whole("quantity", line.get("quantity", own["quantity"])) < own["quantity_shipped"]:
            raise Refusal(400, "The quantity is below what has been shipped.")


def _people(order: Order, body: Record) -> None:
    """Who bought and where it goes. An address moves no figure here: tax and shipping stay those of the old one."""
    if "customer_id" in body:
        order.fields["customer_id"] = int(body["customer_id"])
    if body.get("date_created"):
        order.fields["date_created"] = parse_date(str(body["date_created"]))
    if body.get("billing_address"):
        changed_address(order.fields["billing_address"], body["billing_address"])
        order.fields["billing_address"].pop("shipping_method", None)
    moved = [*rows(body, "shipping_addresses"), *rows(body.get("consignments") or {}, "shipping")]
    for given in moved:
        row = order.address(given.get("id"))
        if row is not None:
            changed_address(row, given)


def _goods(shop: Shop, order: Order, body: Record) -> bool:
    """Changes, adds and removes (quantity 0) lines; True when figures have to be computed anew."""
    if "products" not in body:
        return False
    for line in rows(body, "products"):
        row = order.line(line["id"]) if line.get("id") else None
        if row is None:
            order.products.append(new_line(shop, order, api_line(shop, line)))
        else:
            _change_line(shop, order, row, line)
    every = shop.switches["products_put_clears"] == "all_lines"
    named = {int(line["id"]) for line in rows(body, "products") if line.get("id")}
    for row in order.products:
        if every or row["id"] in named:
            _clear_discounts(row)
    if every:
        order.entered["manual_discount"] = ZERO
    if all(not row["_coupon_given"] for row in order.products):
        order.coupons = []
    return True


def _change_line(shop: Shop, order: Order, row: Record, line: Record) -> None:
    quantity = whole("quantity", line.get("quantity", row["quantity"]))
    if quantity == 0 and row["quantity"]:
        give_back(shop, row)
        order.products.remove(row)
        return
    row |= {name: line[name] for name in ("name", "name_customer", "name_merchant", "upc") if name in line}
    if quantity != row["quantity"]:
        requantify(shop, order, row, quantity)
    if line.get("price_ex_tax") is not None or line.get("price_inc_tax") is not None:
        enter_price(shop, order, row, line, ZERO)
    if line.get("wrapping_name") or line.get("wrapping_id"):
        cost: Any = line.get("wrapping_cost_inc_tax" if shop.settings["prices_include_tax"] else "wrapping_cost_ex_tax")
        wrap(shop, row, {"id": line.get("wrapping_id"), "name": line.get("wrapping_name"), "cost": cost})


def _clear_discounts(row: Record) -> None:
    row |= {"_promotion": ZERO, "_coupon_given": ZERO, "_coupon_code": None}


def _kept_fee(order: Order, fee: Record) -> Record:
    """A fee that the body names by its id keeps what the body does not name; fees it does not name are gone."""
    return next((one for one in order.fees if fee.get("id") == one["id"]), {})
