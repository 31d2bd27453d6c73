"""Computes tax on amounts: additive or stacked rates, for prices entered with or without tax.

Source: platform notes, bigcommerce 2.3 and 6.4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from weighbridge_twins.bigcommerce.order_index import Order
from weighbridge_twins.bigcommerce.records import ZERO, Record
from weighbridge_twins.bigcommerce.state import Store

HUNDRED: Final = Decimal(100)
OTHER_COINS: Final = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "BHD": 3, "KWD": 3, "OMR": 3, "TND": 3}
"""Decimal places of the currencies that do not have two. Source: ISO 4217."""


@dataclass(frozen=True, slots=True)
class TaxPart:
    """The tax of one rate on an amount."""

    name: str
    class_id: int
    class_name: str
    rate: Decimal
    priority: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Taxed:
    """An amount without and with tax, and the parts of its tax."""

    ex: Decimal
    inc: Decimal
    parts: tuple[TaxPart, ...] = ()

    @property
    def tax(self) -> Decimal:
        return self.inc - self.ex


NOTHING: Final = Taxed(ZERO, ZERO)


@dataclass(frozen=True, slots=True)
class TaxRate:
    """Rates of one priority add up; a rate of a later priority also taxes the tax of earlier ones."""

    name: str
    rate: Decimal
    priority: int = 1


@dataclass(frozen=True, slots=True)
class TaxClass:
    """A tax class and its rates, sorted by priority."""

    id: int
    name: str
    rates: tuple[TaxRate, ...]


@dataclass(frozen=True, slots=True)
class TaxRules:
    """The tax rules of an order."""

    inclusive: bool
    """True if amounts are entered with tax."""
    coin: Decimal
    """The smallest unit of the order's currency."""
    classes: Mapping[int, TaxClass]

    def rounded(self, amount: Decimal) -> Decimal:
        """The amount rounded half up to the smallest unit of the currency."""
        return amount.quantize(self.coin, rounding=ROUND_HALF_UP)

    def taxed(self, amount: Decimal, class_id: int) -> Taxed:
        """Taxes an entered `amount` by its class; an unknown class is treated as the default class."""
        if not amount:
            return NOTHING
        tax_class = self.classes.get(class_id) or next(iter(self.classes.values()))
        return self._within(amount, tax_class) if self.inclusive else self._on_top(amount, tax_class)

    def _on_top(self, ex: Decimal, tax_class: TaxClass) -> Taxed:
        inc, base, priority = ex, ex, 0
        parts = []
        for rate in tax_class.rates:
            if rate.priority != priority:
                base, priority = inc, rate.priority
            tax = self.rounded(base * rate.rate / HUNDRED)
            parts.append(_tax_part(tax_class, rate, tax))
            inc += tax
        return Taxed(ex, inc, tuple(parts))

    def _within(self, inc: Decimal, tax_class: TaxClass) -> Taxed:
        shares = _shares(tax_class.rates)
        whole = sum(shares, ZERO)
        parts, exact, tax_so_far = [], ZERO, ZERO
        for rate, share in zip(tax_class.rates, shares, strict=True):
            # Rounding the running sum makes the parts add up to the rounded total, with none of them below zero.
            exact += inc * share / (1 + whole)
            tax = self.rounded(exact) - tax_so_far
            parts.append(_tax_part(tax_class, rate, tax))
            tax_so_far += tax
        return Taxed(inc - tax_so_far, inc, tuple(parts))


def order_tax_rules(store: Store, order: Order) -> TaxRules:
    """The store's current classes and rates, with the order's currency and its tax-inclusive setting."""
    coin = Decimal(1).scaleb(-OTHER_COINS.get(order.currency, 2))
    classes = {int(row["id"]): tax_class(row) for row in store.settings["tax_classes"]}
    return TaxRules(bool(order.fields["is_tax_inclusive_pricing"]), coin, classes)


def tax_class(settings: Record) -> TaxClass:
    """Parses a tax class from the store's settings: {id, name, rates: [{name, rate, priority}]}."""
    rates = [
        TaxRate(str(row["name"]), Decimal(str(row["rate"])), int(row.get("priority", 1))) for row in settings["rates"]
    ]
    return TaxClass(int(settings["id"]), str(settings["name"]), tuple(sorted(rates, key=lambda rate: rate.priority)))


def _shares(rates: Sequence[TaxRate]) -> list[Decimal]:
    """The tax of each rate on one unit without tax."""
    shares: list[Decimal] = []
    base, reached, priority = Decimal(1), Decimal(1), 0
    for rate in rates:
        if rate.priority != priority:
            base, priority = reached, rate.priority
        shares.append(base * rate.rate / HUNDRED)
        reached += shares[-1]
    return shares


def _tax_part(tax_class: TaxClass, rate: TaxRate, amount: Decimal) -> TaxPart:
    return TaxPart(rate.name, tax_class.id, tax_class.name, rate.rate, rate.priority, amount)
