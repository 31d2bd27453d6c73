"""Redesign: what orders become under two designs, and where their money and goods would go instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from weighbridge.domain.findings.finding import Finding, Severity
from weighbridge.domain.orders.sale import Sale
from weighbridge.domain.orders.sale_mapping import Mapped, Stopped
from weighbridge.domain.values.money import ZERO


class Place(StrEnum):
    """What money of a sale is counted under."""

    TAX_RULE = "tax rule"
    ACCOUNT = "account"
    PRODUCT = "product"


@dataclass(frozen=True, slots=True)
class Shift:
    """How one place changes over all orders that would differ. Amounts in order currency."""

    place: Place
    name: str
    currency: str
    before: Decimal
    after: Decimal
    tax_before: Decimal = ZERO
    """Of a tax rule: the tax under it; its other amounts are without tax unless prices include it."""
    tax_after: Decimal = ZERO
    units_before: Decimal = ZERO
    """Of a product."""
    units_after: Decimal = ZERO

    @property
    def difference(self) -> Decimal:
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Weighed:
    """One order under the present design and under the changed one."""

    order_id: str
    before: Mapped | Stopped
    after: Mapped | Stopped

    @property
    def passes_now(self) -> bool:
        """Whether the change lets it pass that did not."""
        return isinstance(self.before, Stopped) and isinstance(self.after, Mapped)

    @property
    def is_stopped_now(self) -> bool:
        """Whether the change stops it that passed."""
        return isinstance(self.before, Mapped) and isinstance(self.after, Stopped)

    @property
    def differs(self) -> bool:
        """Whether it passes under both and becomes another sale."""
        return (
            isinstance(self.before, Mapped) and isinstance(self.after, Mapped) and self.before.sale != self.after.sale
        )

    @property
    def still_against(self) -> tuple[Finding, ...]:
        """What stops it under the changed design."""
        found = self.after.findings if isinstance(self.after, Stopped) else ()
        return tuple(one for one in found if one.severity is not Severity.NOTE)


def shifts_of(orders: Iterable[Weighed]) -> tuple[Shift, ...]:
    """Where the money of the orders that would differ goes instead, place by place; what stays the same is left out."""
    figures: dict[tuple[Place, str, str], list[Decimal]] = {}
    for order in orders:
        if order.differs and isinstance(order.before, Mapped) and isinstance(order.after, Mapped):
            _add(figures, order.before.sale, 0)
            _add(figures, order.after.sale, 1)
    shifts = [Shift(place, name, currency, *found) for (place, name, currency), found in sorted(figures.items())]
    return tuple(
        one
        for one in shifts
        if (one.before, one.tax_before, one.units_before) != (one.after, one.tax_after, one.units_after)
    )


def _add(figures: dict[tuple[Place, str, str], list[Decimal]], sale: Sale, side: int) -> None:
    def count(place: Place, name: str, amount: Decimal, tax: Decimal = ZERO, units: Decimal = ZERO) -> None:
        found = figures.setdefault((place, name, sale.currency), [ZERO] * 6)
        for offset, value in ((0, amount), (2, tax), (4, units)):
            found[offset + side] += value

    for line in sale.lines:
        count(Place.TAX_RULE, line.tax_rule, line.line_total, line.tax)
        count(Place.PRODUCT, line.sku, line.line_total, units=line.quantity)
    for charge in sale.charges:
        count(Place.TAX_RULE, charge.tax_rule, charge.price, charge.tax)
    for tender in sale.tenders:
        count(Place.ACCOUNT, tender.account, tender.amount)


def as_json(shifts: Iterable[Shift]) -> list[Mapping[str, str]]:
    """Shifts for machines; amounts as text."""
    return [
        {
            "place": one.place,
            "name": one.name,
            "currency": one.currency,
            "before": format(one.before, "f"),
            "after": format(one.after, "f"),
            "tax_before": format(one.tax_before, "f"),
            "tax_after": format(one.tax_after, "f"),
            "units_before": format(one.units_before, "f"),
            "units_after": format(one.units_after, "f"),
        }
        for one in shifts
    ]
