"""The checkout's arithmetic: from a basket to an order whose figures hang together as the vendor's do.

The with-tax chain adds up: lines + shipping + handling + wrapping + fees - discounts - coupons = total_inc_tax, and
total_ex_tax = total_inc_tax - total_tax. Tax is computed on discounted amounts. Source: platform notes,
bigcommerce 2.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from weighbridge.twins.bigcommerce.rendering import cents
from weighbridge.twins.bigcommerce.state import ZERO, Order, Record, Shop

FOUR = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Taxed:
    """An amount with its tax: `rows` are (tax name, class name, rate, amount, priority)."""

    ex: Decimal
    inc: Decimal
    rows: tuple[tuple[str, str, Decimal, Decimal, int], ...]

    @property
    def tax(self) -> Decimal:
        return self.inc - self.ex


def taxed(shop: Shop, amount: Decimal, class_id: int) -> Taxed:
    """`amount` (with or without tax, as the store enters prices) and the taxes of its class."""
    tax_class = shop.tax_class(class_id)
    rates = [(rate["name"], Decimal(rate["rate"])) for rate in tax_class["rates"]]
    percent = sum((rate for _, rate in rates), ZERO)
    if shop.settings["prices_include_tax"]:
        inc, ex = amount, amount - cents(amount * percent / (100 + percent))
    else:
        ex = amount
        inc = ex + sum((cents(ex * rate / 100) for _, rate in rates), ZERO)
    rows, left = [], inc - ex
    for position, (name, rate) in enumerate(rates):
        part = left if position == len(rates) - 1 else cents((inc - ex) * rate / percent)
        rows.append((name, str(tax_class["name"]), rate, part, position))
        left -= part
    return Taxed(ex, inc, tuple(rows))


def place(shop: Shop, spec: Record) -> Order:
    """An order from what a shopper chose. Line totals are authoritative; unit prices follow at four decimals."""
    order_id = shop.next_id("order", 100)
    order = Order({"id": order_id})
    addresses = spec.get("shipping_addresses") or []
    for address in addresses:
        order.addresses.append(_address(shop, order_id, address))
    first_address = order.addresses[0]["id"] if order.addresses else 0
    for line in spec.get("lines", []):
        order.products.append(_line(shop, order, line, first_address, addresses))
    charges = _charges(shop, order, spec, first_address)
    for fee in spec.get("fees") or []:
        order.fees.append(fee_row(shop, order, fee))
    _coupons(shop, order, spec)
    order.fields |= _header(shop, order, spec, charges)
    _transactions(shop, order, spec)
    return order


def _line(shop: Shop, order: Order, line: Record, address_id: int, addresses: list[Record]) -> Record:
    sku = str(line.get("sku") or "")
    found = shop.variant_by_sku(sku) if sku else None
    product, variant = found if found else (None, None)
    name = line.get("name") or (product.fields["name"] if product else sku or "Custom item")
    quantity = int(line["quantity"])
    total = _line_total(line, quantity, product)
    discount, coupon = Decimal(str(line.get("discount") or 0)), Decimal(str(line.get("coupon") or 0))
    own_class: int = product.fields["tax_class_id"] if product else 0
    class_id = int(line.get("tax_class_id", own_class))
    shown, after = taxed(shop, total, class_id), taxed(shop, total - discount - coupon, class_id)
    if "address" in line and order.addresses:
        address_id = order.addresses[int(line["address"])]["id"]
    kind = line.get("type", "physical")
    product_id = shop.next_id("order_product", 1000)
    row: Record = {
        "id": product_id,
        "order_id": order.id,
        "product_id": product.id if product else 0,
        "variant_id": variant.id if variant else 0,
        "order_pickup_method_id": 0,
        "order_address_id": address_id if kind == "physical" else 0,
        "name": name,
        "name_customer": name,
        "name_merchant": name,
        "sku": sku,
        "upc": "",
        "type": kind,
        "base_price": _unit(total, quantity),
        "price_ex_tax": _unit(shown.ex, quantity),
        "price_inc_tax": _unit(shown.inc, quantity),
        "price_tax": _unit(shown.inc, quantity) - _unit(shown.ex, quantity),
        "base_total": total,
        "total_ex_tax": shown.ex,
        "total_inc_tax": shown.inc,
        "total_tax": shown.tax,
        "quantity": quantity,
        "quantity_shipped": 0,
        "quantity_refunded": 0,
        "is_refunded": False,
        "refund_amount": ZERO,
        "return_id": 0,
        "base_cost_price": ZERO,
        "cost_price_inc_tax": ZERO,
        "cost_price_ex_tax": ZERO,
        "cost_price_tax": ZERO,
        "weight": ZERO,
        "width": ZERO,
        "height": ZERO,
        "depth": ZERO,
        "wrapping_id": 0,
        "wrapping_name": None,
        "base_wrapping_cost": ZERO,
        "wrapping_cost_ex_tax": ZERO,
        "wrapping_cost_inc_tax": ZERO,
        "wrapping_cost_tax": ZERO,
        "wrapping_message": "",
        "event_name": None,
        "event_date": "",
        "fixed_shipping_cost": ZERO,
        "ebay_item_id": "",
        "ebay_transaction_id": "",
        "option_set_id": None,
        "parent_order_product_id": line.get("parent"),
        "is_bundled_product": bool(line.get("parent")),
        "bin_picking_number": "",
        "external_id": None,
        "brand": "",
        "gift_certificate_id": None,
        "applied_discounts": _discounts(spec_code=line.get("coupon_code"), discount=discount, coupon=coupon),
        "product_options": line.get("product_options") or [],
        "configurable_fields": [],
        "discounted_total_inc_tax": after.inc,
        "_tax": after.tax,
        "_discount": discount,
        "_coupon": coupon,
    }
    for name_, class_name, rate, amount, priority in after.rows:
        _tax_row(
            order, "item", name_, class_name, class_id, rate, amount, priority, product_id, row["order_address_id"]
        )
    return row


def _line_total(line: Record, quantity: int, product: Any) -> Decimal:
    if "line_total" in line:
        return Decimal(str(line["line_total"]))
    price = Decimal(str(line["price"])) if "price" in line else Decimal(product.fields["price"])
    return cents(price * quantity)


def _unit(total: Decimal, quantity: int) -> Decimal:
    return (total / quantity).quantize(FOUR) if quantity else ZERO


def _discounts(spec_code: Any, discount: Decimal, coupon: Decimal) -> list[Record]:
    rows: list[Record] = []
    if discount:
        rows.append({"id": "total-coupon", "amount": discount, "name": "Promotion", "code": None, "target": "product"})
    if coupon:
        rows.append({"id": "coupon", "amount": coupon, "name": "Coupon", "code": spec_code, "target": "product"})
    return rows


def _tax_row(
    order: Order,
    kind: str,
    name: str,
    class_name: str,
    class_id: int,
    rate: Decimal,
    amount: Decimal,
    priority: int,
    product_id: int | None,
    address_id: int,
) -> None:
    row: Record = {
        "id": len(order.taxes) + 1,
        "order_id": order.id,
        "order_address_id": address_id,
        "tax_rate_id": 1,
        "sales_tax_id": "1",
        "tax_class_id": class_id,
        "name": name,
        "class": class_name,
        "rate": rate,
        "priority": priority,
        "priority_amount": amount,
        "line_amount": amount,
        "order_pickup_method_id": 0,
        "line_item_type": kind,
    }
    if product_id is not None:
        row["order_product_id"] = str(product_id)
    order.taxes.append(row)


def _charges(shop: Shop, order: Order, spec: Record, address_id: int) -> Record:
    """Shipping, handling and wrapping with their tax, as header figures."""
    figures: Record = {}
    kinds = (
        ("shipping", "shipping", shop.settings["shipping_tax_class_id"]),
        ("handling", "handling", shop.settings["shipping_tax_class_id"]),
        ("wrapping", "gift-wrapping", 3),
    )
    for name, kind, class_id in kinds:
        cost = taxed(shop, Decimal(str(spec.get(f"{name}_cost") or 0)), class_id)
        figures |= {
            f"base_{name}_cost": cost.inc if shop.settings["prices_include_tax"] else cost.ex,
            f"{name}_cost_ex_tax": cost.ex,
            f"{name}_cost_inc_tax": cost.inc,
            f"{name}_cost_tax": cost.tax,
            f"{name}_cost_tax_class_id": class_id,
        }
        if cost.inc:
            for tax_name, class_name, rate, amount, priority in cost.rows:
                _tax_row(order, kind, tax_name, class_name, class_id, rate, amount, priority, None, address_id)
        if name == "shipping" and order.addresses:
            order.addresses[0] |= {
                "base_cost": cost.ex,
                "cost_ex_tax": cost.ex,
                "cost_inc_tax": cost.inc,
                "cost_tax": cost.tax,
            }
    return figures


def fee_row(shop: Shop, order: Order, fee: Record) -> Record:
    cost = taxed(shop, Decimal(str(fee["cost"])), int(fee.get("tax_class_id", 1)))
    return {
        "id": shop.next_id("fee"),
        "type": "custom_fee",
        "display_name_customer": fee.get("name", "Fee"),
        "display_name_merchant": fee.get("name", "Fee"),
        "source": "v2",
        "base_cost": cost.ex,
        "cost_ex_tax": cost.ex,
        "cost_inc_tax": cost.inc,
        "cost_tax": cost.tax,
        "tax_class_id": int(fee.get("tax_class_id", 1)),
    }


def _coupons(shop: Shop, order: Order, spec: Record) -> None:
    value = sum((row["_coupon"] for row in order.products), ZERO)
    if value and spec.get("coupon_code"):
        order.coupons.append(
            {
                "id": shop.next_id("coupon"),
                "coupon_id": 1,
                "order_id": order.id,
                "code": spec["coupon_code"],
                "amount": value,
                "type": 2,
                "discount": value,
            }
        )


def totals(shop: Shop, order: Order) -> Record:
    """The header's sums over lines, charges and fees as they stand."""
    fields = order.fields
    charges = [fields[f"{name}_cost_{side}"] for name in ("shipping", "handling", "wrapping") for side in ("inc_tax",)]
    charge_tax = sum((fields[f"{name}_cost_tax"] for name in ("shipping", "handling", "wrapping")), ZERO)
    fees_inc = sum((fee["cost_inc_tax"] for fee in order.fees), ZERO)
    fees_tax = sum((fee["cost_tax"] for fee in order.fees), ZERO)
    lines = sum((row["discounted_total_inc_tax"] for row in order.products), ZERO)
    tax = sum((row["_tax"] for row in order.products), ZERO) + charge_tax + fees_tax
    inc = lines + sum(charges, ZERO) + fees_inc
    tenders = fields["gift_certificate_amount"] + fields["store_credit_amount"]
    shown = inc if shop.switches["order_total_includes_tenders"] else inc - tenders
    return {
        "subtotal_ex_tax": sum((row["total_ex_tax"] for row in order.products), ZERO),
        "subtotal_inc_tax": sum((row["total_inc_tax"] for row in order.products), ZERO),
        "subtotal_tax": sum((row["_tax"] for row in order.products), ZERO),
        "discount_amount": sum((row["_discount"] for row in order.products), ZERO),
        "coupon_discount": sum((row["_coupon"] for row in order.products), ZERO),
        "total_inc_tax": shown,
        "total_ex_tax": shown - tax,
        "total_tax": tax,
        "items_total": sum(row["quantity"] for row in order.products),
        "items_shipped": sum(row["quantity_shipped"] for row in order.products),
    }


