"""The bound: by how much the shops could at worst have sold more of a SKU than can be shipped, right now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_CEILING, Decimal

from weighbridge.domain.stock.latency import Sales, most_within
from weighbridge.domain.values.money import ZERO


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a SKU's bound depends on."""

    sku: str
    shown: int
    """Units that the shops can still sell: what each was last told, less what it is known to have sold since it showed
    that."""
    free: Decimal
    """Units that can still be shipped by the last reading, less everything known to be sold; negative when owed."""
    sold: Sales = ()
    """What the shops sold of late, when it was bought."""
    fell: Sales = ()
    """By how much the stock fell of late for other reasons: other channels, losses, counts."""
    push_window: timedelta | None = None
    """The longest from asking the shop for its levels until it showed the ones figured from them, of the pushes before
    which not every order must be known yet; None once that is so of the last one of this SKU."""
    unread: timedelta = timedelta(0)
    """How long ago the reading began that `free` is from."""
    price: Decimal = ZERO
    """In the store's currency."""

    @property
    def overwritten(self) -> Decimal:
        """The most that may have been sold unheard while the last level was on its way, which offers it a second time:
        the most that was ever sold in so much time."""
        return most_within(self.sold, self.push_window) if self.push_window is not None else ZERO

    @property
    def unseen(self) -> Decimal:
        """The most that may have left since the last reading: the most that ever left in so much time."""
        return most_within(self.fell, self.unread)


@dataclass(frozen=True, slots=True)
class Bound:
    """The largest possible oversell."""

    units: int
    money: Decimal
    """At the shop's price, in the store's currency."""


def bound(exposure: Exposure) -> Bound:
    """The largest oversell possible if every unit that the shops show were sold this moment.

    It rests on three things: what the shops show beyond what is free; what was sold while the last level was on its
    way and is not known yet, at most what was ever sold in so much time; and what left the warehouse since it was last
    read, at most what ever left in so much time.
    A rush or a loss larger than any in the look-back can exceed it; the buffer of the design is for that.
    """
    open_units = exposure.shown - exposure.free + exposure.overwritten + exposure.unseen
    units = max(0, int(open_units.to_integral_value(rounding=ROUND_CEILING)))
    return Bound(units, units * exposure.price)


def total(bounds: Mapping[str, Bound]) -> Bound:
    """The bound over all SKUs: each could be oversold at the same time."""
    return Bound(sum(one.units for one in bounds.values()), sum((one.money for one in bounds.values()), ZERO))
