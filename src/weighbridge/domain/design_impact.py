"""Design impact: how orders would be posted under a changed design, and where their amounts and goods would move."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from weighbridge.domain.findings.finding import Finding, Severity
from weighbridge.domain.orders.sale import Sale
from weighbridge.domain.orders.sale_mapping import Mapped, Stopped
from weighbridge.domain.values.money import ZERO


class ImpactDimension(StrEnum):
    """What the amounts of a sale are summed by."""

    TAX_RULE = "tax rule"
    ACCOUNT = "account"
    PRODUCT = "product"


@dataclass(frozen=True, slots=True)
class Shift:
    """The change of one tax rule, account or product over all orders that would differ; in order currency."""

    dimension: ImpactDimension
    name: str
    currency: str
    before: Decimal
    after: Decimal
    tax_before: Decimal = ZERO
    """The tax under a tax rule; the other amounts are without tax unless prices include it."""
    tax_after: Decimal = ZERO
    units_before: Decimal = ZERO
    """Only for products."""
    units_after: Decimal = ZERO

    @property
    def difference(self) -> Decimal:
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class OrderImpact:
    """One order under the current design and under the changed one."""

    order_id: str
    before: Mapped | Stopped
    after: Mapped | Stopped

    @property
    def passes_now(self) -> bool:
        """Whether the order passes only under the changed design."""
        return isinstance(self.before, Stopped) and isinstance(self.after, Mapped)

    @property
    def is_stopped_now(self) -> bool:
        """Whether the order is stopped only under the changed design."""
        return isinstance(self.before, Mapped) and isinstance(self.after, Stopped)

    @property
    def differs(self) -> bool:
        """Whether the order passes under both designs and its sale differs."""
        return (
            isinstance(self.before, Mapped) and isinstance(self.after, Mapped) and self.before.sale != self.after.sale
        )

    @property
    def blocking_findings(self) -> tuple[Finding, ...]:
        """The findings that stop the order under the changed design."""
        findings = self.after.findings if isinstance(self.after, Stopped) else ()
        return tuple(finding for finding in findings if finding.severity is not Severity.NOTE)


def shifts_of(orders: Iterable[OrderImpact]) -> tuple[Shift, ...]:
    """Where the amounts of the orders that would differ move, by tax rule, account and product; only what changes."""
    totals: dict[tuple[ImpactDimension, str, str], list[Decimal]] = {}
    for order in orders:
        if order.differs and isinstance(order.before, Mapped) and isinstance(order.after, Mapped):
            _add(totals, order.before.sale, 0)
            _add(totals, order.after.sale, 1)
    shifts = [Shift(*key, *amounts) for key, amounts in sorted(totals.items())]
    return tuple(
        shift
        for shift in shifts
        if (shift.before, shift.tax_before, shift.units_before) != (shift.after, shift.tax_after, shift.units_after)
    )


def _add(totals: dict[tuple[ImpactDimension, str, str], list[Decimal]], sale: Sale, side: int) -> None:
    def count(
        dimension: ImpactDimension, name: str, amount: Decimal, tax: Decimal = ZERO, units: Decimal = ZERO
    ) -> None:
        amounts = totals.setdefault((dimension, name, sale.currency), [ZERO] * 6)
        for offset, value in ((0, amount), (2, tax), (4, units)):
            amounts[offset + side] += value

    for line in sale.lines:
        count(ImpactDimension.TAX_RULE, line.tax_rule, line.line_total, line.tax)
        count(ImpactDimension.PRODUCT, line.sku, line.line_total, units=line.quantity)
    for charge in sale.charges:
        count(ImpactDimension.TAX_RULE, charge.tax_rule, charge.price, charge.tax)
    for tender in sale.tenders:
        count(ImpactDimension.ACCOUNT, tender.account, tender.amount)