def _header(shop: Shop, order: Order, spec: Record, charges: Record) -> Record:
    now = shop.now().replace(microsecond=0)
    currency = spec.get("currency") or shop.settings["currency"]
    order.fields |= charges | {
        "gift_certificate_amount": Decimal(str(spec.get("gift_certificate") or 0)),
        "store_credit_amount": Decimal(str(spec.get("store_credit") or 0)),
    }
    return {
        "customer_id": int(spec.get("customer_id") or 0),
        "date_created": now,
        "date_modified": now,
        "date_shipped": None,
        "status_id": int(spec.get("status_id", 11)),
        "payment_method": spec.get("payment_method") or "Credit Card",
        "payment_provider_id": None,
        "payment_status": "",
        **totals(shop, order),
        "order_is_digital": bool(order.products) and all(row["type"] == "digital" for row in order.products),
        "ip_address": "203.0.113.7",
        "ip_address_v6": "",
        "geoip_country": "United States",
        "geoip_country_iso2": "US",
        "currency_id": 1,
        "currency_code": currency,
        "currency_exchange_rate": Decimal(1),
        "default_currency_id": 1,
        "default_currency_code": currency,
        "store_default_currency_code": shop.settings["currency"],
        "store_default_to_transactional_exchange_rate": Decimal(str(spec.get("exchange_rate") or 1)),
        "staff_notes": spec.get("staff_notes") or "",
        "customer_message": spec.get("customer_message") or "",
        "refunded_amount": ZERO,
        "shipping_address_count": len(order.addresses),
        "ebay_order_id": "0",
        "cart_id": f"cart-{order.id}",
        "billing_address": {**_blank_address(), **(spec.get("billing_address") or {}), "form_fields": []},
        "is_email_opt_in": False,
        "credit_card_type": None,
        "order_source": spec.get("order_source") or "www",
        "channel_id": int(spec.get("channel_id") or 1),
        "external_source": None,
        "external_id": None,
        "external_merchant_id": None,
        "external_order_id": "",
        "tax_provider_id": "BasicTaxProvider",
        "customer_locale": "en",
        "is_deleted": False,
        "is_tax_inclusive_pricing": bool(shop.settings["prices_include_tax"]),
    }


