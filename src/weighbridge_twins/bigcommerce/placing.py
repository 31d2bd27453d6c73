"""Builds an order from a basket: enters lines, addresses, charges, fees and coupons, then prices and pays it.

Members of a basket, all but `lines` optional:

    lines               [{sku | product_id + variant_id | name, quantity, price | line_total | price_ex_tax +
                        price_inc_tax, discount, coupon, coupon_code, address, type, parent, tax_class_id,
                        product_options, wrapping: {cost, name, message}}]; `address` and `parent` are positions
    shipping_addresses  [{the vendor's address members, shipping_method, shipping_cost, handling_cost}]
    pickups             [{pickup_method_id, pickup_method_display_name, location}]
    shipping_cost, handling_cost, wrapping_cost, fees [{name, cost, tax_class_id}]
    order_discount      off the whole order, with tax
    gift_certificate, store_credit, payment, payment_method, test, coupon_code, coupon_type
    currency, exchange_rate, display_currency, display_exchange_rate
    status_id, customer_id, billing_address, channel_id, order_source, staff_notes, customer_message, cart_id ...
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from weighbridge_twins.bigcommerce.order_index import Order
from weighbridge_twins.bigcommerce.order_lines import NON_TAXABLE, new_line
from weighbridge_twins.bigcommerce.pricing import overridden, reprice
from weighbridge_twins.bigcommerce.records import ZERO, Record, decimal
from weighbridge_twins.bigcommerce.state import Store
from weighbridge_twins.bigcommerce.tax_arithmetic import order_tax_rules
from weighbridge_twins.bigcommerce.tenders import limit_tenders, pay_at_checkout

ADDRESS: Final = ("first_name", "last_name", "company", "street_1", "street_2", "city", "state", "zip", "country",
                  "country_iso2", "phone", "email")  # fmt: skip


def build_order(store: Store, spec: Record) -> Order:
    """Builds an order from a basket without storing it. Raises ValueError for an invalid value."""
    now = store.now().replace(microsecond=0)
    order = Order({"id": store.next_id("order", 100), "date_created": now, "date_modified": now})
    order.fields |= _header(store, order, spec)
    order.addresses = [new_address(store, order, row) for row in spec.get("shipping_addresses") or []]
    order.pickups = [{"id": store.next_id("pickup"), **row} for row in spec.get("pickups") or []]
    for line in spec.get("lines") or []:
        order.products.append(new_line(store, order, line))
    _charges(order, spec)
    order.fees = [fee_row(store, order, fee) for fee in spec.get("fees") or []]
    reprice(store, order)
    limit_tenders(order, spec)
    if not store.switches["order_total_includes_tenders"]:
        reprice(store, order)
    _coupons(store, order, spec)
    order.fields["order_is_digital"] = _is_digital(order)
    order.fields["shipping_address_count"] = len(order.addresses)
    pay_at_checkout(store, order, spec)
    return order


def fee_row(store: Store, order: Order, fee: Record) -> Record:
    """A fee with its tax: from `cost`, entered like prices, or from cost_ex_tax and cost_inc_tax of the caller."""
    class_id = int(fee.get("tax_class_id") or NON_TAXABLE)
    rules = order_tax_rules(store, order)
    if fee.get("cost_ex_tax") is not None and fee.get("cost_inc_tax") is not None:
        cost = overridden(decimal(fee["cost_ex_tax"]), decimal(fee["cost_inc_tax"]))
    else:
        costs = (fee.get(name) for name in ("cost", "cost_inc_tax", "cost_ex_tax"))
        cost = rules.taxed(decimal(next((value for value in costs if value is not None), 0)), class_id)
    name = str(fee.get("name") or fee.get("display_name_merchant") or fee.get("display_name_customer") or "Fee")
    return {
        "id": int(fee.get("id") or store.next_id("fee")),
        "type": "custom_fee",
        "display_name_customer": str(fee.get("display_name_customer") or name),
        "display_name_merchant": str(fee.get("display_name_merchant") or name),
        "source": str(fee.get("source") or "v2"),
        "base_cost": cost.inc if rules.inclusive else cost.ex,
        "cost_ex_tax": cost.ex,
        "cost_inc_tax": cost.inc,
        "cost_tax": cost.tax,
        "tax_class_id": class_id,
    }


def new_address(store: Store, order: Order, values: Record) -> Record:
    """A shipping address of the order, with its shipping and handling cost."""
    return {
        "id": store.next_id("order_address", 500),
        "order_id": order.id,
        **{name: str(values.get(name) or "") for name in ADDRESS},
        "shipping_method": str(values.get("shipping_method") or "Flat Rate"),
        "shipping_zone_id": 1,
        "shipping_zone_name": "Everywhere",
        "form_fields": list(values.get("form_fields") or []),
        "_shipping": decimal(values.get("shipping_cost")),
        "_handling": decimal(values.get("handling_cost")),
    }


def _charges(order: Order, spec: Record) -> None:
    for name in ("shipping", "handling"):
        cost = decimal(spec.get(f"{name}_cost"))
        if order.addresses:
            order.addresses[0][f"_{name}"] += cost
        else:
            order.entered[name] = cost
    order.entered["wrapping"] = decimal(spec.get("wrapping_cost"))
    order.entered["manual_discount"] = decimal(spec.get("order_discount"))


def _coupons(store: Store, order: Order, spec: Record) -> None:
    """One row per code: `discount` is money, `amount` a percentage or money by type. Source: notes 2.6."""
    values: dict[str, Decimal] = {}
    for row in order.products:
        code = row["_coupon_code"] or spec.get("coupon_code")
        if row["_coupon"] and code:
            values[str(code)] = values.get(str(code), ZERO) + row["_coupon"]
    kind = int(spec.get("coupon_type", 2))
    for code, value in values.items():
        amount = decimal(spec["coupon_amount"]) if spec.get("coupon_amount") is not None else value
        row = {"id": store.next_id("coupon"), "coupon_id": 1, "order_id": order.id, "code": code, "amount": amount}
        order.coupons.append({**row, "type": kind, "discount": value})


def _is_digital(order: Order) -> bool:
    return bool(order.products) and all(row["type"] == "digital" for row in order.products)


def _header(store: Store, order: Order, spec: Record) -> Record:
    currency = spec.get("currency") or store.settings["currency"]
    billing: Record = spec.get("billing_address") or {}
    return {
        "customer_id": int(spec.get("customer_id") or 0),
        "date_shipped": None,
        "status_id": int(spec.get("status_id", 11)),
        "payment_method": spec.get("payment_method") or "Credit Card",
        "payment_provider_id": None,
        "payment_status": "",
        "gift_certificate_amount": ZERO,
        "store_credit_amount": ZERO,
        "ip_address": spec.get("ip_address") or "203.0.113.7",
        "ip_address_v6": spec.get("ip_address_v6") or "",
        "geoip_country": spec.get("geoip_country") or "United States",
        "geoip_country_iso2": spec.get("geoip_country_iso2") or "US",
        "currency_id": 1,
        "currency_code": spec.get("display_currency") or currency,
        "currency_exchange_rate": decimal(spec.get("display_exchange_rate") or 1),
        "default_currency_id": 1,
        "default_currency_code": currency,
        "store_default_currency_code": store.settings["currency"],
        "store_default_to_transactional_exchange_rate": decimal(spec.get("exchange_rate") or 1),
        "staff_notes": spec.get("staff_notes") or "",
        "customer_message": spec.get("customer_message") or "",
        "refunded_amount": ZERO,
        "ebay_order_id": spec.get("ebay_order_id") or "0",
        "cart_id": spec.get("cart_id") or f"cart-{order.id}",
        "billing_address": {
            **{name: str(billing.get(name) or "") for name in ADDRESS},
            "form_fields": list(billing.get("form_fields") or []),
        },
        "is_email_opt_in": bool(spec.get("is_email_opt_in", False)),
        "credit_card_type": None,
        "order_source": spec.get("order_source") or "www",
        "channel_id": int(spec.get("channel_id") or 1),
        "external_source": spec.get("external_source"),
        "external_id": None,
        "external_merchant_id": spec.get("external_merchant_id"),
        "external_order_id": spec.get("external_order_id") or "",
        "tax_provider_id": spec.get("tax_provider_id", "BasicTaxProvider"),
        "customer_locale": spec.get("customer_locale") or "en",
        "is_deleted": False,
        "is_tax_inclusive_pricing": bool(store.settings["prices_include_tax"]),
    }


def changed_address(row: Record, values: Any) -> None:
    """Updates the members of an address that `values` contains."""
    row |= {name: str(values[name] or "") for name in (*ADDRESS, "shipping_method") if name in values}
    if "form_fields" in values:
        row["form_fields"] = list(values["form_fields"] or [])
