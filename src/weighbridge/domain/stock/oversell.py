"""The oversell bound: by how many units a SKU could be oversold at worst, over all stores that sell it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_CEILING, Decimal

from weighbridge.domain.stock.latency import Sales, most_within
from weighbridge.domain.values.money import ZERO


@dataclass(frozen=True, slots=True)
class OversellFactors:
    """What the oversell bound of a SKU depends on."""

    sku: str
    on_sale: int
    """Units that the stores can still sell: the published level of each, less the units that it is known to have sold
    since."""
    free: Decimal
    """Units that can be shipped by the last reading, less all units known to be sold; negative when some are owed."""
    sold: Sales = ()
    """Recent sales of the stores, by time of purchase."""
    decreases: Sales = ()
    """Recent decreases of the stock for other reasons: other channels, losses, counts."""
    push_window: timedelta | None = None
    """The longest time from reading the store's levels until the levels computed from them were confirmed, over the
    publications before which some order may not be processed yet; None when there is no such publication."""
    reading_age: timedelta = timedelta(0)
    """How long ago the reading started that `free` comes from."""
    price: Decimal = ZERO
    """In the store's currency."""

    @property
    def overwritten(self) -> Decimal:
        """The most units that may have been sold, unprocessed, while the last level was published, which offers them
        again: the most that were ever sold in so much time."""
        return most_within(self.sold, self.push_window) if self.push_window is not None else ZERO

    @property
    def unseen(self) -> Decimal:
        """The most units that may have left since the last reading: the most that ever left in so much time."""
        return most_within(self.decreases, self.reading_age)


@dataclass(frozen=True, slots=True)
class Bound:
    """The largest possible oversell of a SKU, or of all SKUs."""

    units: int
    money: Decimal
    """At the store's price, in the store's currency."""


def bound(factors: OversellFactors) -> Bound:
    """The largest possible oversell if every unit that the stores show were sold now.

    It is the sum of three terms: what the stores show beyond what is free; what was sold, unprocessed, while the last
    level was being published, at most what was ever sold in so much time; and what left the warehouse since the last
    reading, at most what ever left in so much time. A rush or a loss larger than any in the look-back can exceed the
    bound; the design's buffer covers that.
    """
    open_units = factors.on_sale - factors.free + factors.overwritten + factors.unseen
    units = max(0, int(open_units.to_integral_value(rounding=ROUND_CEILING)))
    return Bound(units, units * factors.price)


def total(bounds: Mapping[str, Bound]) -> Bound:
    """The bound over all SKUs, which could all be oversold at the same time."""
    units = sum(sku_bound.units for sku_bound in bounds.values())
    return Bound(units, sum((sku_bound.money for sku_bound in bounds.values()), ZERO))