def _blank_address() -> Record:
    names = ("first_name", "last_name", "company", "street_1", "street_2", "city", "state", "zip", "country",
             "country_iso2", "phone", "email")  # fmt: skip
    return dict.fromkeys(names, "")


def _address(shop: Shop, order_id: int, address: Record) -> Record:
    return {
        "id": shop.next_id("order_address", 500),
        "order_id": order_id,
        **_blank_address(),
        **address,
        "items_total": 0,
        "items_shipped": 0,
        "shipping_method": "Flat Rate",
        "base_cost": ZERO,
        "cost_ex_tax": ZERO,
        "cost_inc_tax": ZERO,
        "cost_tax": ZERO,
        "cost_tax_class_id": 2,
        "base_handling_cost": ZERO,
        "handling_cost_ex_tax": ZERO,
        "handling_cost_inc_tax": ZERO,
        "handling_cost_tax": ZERO,
        "handling_cost_tax_class_id": 2,
        "shipping_zone_id": 1,
        "shipping_zone_name": "Everywhere",
        "form_fields": [],
    }


def _transactions(shop: Shop, order: Order, spec: Record) -> None:
    """Gift certificate and store credit are tenders of their own; the rest is paid as `payment` says."""
    fields = order.fields
    tenders = fields["gift_certificate_amount"] + fields["store_credit_amount"]
    total = fields["total_inc_tax"]
    rest = total - tenders if shop.switches["order_total_includes_tenders"] else total
    for method, amount in (
        ("gift_certificate", fields["gift_certificate_amount"]),
        ("store_credit", fields["store_credit_amount"]),
    ):
        if amount:
            add_transaction(shop, order, "purchase", method, amount, gateway=method.replace("_", ""))
    payment = spec.get("payment", "captured")
    offline = fields["payment_method"] in ("Bank Deposit", "Cheque", "Cash on Delivery", "Money Order")
    if payment == "captured" and rest > 0:
        fields["payment_status"] = "paid" if offline else "captured"
        if not offline or shop.switches["offline_orders_have_transactions"]:
            add_transaction(
                shop, order, "purchase", "offline" if offline else "credit_card", rest, test=spec.get("test", False)
            )
    elif payment == "authorized" and rest > 0:
        fields["payment_status"] = "authorized"
        add_transaction(shop, order, "authorization", "credit_card", rest, test=spec.get("test", False))
    elif payment == "none":
        fields["payment_status"] = ""


def add_transaction(
    shop: Shop,
    order: Order,
    event: str,
    method: str,
    amount: Decimal,
    *,
    gateway: str = "testgateway",
    reference: int | None = None,
    test: bool = False,
) -> Record:
    """A movement of money on an order. Source: Orders V3, transactions."""
    row: Record = {
        "id": shop.next_id("transaction", 7000),
        "order_id": str(order.id),
        "event": event,
        "method": method,
        "amount": amount,
        "currency": order.fields["default_currency_code"],
        "gateway": gateway,
        "gateway_transaction_id": f"gw-{shop.random.getrandbits(48):012x}",
        "date_created": shop.now(),
        "test": test,
        "status": "ok",
        "fraud_review": False,
        "reference_transaction_id": reference,
    }
    order.transactions.append(row)
    return row
