"""Computes refund amounts of items of every kind, with tax. Source: platform notes, bigcommerce 3.3."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from weighbridge_twins.bigcommerce.errors import TYPE, Refusal
from weighbridge_twins.bigcommerce.order_index import Order
from weighbridge_twins.bigcommerce.records import ZERO, Record, decimal
from weighbridge_twins.bigcommerce.rendering import cents

BY_QUANTITY: Final = ("PRODUCT", "GIFT_WRAPPING")
BY_AMOUNT: Final = ("ORDER", "SHIPPING", "HANDLING", "TAX", "FEE")


@dataclass(frozen=True, slots=True)
class RefundAmount:
    """The refunded amount with tax, its tax, and in `order_level` the part that belongs to no line."""

    amount: Decimal
    tax: Decimal
    order_level: Decimal = ZERO


def refused(title: str, **errors: str) -> Refusal:
    """A refused refund; only here are the errors inside `data`."""
    row = {"status": 422, "title": title, "type": TYPE, "errors": errors}
    return Refusal(422, title, errors, body={"data": [row], "meta": {}})


def refund_amount(order: Order, items: list[Record]) -> RefundAmount:
    """The refund amount of the items. Raises Refusal 422 for unknown items and amounts already refunded."""
    amount = tax = loose = ZERO
    seen: dict[tuple[str, str], Decimal] = {}
    for item in items:
        kind = str(item.get("item_type"))
        key = (kind, str(item.get("item_id")))
        if kind in BY_QUANTITY:
            quantity = _quantity(order, item, seen.get(key, ZERO))
            item_amount, item_tax = _of_line(order, item, quantity)
            seen[key] = seen.get(key, ZERO) + quantity
        elif kind in BY_AMOUNT:
            item_amount = _amount(item)
            item_tax = _of_charge(order, item, item_amount, seen.get(key, ZERO))
            seen[key] = seen.get(key, ZERO) + item_amount
            loose += item_amount if kind == "ORDER" else ZERO
        else:
            raise refused("Invalid refund item", item_type=f"'{kind}' is not a kind of item")
        amount, tax = amount + item_amount, tax + item_tax
    total = order.fields["total_inc_tax"]
    before = sum((refund["total_amount"] for refund in order.refunds if moved_money(refund)), ZERO)
    if amount < 0 or amount + before > total:
        raise refused("Refund amount is invalid", items=f"{amount} with {before} before is above {total}")
    return RefundAmount(amount, tax, loose)


def moved_money(refund: Record) -> bool:
    """False if the gateways declined all payments of the refund."""
    return any(not payment["is_declined"] for payment in refund["payments"])


def _quantity(order: Order, item: Record, already_chosen: Decimal) -> int:
    row, quantity = order.line(item.get("item_id")), item.get("quantity")
    if row is None:
        raise refused("Invalid refund item", item_id=f"{item.get('item_id')} is no line of the order")
    if isinstance(quantity, bool) or not isinstance(quantity, int) or quantity < 1:
        raise refused("Invalid refund item", quantity=f"'{quantity}' is not a quantity")
    before = row["quantity_refunded"] if item["item_type"] == "PRODUCT" else row.get("_wrapping_refunded", 0)
    if quantity > row["quantity"] - before - already_chosen:
        raise refused("Invalid refund item", quantity="it is above what is left to refund")
    return quantity


def _of_line(order: Order, item: Record, quantity: int) -> tuple[Decimal, Decimal]:
    """A line's amount and tax. Adjustments are untaxed deductions."""
    row = order.line(item["item_id"]) or {}
    if item["item_type"] == "GIFT_WRAPPING":
        inc, tax = row["wrapping_cost_inc_tax"], row["wrapping_cost_tax"]
    else:
        inc, tax = row["discounted_total_inc_tax"], row["_tax"]
    deducted = sum((_number(adjustment, "amount") for adjustment in item.get("adjustments") or []), ZERO)
    return cents(inc * quantity / row["quantity"]) + deducted, cents(tax * quantity / row["quantity"])


def _of_charge(order: Order, item: Record, amount: Decimal, already_chosen: Decimal) -> Decimal:
    """The tax in a refunded charge. An ORDER amount is goodwill and contains no tax."""
    kind = item["item_type"]
    if kind == "ORDER":
        return ZERO
    inc, tax = _charged(order, kind, item.get("item_id"))
    if amount + already_chosen + _refunded(order, kind, item.get("item_id")) > inc:
        raise refused("Invalid refund item", amount=f"it is above what is left of {inc}")
    if kind == "TAX":
        return amount
    return cents(tax * amount / inc) if inc else ZERO


def _charged(order: Order, kind: str, item_id: Any) -> tuple[Decimal, Decimal]:
    """The charged amount with tax, and its tax. A fee is identified by its own id or by that of the order."""
    if kind == "FEE":
        fees = [fee for fee in order.fees if str(item_id) in (str(fee["id"]), str(order.id))]
        if fees:
            return sum((fee["cost_inc_tax"] for fee in fees), ZERO), sum((fee["cost_tax"] for fee in fees), ZERO)
    elif kind == "TAX":
        if order.address(item_id) or str(item_id) == str(order.id):
            return order.fields["total_tax"], order.fields["total_tax"]
    else:
        prefix = "" if kind == "SHIPPING" else "handling_"
        row = order.address(item_id)
        if row is not None:
            return row[f"{prefix}cost_inc_tax"], row[f"{prefix}cost_tax"]
    raise refused("Invalid refund item", item_id=f"{item_id} has no {kind.lower()} to refund")


def _refunded(order: Order, kind: str, item_id: Any) -> Decimal:
    return sum(
        (
            item["_amount"]
            for refund in order.refunds
            if moved_money(refund)
            for item in refund["items"]
            if item["item_type"] == kind and str(item["item_id"]) == str(item_id)
        ),
        ZERO,
    )


def _amount(item: Record) -> Decimal:
    requested = item.get("amount", item.get("requested_amount"))
    value = _number({"amount": requested}, "amount")
    if value <= 0:
        raise refused("Invalid refund item", amount=f"'{requested}' is not above zero")
    return value


def _number(row: Record, name: str) -> Decimal:
    try:
        return decimal(row.get(name))
    except ValueError as error:
        raise refused("Invalid refund item", **{name: str(error)}) from error
