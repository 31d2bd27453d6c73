"""What a refund comes to: items of every kind, with the tax in them. Source: platform notes, bigcommerce 3.3."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from weighbridge_twins.bigcommerce.errors import TYPE, Refusal
from weighbridge_twins.bigcommerce.order_book import Order
from weighbridge_twins.bigcommerce.records import ZERO, Record, decimal
from weighbridge_twins.bigcommerce.rendering import cents

BY_QUANTITY: Final = ("PRODUCT", "GIFT_WRAPPING")
BY_AMOUNT: Final = ("ORDER", "SHIPPING", "HANDLING", "TAX", "FEE")


@dataclass(frozen=True, slots=True)
class Worth:
    """Money that goes back, with tax, and the tax in it; `order_level` is the part that no line bears."""

    amount: Decimal
    tax: Decimal
    order_level: Decimal = ZERO


def refused(title: str, **errors: str) -> Refusal:
    """A refused refund; the errors stand inside `data`, as nowhere else."""
    row = {"status": 422, "title": title, "type": TYPE, "errors": errors}
    return Refusal(422, title, errors, body={"data": [row], "meta": {}})


def worth(order: Order, items: list[Record]) -> Worth:
    """What the items come to. Raises Refusal 422 for what does not exist or was refunded already."""
    amount = tax = loose = ZERO
    seen: dict[tuple[str, str], Decimal] = {}
    for item in items:
        kind = str(item.get("item_type"))
        key = (kind, str(item.get("item_id")))
        if kind in BY_QUANTITY:
            quantity = _quantity(order, item, seen.get(key, ZERO))
            part, part_tax = _of_line(order, item, quantity)
            seen[key] = seen.get(key, ZERO) + quantity
        elif kind in BY_AMOUNT:
            part = _amount(item)
            part_tax = _of_charge(order, item, part, seen.get(key, ZERO))
            seen[key] = seen.get(key, ZERO) + part
            loose += part if kind == "ORDER" else ZERO
        else:
            raise refused("Invalid refund item", item_type=f"'{kind}' is not a kind of item")
        amount, tax = amount + part, tax + part_tax
    total = order.fields["total_inc_tax"]
    before = sum((one["total_amount"] for one in order.refunds if moved_money(one)), ZERO)
    if amount < 0 or amount + before > total:
        raise refused("Refund amount is invalid", items=f"{amount} with {before} before is above {total}")
    return Worth(amount, tax, loose)


def moved_money(refund: Record) -> bool:
    """False for a refund all of whose payments the gateways declined."""
    return any(not payment["is_declined"] for payment in refund["payments"])


def _quantity(order: Order, item: Record, chosen: Decimal) -> int:
    row, quantity = order.line(item.get("item_id")), item.get("quantity")
    if row is None:
        raise refused("Invalid refund item", item_id=f"{item.get('item_id')} is no line of the order")
    if isinstance(quantity, bool) or not isinstance(quantity, int) or quantity < 1:
        raise refused("Invalid refund item", quantity=f"'{quantity}' is not a quantity")
    before = row["quantity_refunded"] if item["item_type"] == "PRODUCT" else row.get("_wrapping_refunded", 0)
    if quantity > row["quantity"] - before - chosen:
        raise refused("Invalid refund item", quantity="it is above what is left to refund")
    return quantity


def _of_line(order: Order, item: Record, quantity: int) -> tuple[Decimal, Decimal]:
    """A line's share; adjustments are deductions from it, untaxed."""
    row = order.line(item["item_id"]) or {}
    if item["item_type"] == "GIFT_WRAPPING":
        inc, tax = row["wrapping_cost_inc_tax"], row["wrapping_cost_tax"]
    else:
        inc, tax = row["discounted_total_inc_tax"], row["_tax"]
    deducted = sum((_number(one, "amount") for one in item.get("adjustments") or []), ZERO)
    return cents(inc * quantity / row["quantity"]) + deducted, cents(tax * quantity / row["quantity"])


def _of_charge(order: Order, item: Record, part: Decimal, chosen: Decimal) -> Decimal:
    """The tax in an amount of a charge. An ORDER amount is goodwill: no tax is in it."""
    kind = item["item_type"]
    if kind == "ORDER":
        return ZERO
    inc, tax = _charged(order, kind, item.get("item_id"))
    if part + chosen + _refunded(order, kind, item.get("item_id")) > inc:
        raise refused("Invalid refund item", amount=f"it is above what is left of {inc}")
    if kind == "TAX":
        return part
    return cents(tax * part / inc) if inc else ZERO


def _charged(order: Order, kind: str, item_id: Any) -> tuple[Decimal, Decimal]:
    """What was charged, with tax, and its tax. A fee is named by its own id or by that of the order."""
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
            one["_amount"]
            for refund in order.refunds
            if moved_money(refund)
            for one in refund["items"]
            if one["item_type"] == kind and str(one["item_id"]) == str(item_id)
        ),
        ZERO,
    )


def _amount(item: Record) -> Decimal:
    given = item.get("amount", item.get("requested_amount"))
    value = _number({"amount": given}, "amount")
    if value <= 0:
        raise refused("Invalid refund item", amount=f"'{given}' is not above zero")
    return value


def _number(row: Record, name: str) -> Decimal:
    try:
        return decimal(row.get(name))
    except ValueError as error:
        raise refused("Invalid refund item", **{name: str(error)}) from error
