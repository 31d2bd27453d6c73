"""Tax mapping: which Cin7 tax rule a line falls under, and how many cents of tax it carries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from weighbridge.domain.findings.finding import Finding, FindingKind, hold
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
    """The tax one part of an order carries."""

    names: str
    """The shop's tax name(s); empty for untaxed."""
    amount: Decimal


@dataclass(frozen=True, slots=True)
class TaxSpread:
    """Order tax laid onto lines and charges, in whole cents; the shares sum to the order's total tax."""

    lines: Mapping[int, TaxShare]
    charges: Mapping[ChargeKind, TaxShare]


def spread_tax(order: Order, digits: int) -> TaxSpread | Finding:
    """The order's tax per line and charge.

    The tax rows decide where they name their line; rows that name nothing (automatic tax) are laid onto the parts in
    proportion to the tax that these state themselves. A Finding when the rows do not come to the order's total tax.
    Source: Orders V2, GET /orders/{id}/taxes; line totals of tax are not summed since they ignore discounts.
    """
    line_rows = {line.id: [row for row in order.taxes if row.line_id == line.id] for line in order.lines}
    charge_rows = {
        charge.kind: [row for row in order.taxes if APPLIES_TO_CHARGE.get(row.applies_to) is charge.kind]
        for charge in order.charges
    }
    placed = {id(row) for rows in (*line_rows.values(), *charge_rows.values()) for row in rows}
    loose = [row for row in order.taxes if id(row) not in placed]
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
    # A loose row may or may not contain the tax of fees, so either reading passes; without any row nothing is stated.
    readings = [stated, stated + total(unlisted.values())] if loose else [total(amounts)]
    if loose or not order.taxes:
        amounts = _laid_on_parts(order, amounts, digits)
    largest_gap = Decimal(1).scaleb(-digits) * max(1, len(amounts)) / 2
    if order.taxes and min(abs(reading - order.total_tax) for reading in readings) > largest_gap:
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
            f"{total(amounts)} on the order's parts",
            f"the order's total tax {order.total_tax}",
        )
    cents = round_to_sum(amounts, order.total_tax, digits)
    loose_names = _names(loose)
    line_cents, charge_cents = cents[: len(order.lines)], cents[len(order.lines) :]
    return TaxSpread(
        {
            line.id: TaxShare(_names(line_rows[line.id]) or (loose_names if amount else ""), amount)
            for line, amount in zip(order.lines, line_cents, strict=True)
        },
        {
            charge.kind: TaxShare(_names(charge_rows[charge.kind]) or (loose_names if amount else ""), amount)
            for charge, amount in zip(order.charges, charge_cents, strict=True)
        },
    )


def tax_rule_for(
    share: TaxShare, rules: Mapping[str, str], untaxed_rule: str, known: Mapping[str, TaxRule], field: str
) -> str | Finding:
    """The Cin7 tax rule for a share, by the design's map; a Finding when it is missing there or in the books."""
    if share.names:
        rule = rules.get(share.names)
    elif share.amount == 0:
        rule = untaxed_rule
    else:
        rule = None
    if rule is None:
        expected = "a tax name that the design's tax rules map to a Cin7 tax rule"
        return hold(FindingKind.TAX_UNMAPPED, field, share.names or f"unnamed tax of {share.amount}", expected)
    found = known.get(rule)
    if found is None or not found.usable_for_sales:
        return hold(FindingKind.TAX_RULE_MISSING, field, rule, "an active Cin7 tax rule for sales of that name")
    return rule


def _laid_on_parts(order: Order, placed: list[Decimal], digits: int) -> list[Decimal]:
    """Adds the tax that no row places onto the parts: by the tax that each part says it carries, after its discount;
    by value where no part says anything."""
    rest = order.total_tax - total(placed)
    if rest <= 0:
        return placed
    own = [*(_own_tax(line) for line in order.lines), *(charge.tax for charge in order.charges)]
    by_value = [*(line.discounted_inc_tax for line in order.lines), *(charge.inc_tax for charge in order.charges)]
    weights = own if total(own) > 0 and min(own) >= 0 else by_value
    if not weights or total(weights) <= 0:
        return placed
    shares = apportion(round_half_up(rest, digits), weights, digits)
    return [have + share for have, share in zip(placed, shares, strict=True)]


def _own_tax(line: OrderLine) -> Decimal:
    """The tax of a line as its price was discounted; the shop states it as if it were not."""
    if line.total_inc_tax <= 0:
        return ZERO
    return line.total_tax * line.discounted_inc_tax / line.total_inc_tax


def _names(rows: Iterable[TaxRow]) -> str:
    """The names of the taxes on one part; a tax of rate 0 still has its name, so that it can be mapped."""
    ordered = sorted(rows, key=lambda row: (row.priority, row.name))
    return STACK_SEPARATOR.join(dict.fromkeys(row.name for row in ordered))
