"""POST /v2/orders: creates a manual order with prices and totals computed by the caller.

Source: Orders V2, POST /orders; platform notes, bigcommerce 2.2 and 2.3.
"""

from __future__ import annotations

from typing import Any, Final

from weighbridge_twins.bigcommerce import placing
from weighbridge_twins.bigcommerce.errors import Refusal
from weighbridge_twins.bigcommerce.events import order_event
from weighbridge_twins.bigcommerce.order_index import Order
from weighbridge_twins.bigcommerce.order_rendering import render_order
from weighbridge_twins.bigcommerce.order_requests import (
    PAIRS,
    PLAIN,
    amount,
    invalid,
    missing,
    pair,
    parse_body,
    rows,
    whole_number,
)
from weighbridge_twins.bigcommerce.order_statuses import STATUS_UPDATED, status_of
from weighbridge_twins.bigcommerce.order_stock import NOT_COMPLETED, settle_stock
from weighbridge_twins.bigcommerce.pricing import reprice
from weighbridge_twins.bigcommerce.records import Record
from weighbridge_twins.bigcommerce.rendering import parse_date
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Store
from weighbridge_twins.http.call import Answer, Call

routes = Routes()
PENDING: Final = 1
LINE_FIELDS: Final = ("name", "name_customer", "name_merchant", "sku", "upc", "product_options", "price_ex_tax",
                "price_inc_tax", "product_id", "variant_id")  # fmt: skip


@routes.on("POST", "/v2/orders")
def create_order(store: Store, call: Call) -> Answer:
    """Creates an order with catalogue products or custom items. Two identical requests create two orders.

    Prices of customer groups and price lists, and promotions, do not apply.
    """
    body = parse_body(call, "external_merchant_id")
    try:
        order = placing.build_order(store, _spec(store, body))
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise Refusal(400, "The request body is invalid.", {"invalid_reason": str(error)}) from error
    apply_overrides(store, order, body)
    if body.get("date_created"):
        order.fields["date_created"] = parse_date(str(body["date_created"]))
    add_order(store, order)
    return Answer(200, render_order(store, order, call))


def add_order(store: Store, order: Order) -> None:
    """Stores a new order and sends its event, also for an incomplete order. A completed order takes its stock."""
    store.orders.add(order)
    order_event(store, "store/order/created", order)
    settle_stock(store, order)
    if order.status_id not in NOT_COMPLETED:
        order_event(store, STATUS_UPDATED, order, before=0)


def api_line(store: Store, line: Record) -> Record:
    """Converts a line of a request to a basket line. Raises Refusal 400 for a product that does not exist."""
    product_id = whole_number("product_id", line.get("product_id") or 0)
    product = store.products.get(product_id)
    if product is None and product_id:
        raise invalid("product_id", f"product {product_id} does not exist")
    if product is None:
        for name in ("name", "quantity", "price_ex_tax", "price_inc_tax"):
            if line.get(name) is None:
                raise missing(name)
    elif line.get("variant_id") and all(variant.id != line["variant_id"] for variant in product.variants):
        raise invalid("variant_id", f"variant {line['variant_id']} does not belong to product {product_id}")
    spec = {name: line[name] for name in LINE_FIELDS if line.get(name) is not None}
    spec["quantity"] = whole_number("quantity", line.get("quantity", 1))
    wrapping = amount(line, "wrapping_cost_inc_tax" if store.settings["prices_include_tax"] else "wrapping_cost_ex_tax")
    if wrapping is not None or line.get("wrapping_id"):
        spec["wrapping"] = {"id": line.get("wrapping_id"), "cost": wrapping, "name": line.get("wrapping_name"),
                            "message": line.get("wrapping_message")}  # fmt: skip
    return spec


def apply_overrides(store: Store, order: Order, body: Record) -> None:
    """Applies charges, discount and totals of the caller. Only one amount of a pair makes the totals inconsistent."""
    repriced = False
    for name in ("shipping", "handling", "wrapping"):
        ex, inc = pair(body, f"{name}_cost")
        base = amount(body, f"base_{name}_cost")
        if ex is not None and inc is not None:
            order.entered[f"{name}_pair"] = (ex, inc)
        elif base is not None:
            order.entered.pop(f"{name}_pair", None)
            _enter_base(order, name, base)
        repriced = repriced or base is not None or ex is not None or inc is not None
    discount = amount(body, "discount_amount")
    if discount is not None:
        if discount < 0:
            raise invalid("discount_amount", "it is below zero")
        order.entered["manual_discount"] = discount
    if repriced or discount is not None:
        reprice(store, order)
    for name in PAIRS:
        sides = dict(zip(("ex_tax", "inc_tax"), pair(body, name), strict=True))
        order.fields |= {f"{name}_{side}": value for side, value in sides.items() if value is not None}
    if None not in pair(body, "total"):
        order.fields["total_tax"] = order.fields["total_inc_tax"] - order.fields["total_ex_tax"]


def _enter_base(order: Order, name: str, cost: Any) -> None:
    if order.addresses and name != "wrapping":
        for position, row in enumerate(order.addresses):
            row[f"_{name}"] = cost if position == 0 else cost - cost
    else:
        order.entered[name] = cost


def _spec(store: Store, body: Record) -> Record:
    if not isinstance(body.get("billing_address"), dict):
        raise missing("billing_address")
    if not rows(body, "products") and not body.get("consignments"):
        raise missing("products")
    customer_id = whole_number("customer_id", body.get("customer_id") or 0)
    if customer_id and customer_id not in store.customers:
        raise invalid("customer_id", f"customer {customer_id} does not exist")
    return {
        **{name: body[name] for name in PLAIN if body.get(name) is not None},
        **_lines_and_destinations(store, body),
        "billing_address": body["billing_address"],
        "fees": rows(body, "fees"),
        "customer_id": customer_id,
        "currency": body.get("default_currency_code"),
        "external_merchant_id": body.get("external_merchant_id"),
        "tax_provider_id": body.get("tax_provider_id", ""),
        "status_id": status_of(body.get("status_id", PENDING)),
        "order_source": body.get("order_source") or "external",
        "payment_method": body.get("payment_method") or "Manual",
        "payment": "none",
    }


def _lines_and_destinations(store: Store, body: Record) -> Record:
    """The lines and their destinations: addresses beside the products, or consignments that contain both.

    An order is shipped or picked up, not both. Source: Orders V2, POST /orders.
    """
    lines = [api_line(store, line) for line in rows(body, "products")]
    consignments = body.get("consignments") or {}
    if not consignments:
        return {"lines": lines, "shipping_addresses": rows(body, "shipping_addresses")}
    if body.get("shipping_addresses"):
        raise invalid("consignments", "shipping_addresses are given as well")
    shipping, pickups = rows(consignments, "shipping"), rows(consignments, "pickups")
    if shipping and pickups:
        raise invalid("consignments", "an order is shipped or picked up, not both")
    for position, row in enumerate(shipping):
        lines += [{**api_line(store, line), "address": position} for line in rows(row, "line_items")]
    for row in pickups:
        lines += [api_line(store, line) for line in rows(row, "line_items")]
    for row in rows(consignments, "downloads"):
        lines += [{**api_line(store, line), "type": "digital"} for line in rows(row, "line_items")]
    plain = [{name: value for name, value in row.items() if name != "line_items"} for row in pickups]
    return {"lines": lines, "shipping_addresses": shipping, "pickups": plain}
