"""Tax mapping: the Cin7 tax rule of each line and charge, and how many cents of tax it carries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from weighbridge.domain.findings.finding import Finding, hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.orders.order import ChargeKind, Order, OrderLine, TaxRow
from weighbridge.domain.orders.reference_data import TaxRule
from weighbridge.domain.values.money import ZERO, apportion, round_half_up, round_to_sum, total

STACK_SEPARATOR = " + "
"""Joins the names of taxes that apply to one line together, in the order of their priority."""

APPLIES_TO_CHARGE = {
    "shipping": ChargeKind.SHIPPING,
    "handling": ChargeKind.HANDLING,
    "gift-wrapping": ChargeKind.WRAPPING,
    "fee": ChargeKind.FEE,
}


@dataclass(frozen=True, slots=True)
class TaxShare:
    """The tax that one line or charge of an order carries."""

    names: str
    """The tax name, or several joined by STACK_SEPARATOR, as the store writes them; empty when untaxed."""
    amount: Decimal


@dataclass(frozen=True, slots=True)
class TaxSpread:
    """The order's tax divided among lines and charges in whole cents; the shares sum to the order's total tax."""

    lines: Mapping[int, TaxShare]
    charges: Mapping[ChargeKind, TaxShare]


def spread_tax(order: Order, digits: int) -> TaxSpread | Finding:
    """The order's tax per line and charge.

    Tax rows that name a line or charge belong to it. Rows that name none (automatic tax) are divided in proportion to
    the tax that lines and charges state. A Finding when the rows do not sum to the order's total tax.
    Source: Orders V2, GET /orders/{id}/taxes; the tax totals of lines are not summed, since they ignore discounts.
    """
    line_rows = {line.id: [row for row in order.taxes if row.line_id == line.id] for line in order.lines}
    charge_rows = {
        charge.kind: [row for row in order.taxes if APPLIES_TO_CHARGE.get(row.applies_to) is charge.kind]
        for charge in order.charges
    }
    assigned = {id(row) for rows in (*line_rows.values(), *charge_rows.values()) for row in rows}
    unassigned = [row for row in order.taxes if id(row) not in assigned]
    unlisted: dict[ChargeKind, Decimal] = {
        charge.kind: charge.tax
        for charge in order.charges
        if charge.kind is ChargeKind.FEE and not charge_rows[charge.kind]
    }

    amounts = [
        *(total(row.amount for row in rows) for rows in line_rows.values()),
        *(total(row.amount for row in rows) + unlisted.get(kind, ZERO) for kind, rows in charge_rows.items()),
    ]
    stated = total(row.amount for row in order.taxes)
    # Unassigned rows may or may not include the tax of fees, so both sums pass; without unassigned rows, only one can.
    accepted_sums = [stated, stated + total(unlisted.values())] if unassigned else [total(amounts)]
    if unassigned or not order.taxes:
        amounts = _with_unassigned_tax(order, amounts, digits)
    largest_gap = Decimal(1).scaleb(-digits) * max(1, len(amounts)) / 2
    if order.taxes and min(abs(accepted - order.total_tax) for accepted in accepted_sums) > largest_gap:
        return hold(
            FindingKind.TAX_DOES_NOT_ADD_UP,
            "taxes",
            f"{stated} over {len(order.taxes)} tax rows",
            f"the order's total tax {order.total_tax}",
        )
    if abs(total(amounts) - order.total_tax) > largest_gap:
        return hold(
            FindingKind.TAX_DOES_NOT_ADD_UP,
            "taxes",
            f"{total(amounts)} on lines and charges",
            f"the order's total tax {order.total_tax}",
        )
    cents = round_to_sum(amounts, order.total_tax, digits)
    unassigned_names = _names(unassigned)
    line_cents, charge_cents = cents[: len(order.lines)], cents[len(order.lines) :]
    return TaxSpread(
        {
            line.id: TaxShare(_names(line_rows[line.id]) or (unassigned_names if amount else ""), amount)
            for line, amount in zip(order.lines, line_cents, strict=True)
        },
        {
            charge.kind: TaxShare(_names(charge_rows[charge.kind]) or (unassigned_names if amount else ""), amount)
            for charge, amount in zip(order.charges, charge_cents, strict=True)
        },
    )


def tax_rule_for(
    share: TaxShare, rules: Mapping[str, str], untaxed_rule: str, known: Mapping[str, TaxRule], field: str
) -> str | Finding:
    """The Cin7 tax rule for a share, by the tax names that the design maps; `untaxed_rule` for a share without tax.

    A Finding when the design does not map the names, or when Cin7 has no such active rule for sales.
    """
    if share.names:
        rule = rules.get(share.names)
    elif share.amount == 0:
        rule = untaxed_rule
    else:
        rule = None
    if rule is None:
        expected = "a tax name that the design's tax rules map to a Cin7 tax rule"
        return hold(FindingKind.TAX_UNMAPPED, field, share.names or f"unnamed tax of {share.amount}", expected)
    tax_rule = known.get(rule)
    if tax_rule is None or not tax_rule.usable_for_sales:
        return hold(FindingKind.TAX_RULE_MISSING, field, rule, "an active Cin7 tax rule for sales of that name")
    return rule


def _with_unassigned_tax(order: Order, assigned: list[Decimal], digits: int) -> list[Decimal]:
    """`assigned` with the remaining tax added: in proportion to the tax that lines and charges state, after discounts,
    or to their value where they state none."""
    rest = order.total_tax - total(assigned)
    if rest <= 0:
        return assigned
    stated = [*(_discounted_tax(line) for line in order.lines), *(charge.tax for charge in order.charges)]
    by_value = [*(line.discounted_inc_tax for line in order.lines), *(charge.inc_tax for charge in order.charges)]
    weights = stated if total(stated) > 0 and min(stated) >= 0 else by_value
    if not weights or total(weights) <= 0:
        return assigned
    shares = apportion(round_half_up(rest, digits), weights, digits)
    return [amount + share for amount, share in zip(assigned, shares, strict=True)]


def _discounted_tax(line: OrderLine) -> Decimal:
    """The tax of a line after discounts; the store states it before discounts."""
    if line.total_inc_tax <= 0:
        return ZERO
    return line.total_tax * line.discounted_inc_tax / line.total_inc_tax


def _names(rows: Iterable[TaxRow]) -> str:
    """The names of the taxes on one line or charge; a tax of rate 0 keeps its name, so that it can be mapped."""
    ordered = sorted(rows, key=lambda row: (row.priority, row.name))
    return STACK_SEPARATOR.join(dict.fromkeys(row.name for row in ordered))
