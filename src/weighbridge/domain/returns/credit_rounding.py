"""Amounts of a refund's items: each item's share of its invoiced line or charge, rounded to the refund's own total.

An item is worth its share of what was invoiced, less what earlier credit notes credited. The shares are rounded so that
they sum to the refund's total and tax to the cent, as far as the invoiced amounts allow it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from weighbridge.domain.orders.order import OrderLine
from weighbridge.domain.returns.credit_note import CreditableBalance
from weighbridge.domain.returns.refund import Refund, RefundItem, RefundItemKind
from weighbridge.domain.values.money import ZERO, apportion, round_half_up, round_to_sum, total


@dataclass(frozen=True, slots=True)
class CreditRow:
    """One item of a refund, with the units, amount and tax that are credited for it."""

    balance: CreditableBalance
    """The invoiced line or charge that the item refunds."""
    item: RefundItem
    units: Decimal
    """0 for charges."""
    inc_tax: Decimal
    tax: Decimal


def credit_row(item: RefundItem, line: OrderLine | None, balance: CreditableBalance, digits: int) -> CreditRow:
    """The row of one item: a share of its line by units, or the amount that the store names with its share of tax."""
    if item.kind == RefundItemKind.PRODUCT and balance.key.startswith("line:"):
        share = item.quantity / balance.invoiced_units
        exact_tax = balance.tax if item.quantity == balance.units else balance.invoiced_tax * share
        inc_tax = round_half_up(balance.invoiced_inc_tax * share, digits)
        return CreditRow(balance, item, item.quantity, inc_tax, min(exact_tax, balance.tax))
    if item.amount is not None:
        amount = item.amount
    elif line is not None and line.quantity > 0:
        line_amount = line.discounted_inc_tax if item.kind == RefundItemKind.PRODUCT else line.wrapping_inc_tax
        amount = round_half_up(line_amount * item.quantity / line.quantity, digits)
    else:
        amount = ZERO
    tax = balance.invoiced_tax * amount / balance.invoiced_inc_tax if balance.invoiced_inc_tax else ZERO
    return CreditRow(balance, item, ZERO, amount, min(tax, balance.tax))


def with_amounts(refund: Refund, rows: list[CreditRow], unallocated: Decimal, digits: int) -> list[CreditRow]:
    """`rows` with amounts that sum to the refund's total less `unallocated`, as far as the invoice allows it.

    An item that completes its line takes either its plain share or all that is left of the line, whichever brings the
    sum nearer to the total. Amounts that staff typed over the computed ones are apportioned over the rows instead.
    """
    target = refund.total - unallocated
    if refund.uses_merchant_override and rows and target >= 0:
        weights = [row.inc_tax for row in rows]
        amounts = apportion(target, weights, digits) if total(weights) > 0 else tuple(weights)
        rows = [replace(row, inc_tax=amount) for row, amount in zip(rows, amounts, strict=True)]
    plain = [replace(row, inc_tax=min(row.inc_tax, row.balance.inc_tax)) for row in rows]
    if refund.uses_merchant_override:
        return plain
    completed = [
        replace(row, inc_tax=row.balance.inc_tax) if row.units and row.units == row.balance.units else row
        for row in plain
    ]
    nearer = min((completed, plain), key=lambda chosen: abs(target - total(row.inc_tax for row in chosen)))
    return _rounded_to_target(nearer, target, digits)


def with_tax(rows: list[CreditRow], target: Decimal, digits: int) -> list[CreditRow]:
    """`rows` with whole coins of tax that sum to the refund's tax `target`, within each row's creditable tax."""
    if not rows:
        return []
    exact = [row.tax for row in rows]
    coin = Decimal(1).scaleb(-digits)
    if abs(total(exact) - target) > coin * len(rows) / 2 and target >= 0 and total(exact) > 0:
        taxes = list(apportion(round_half_up(target, digits), exact, digits))
    else:
        taxes = list(round_to_sum(exact, target, digits))
    limits = [max(ZERO, min(row.balance.tax, row.inc_tax)) for row in rows]
    excess = total(max(ZERO, tax - limit) for tax, limit in zip(taxes, limits, strict=True))
    fitted = [max(ZERO, min(tax, limit)) for tax, limit in zip(taxes, limits, strict=True)]
    for index, limit in enumerate(limits):
        added = min(excess, limit - fitted[index])
        fitted[index], excess = fitted[index] + added, excess - added
    return [replace(row, tax=tax) for row, tax in zip(rows, fitted, strict=True)]


def _rounded_to_target(rows: list[CreditRow], target: Decimal, digits: int) -> list[CreditRow]:
    """`rows` with one coin more or less where the store rounded differently; a larger gap is left as it is."""
    coin = Decimal(1).scaleb(-digits)
    gap = target - total(row.inc_tax for row in rows)
    step = coin if gap > 0 else -coin
    adjustable = [index for index, row in enumerate(rows) if 0 <= row.inc_tax + step <= row.balance.inc_tax]
    if abs(gap) > coin * len(adjustable):
        return rows
    adjusted = set(adjustable[: int(abs(gap) / coin)])
    return [replace(row, inc_tax=row.inc_tax + step) if index in adjusted else row for index, row in enumerate(rows)]
