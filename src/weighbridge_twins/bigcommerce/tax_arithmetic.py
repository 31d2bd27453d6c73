"""What tax is on an amount: rates that add up or stack, in stores that enter prices with tax or without.

Source: platform notes, bigcommerce 2.3 and 6.4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from weighbridge_twins.bigcommerce.order_book import Order
from weighbridge_twins.bigcommerce.records import ZERO, Record
from weighbridge_twins.bigcommerce.state import Shop

HUNDRED: Final = Decimal(100)
OTHER_COINS: Final = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "BHD": 3, "KWD": 3, "OMR": 3, "TND": 3}
"""Decimal places of the currencies that have not two of them. Source: ISO 4217."""


@dataclass(frozen=True, slots=True)
class TaxPart:
    """What one rate takes from an amount."""

    name: str
    class_id: int
    class_name: str
    rate: Decimal
    priority: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Taxed:
    """An amount without and with tax, and the parts of that tax."""

    ex: Decimal
    inc: Decimal
    parts: tuple[TaxPart, ...] = ()

    @property
    def tax(self) -> Decimal:
        return self.inc - self.ex


NOTHING: Final = Taxed(ZERO, ZERO)


@dataclass(frozen=True, slots=True)
class TaxRate:
    """Rates of one priority add up; a later priority also taxes the tax of the earlier ones."""

    name: str
    rate: Decimal
    priority: int = 1


@dataclass(frozen=True, slots=True)
class TaxClass:
    """A class of goods or services and its rates, the earliest priority first."""

    id: int
    name: str
    rates: tuple[TaxRate, ...]


@dataclass(frozen=True, slots=True)
class TaxRules:
    """How a store taxes an order."""

    inclusive: bool
    """Amounts are entered with tax."""
    coin: Decimal
    """The smallest amount of the order's currency."""
    classes: Mapping[int, TaxClass]

    def rounded(self, amount: Decimal) -> Decimal:
        """The amount in whole coins, halves up."""
        return amount.quantize(self.coin, rounding=ROUND_HALF_UP)

    def taxed(self, amount: Decimal, class_id: int) -> Taxed:
        """`amount` as entered, taxed by its class; an unknown class is the default one."""
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
            parts.append(_part(tax_class, rate, tax))
            inc += tax
        return Taxed(ex, inc, tuple(parts))

    def _within(self, inc: Decimal, tax_class: TaxClass) -> Taxed:
        shares = _shares(tax_class.rates)
        whole = sum(shares, ZERO)
        parts, exact, taken = [], ZERO, ZERO
        for rate, share in zip(tax_class.rates, shares, strict=True):
            # Rounding the running sum lets the parts add up to the rounded whole, none of them below zero.
            exact += inc * share / (1 + whole)
            tax = self.rounded(exact) - taken
            parts.append(_part(tax_class, rate, tax))
            taken += tax
        return Taxed(inc - taken, inc, tuple(parts))


def order_tax_rules(shop: Shop, order: Order) -> TaxRules:
    """The store's classes and rates as they stand, in the order's currency, with prices as when it was placed."""
    coin = Decimal(1).scaleb(-OTHER_COINS.get(order.currency, 2))
    classes = {int(one["id"]): tax_class(one) for one in shop.settings["tax_classes"]}
    return TaxRules(bool(order.fields["is_tax_inclusive_pricing"]), coin, classes)


def tax_class(given: Record) -> TaxClass:
    """A class as the store's settings hold it: {id, name, rates: [{name, rate, priority}]}."""
    rates = [
        TaxRate(str(one["name"]), Decimal(str(one["rate"])), int(one.get("priority", 1))) for one in given["rates"]
    ]
    return TaxClass(int(given["id"]), str(given["name"]), tuple(sorted(rates, key=lambda rate: rate.priority)))


def _shares(rates: Sequence[TaxRate]) -> list[Decimal]:
    """What each rate takes of one unit without tax."""
    shares: list[Decimal] = []
    base, reached, priority = Decimal(1), Decimal(1), 0
    for rate in rates:
        if rate.priority != priority:
            base, priority = reached, rate.priority
        shares.append(base * rate.rate / HUNDRED)
        reached += shares[-1]
    return shares


def _part(tax_class: TaxClass, rate: TaxRate, amount: Decimal) -> TaxPart:
    return TaxPart(rate.name, tax_class.id, tax_class.name, rate.rate, rate.priority, amount)
