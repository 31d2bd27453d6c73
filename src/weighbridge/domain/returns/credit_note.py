"""A credit note as it will be posted to Cin7 Core, and what earlier credit notes leave to credit of a sale."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from weighbridge.domain.orders.sale import Sale, SaleCharge, SaleLine, SaleTender
from weighbridge.domain.returns.restock import RestockLine
from weighbridge.domain.values.money import ZERO, total


@dataclass(frozen=True, slots=True)
class CreditNote:
    """Everything that is posted for one refund. Amounts are in order currency."""

    reference: str
    """Identifies the credit note: part of its memo and of each refund payment's reference."""
    currency_rate: Decimal
    dated_at: datetime
    tax_inclusive: bool
    lines: tuple[SaleLine, ...]
    charges: tuple[SaleCharge, ...]
    value: Decimal
    """The refund's total, with tax: the amount that the credit note must equal."""
    reason: str = ""
    restock: tuple[RestockLine, ...] = ()
    payouts: tuple[SaleTender, ...] = ()
    never_dispatched: Mapping[str, Decimal] | None = None
    """SKU -> refunded units that had not been dispatched."""

    @property
    def tax(self) -> Decimal:
        return total(line.tax for line in self.lines) + total(charge.tax for charge in self.charges)

    @property
    def total(self) -> Decimal:
        """The total that Cin7 computes from lines and charges, with tax."""
        goods = total(line.line_total for line in self.lines) + total(charge.price for charge in self.charges)
        return goods if self.tax_inclusive else goods + self.tax


@dataclass(frozen=True, slots=True)
class Credit:
    """The stored content of a refund: the credit note to post, with its sale and invoice."""

    credit_note: CreditNote
    sale_id: str
    invoice_number: str


@dataclass(frozen=True, slots=True)
class CreditableBalance:
    """What is left to credit of one invoiced line or charge."""

    key: str
    """`line:ID` of an order line, or `charge:NAME` of a Service product."""
    units: Decimal
    inc_tax: Decimal
    tax: Decimal
    rule: str
    invoiced_units: Decimal
    invoiced_inc_tax: Decimal
    invoiced_tax: Decimal


def creditable_balances(sale: Sale, before: Iterable[CreditNote]) -> dict[str, CreditableBalance]:
    """What is left to credit of each line and charge of `sale` after the credit notes `before`, by key.

    Tax that was refunded alone belongs to no line; it is taken from the lines and charges under its rule, in order.
    """
    balances: dict[str, CreditableBalance] = {}
    for key, units, inc_tax, tax, rule in _rows(sale.lines, sale.charges, sale.tax_inclusive):
        invoiced = balances.get(key) or CreditableBalance(key, ZERO, ZERO, ZERO, rule, ZERO, ZERO, ZERO)
        units, inc_tax, tax = invoiced.units + units, invoiced.inc_tax + inc_tax, invoiced.tax + tax
        balances[key] = replace(
            invoiced,
            units=units,
            inc_tax=inc_tax,
            tax=tax,
            invoiced_units=units,
            invoiced_inc_tax=inc_tax,
            invoiced_tax=tax,
        )
    for credit_note in before:
        for key, units, inc_tax, tax, _ in _rows(credit_note.lines, credit_note.charges, credit_note.tax_inclusive):
            if key in balances:
                balance = balances[key]
                balances[key] = replace(
                    balance, units=balance.units - units, inc_tax=balance.inc_tax - inc_tax, tax=balance.tax - tax
                )
    tax_alone: dict[str, Decimal] = {}
    for charge in (charge for credit_note in before for charge in credit_note.charges):
        if charge.tax and f"charge:{charge.product_name}" not in balances:
            tax_alone[charge.tax_rule] = tax_alone.get(charge.tax_rule, ZERO) + charge.tax
    for key, balance in balances.items():
        credited = min(tax_alone.get(balance.rule, ZERO), max(ZERO, balance.tax))
        if credited:
            tax_alone[balance.rule] -= credited
            balances[key] = replace(balance, tax=balance.tax - credited)
    return balances


def _rows(
    lines: Iterable[SaleLine], charges: Iterable[SaleCharge], tax_inclusive: bool
) -> Iterable[tuple[str, Decimal, Decimal, Decimal, str]]:
    """(key, units, amount with tax, tax, tax rule) of each line and charge of a document."""
    for line in lines:
        inc_tax = line.line_total if tax_inclusive else line.line_total + line.tax
        yield f"line:{line.order_line_id}", line.quantity, inc_tax, line.tax, line.tax_rule
    for charge in charges:
        inc_tax = charge.price if tax_inclusive else charge.price + charge.tax
        yield f"charge:{charge.product_name}", ZERO, inc_tax, charge.tax, charge.tax_rule
