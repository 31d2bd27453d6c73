"""Computes every amount of an order from what was entered for its lines and charges.

Amounts with tax add up: lines + shipping + handling + wrapping + fees - discounts - coupons = total_inc_tax, and
total_ex_tax = total_inc_tax - total_tax. Tax is computed on discounted amounts. Source: platform notes,
bigcommerce 2.3.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from weighbridge_twins.bigcommerce.order_index import Order
from weighbridge_twins.bigcommerce.records import ZERO, Record
from weighbridge_twins.bigcommerce.state import Store
from weighbridge_twins.bigcommerce.tax_arithmetic import NOTHING, Taxed, TaxPart, TaxRules, order_tax_rules

FOUR: Final = Decimal("0.0001")
CHARGES: Final = (("shipping", "shipping"), ("handling", "handling"), ("wrapping", "gift-wrapping"))
"""Charges beside the products, with their line_item_type in tax rows."""
WRAPPING_CLASS: Final = 3
OVERRIDE: Final = "API Tax Override"


def reprice(store: Store, order: Order) -> None:
    """Computes all amounts and tax rows again. Overridden totals are lost, as with the vendor."""
    fields = order.fields
    rules = order_tax_rules(store, order)
    as_entered = store.switches["discount_amounts"] == "as_entered"
    order.taxes = []
    _spread_manual_discount(rules, order, as_entered=as_entered)
    for row in order.products:
        parts = price_line(rules, row, as_entered=as_entered)
        _tax_rows(order, "item", parts, row["order_address_id"], row["id"])
    _price_charges(store, rules, order)
    fields |= totals(order, fees_inside=bool(store.switches["fees_in_subtotal"]))
    if not store.switches["order_total_includes_tenders"]:
        tenders = fields["gift_certificate_amount"] + fields["store_credit_amount"]
        fields["total_inc_tax"] -= tenders
        fields["total_ex_tax"] -= tenders


def price_line(rules: TaxRules, row: Record, *, as_entered: bool = False) -> tuple[TaxPart, ...]:
    """Computes a line's amounts from what was entered; returns the tax parts of its discounted amount.

    Line totals are authoritative; unit prices are derived with four decimals. Reductions never exceed the line.
    """
    total, quantity = row["_total"], row["quantity"]
    promoted = total - min(row["_promotion"], max(total, ZERO))
    net = promoted - min(row["_coupon_given"], max(promoted, ZERO))
    undiscounted, before = _price(rules, row, total), _price(rules, row, net)
    if as_entered:
        after = _price(rules, row, net - row["_manual"])
        promotion, coupon = total - promoted, promoted - net
    else:
        after = _reduced(rules, before, row["_manual"])
        between = _price(rules, row, promoted)
        promotion, coupon = undiscounted.inc - between.inc, between.inc - before.inc
    manual = row["_manual"]
    unit_ex, unit_inc = _unit(undiscounted.ex, quantity), _unit(undiscounted.inc, quantity)
    row |= {
        "base_price": _unit(total, quantity),
        "price_ex_tax": unit_ex,
        "price_inc_tax": unit_inc,
        "price_tax": unit_inc - unit_ex,
        "base_total": total,
        "total_ex_tax": undiscounted.ex,
        "total_inc_tax": undiscounted.inc,
        "total_tax": undiscounted.tax,
        "discounted_total_inc_tax": after.inc,
        "applied_discounts": _applied(row, promotion, coupon, manual),
        "_tax": after.tax,
        "_discount": promotion + manual,
        "_coupon": coupon,
    }
    return after.parts


def _price(rules: TaxRules, row: Record, amount: Decimal) -> Taxed:
    """An amount of a line with its tax; if the API set both prices, tax follows their ratio."""
    pair = row.get("_override")
    if pair is None:
        return rules.taxed(amount, row["_tax_class_id"])
    ex, inc = pair
    share = amount / row["_total"] if row["_total"] else Decimal(1)
    return overridden(rules.rounded(ex * share), rules.rounded(inc * share))


def overridden(ex: Decimal, inc: Decimal) -> Taxed:
    """Amounts without and with tax that the caller computed."""
    rate = ((inc - ex) * 100 / ex).quantize(FOUR) if ex else ZERO
    tax_part = TaxPart(OVERRIDE, 0, OVERRIDE, rate, 1, inc - ex)
    return Taxed(ex, inc, (tax_part,) if inc != ex else ())


def _applied(row: Record, promotion: Decimal, coupon: Decimal, manual: Decimal) -> list[Record]:
    rows = (
        ("total-coupon", promotion, "Promotion", None, "product"),
        ("coupon", coupon, "Coupon", row["_coupon_code"], "product"),
        ("manual-discount", manual, "Manual discount", None, "order"),
    )
    return [
        {"id": id_, "amount": amount, "name": name, "code": code, "target": target}
        for id_, amount, name, code, target in rows
        if amount
    ]


def _spread_manual_discount(rules: TaxRules, order: Order, *, as_entered: bool) -> None:
    """Allocates an order-level discount to the lines by their cost. Source: O2, applied_discounts."""
    costs = []
    for row in order.products:
        net = max(ZERO, row["_total"] - row["_promotion"] - row["_coupon_given"])
        costs.append(net if as_entered else _price(rules, row, net).inc)
    remaining = sum(costs, ZERO)
    discount_left: Decimal = min(order.entered.get("manual_discount", ZERO), remaining)
    for row, cost in zip(order.products, costs, strict=True):
        # Each share is taken from the remaining discount, so that the last line takes the rounding difference.
        row["_manual"] = min(cost, rules.rounded(discount_left * cost / remaining)) if remaining else ZERO
        discount_left -= row["_manual"]
        remaining -= cost


def _reduced(rules: TaxRules, price: Taxed, amount: Decimal) -> Taxed:
    """The price less an amount with tax; each tax part is reduced in proportion."""
    if not amount:
        return price
    inc, share = price.inc - amount, (price.inc - amount) / price.inc
    parts, exact, tax_so_far = [], ZERO, ZERO
    for tax_part in price.parts:
        exact += tax_part.amount * share
        tax = rules.rounded(exact) - tax_so_far
        parts.append(replace(tax_part, amount=tax))
        tax_so_far += tax
    return Taxed(inc - tax_so_far, inc, tuple(parts))


def _price_charges(store: Store, rules: TaxRules, order: Order) -> None:
    """Prices shipping and handling per address and wrapping per line, with tax; the order contains the sums."""
    shipping_class = int(store.settings["shipping_tax_class_id"])
    for name, kind in CHARGES:
        class_id = WRAPPING_CLASS if name == "wrapping" else shipping_class
        priced = _wrapping(rules, order) if name == "wrapping" else _by_address(rules, order, name, class_id)
        for price, address_id, line_id in priced:
            _tax_rows(order, kind, price.parts, address_id, line_id)
        ex = sum((price.ex for price, _, _ in priced), ZERO)
        inc = sum((price.inc for price, _, _ in priced), ZERO)
        order.fields |= {
            f"base_{name}_cost": inc if rules.inclusive else ex,
            f"{name}_cost_ex_tax": ex,
            f"{name}_cost_inc_tax": inc,
            f"{name}_cost_tax": inc - ex,
            f"{name}_cost_tax_class_id": class_id,
        }


def _by_address(rules: TaxRules, order: Order, name: str, class_id: int) -> list[tuple[Taxed, int, int | None]]:
    prefix = "" if name == "shipping" else "handling_"
    pair = order.entered.get(f"{name}_pair")
    priced: list[tuple[Taxed, int, int | None]] = []
    for position, row in enumerate(order.addresses):
        price = rules.taxed(row[f"_{name}"], class_id)
        if pair is not None:
            price = overridden(*pair) if position == 0 else NOTHING
        row |= {
            f"base_{prefix}cost": price.inc if rules.inclusive else price.ex,
            f"{prefix}cost_ex_tax": price.ex,
            f"{prefix}cost_inc_tax": price.inc,
            f"{prefix}cost_tax": price.tax,
            f"{prefix}cost_tax_class_id": class_id,
        }
        priced.append((price, row["id"], None))
    if not order.addresses:
        loose = overridden(*pair) if pair is not None else rules.taxed(order.entered.get(name, ZERO), class_id)
        priced.append((loose, 0, None))
    return priced


def _wrapping(rules: TaxRules, order: Order) -> list[tuple[Taxed, int, int | None]]:
    priced: list[tuple[Taxed, int, int | None]] = []
    for row in order.products:
        price = rules.taxed(row["_wrapping"], WRAPPING_CLASS)
        row |= {
            "base_wrapping_cost": row["_wrapping"],
            "wrapping_cost_ex_tax": price.ex,
            "wrapping_cost_inc_tax": price.inc,
            "wrapping_cost_tax": price.tax,
        }
        priced.append((price, row["order_address_id"], row["id"]))
    pair = order.entered.get("wrapping_pair")
    loose = overridden(*pair) if pair else rules.taxed(order.entered.get("wrapping", ZERO), WRAPPING_CLASS)
    return [*priced, (loose, order.addresses[0]["id"] if order.addresses else 0, None)]


def totals(order: Order, *, fees_inside: bool) -> Record:
    """The order's totals over lines, charges and fees. Tenders are not deducted."""
    fields, lines = order.fields, order.products
    charges = {side: _sum(fields[f"{name}_cost_{side}"] for name, _ in CHARGES) for side in ("inc_tax", "tax")}
    fees = {side: _sum(fee[f"cost_{side}"] for fee in order.fees) for side in ("ex_tax", "inc_tax", "tax")}
    line_tax = _sum(row["_tax"] for row in lines)
    inside = fees if fees_inside else dict.fromkeys(fees, ZERO)
    inc = _sum(row["discounted_total_inc_tax"] for row in lines) + charges["inc_tax"] + fees["inc_tax"]
    tax = line_tax + charges["tax"] + fees["tax"]
    return {
        "subtotal_ex_tax": _sum(row["total_ex_tax"] for row in lines) + inside["ex_tax"],
        "subtotal_inc_tax": _sum(row["total_inc_tax"] for row in lines) + inside["inc_tax"],
        "subtotal_tax": line_tax + inside["tax"],
        "discount_amount": _sum(row["_discount"] for row in lines),
        "coupon_discount": _sum(row["_coupon"] for row in lines),
        "total_inc_tax": inc,
        "total_ex_tax": inc - tax,
        "total_tax": tax,
        "items_total": sum(row["quantity"] for row in lines),
        "items_shipped": sum(row["quantity_shipped"] for row in lines),
    }


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)


def _unit(total: Decimal, quantity: int) -> Decimal:
    return (total / quantity).quantize(FOUR, rounding=ROUND_HALF_UP) if quantity else ZERO


def _tax_rows(order: Order, kind: str, parts: tuple[TaxPart, ...], address_id: int, line_id: int | None) -> None:
    """Adds one row per rate, also for stacked taxes. Source: Orders V2, GET /orders/{id}/taxes."""
    for part in parts:
        row: Record = {
            "id": len(order.taxes) + 1,
            "order_id": order.id,
            "order_address_id": address_id,
            "tax_rate_id": 1,
            "sales_tax_id": "1",
            "tax_class_id": part.class_id,
            "name": part.name,
            "class": part.class_name,
            "rate": part.rate,
            "priority": part.priority,
            "priority_amount": _sum(other.amount for other in parts if other.priority == part.priority),
            "line_amount": part.amount,
            "order_pickup_method_id": 0,
            "line_item_type": kind,
        }
        if line_id is not None:
            row["order_product_id"] = str(line_id)
        order.taxes.append(row)
