"""Ghost allocations: old sales that hold stock in Cin7 and will not ship, so that the shop cannot sell it either."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from weighbridge.domain.findings.finding import Finding, FindingKind, hold


class ShopState(StrEnum):
    """What the shop says of the order behind a sale."""

    OPEN = "open"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"
    SHIPPED = "shipped"
    GONE = "gone"
    FOREIGN = "foreign"
    """The sale was not made for an order of this shop."""


REMEDIES = {
    ShopState.OPEN: "the goods shipped, or the order cancelled at the shop: its shopper still waits",
    ShopState.CANCELLED: "no sale: its order was cancelled at the shop; void it in Cin7",
    ShopState.REFUNDED: "no open sale: its order was refunded at the shop; void or credit it in Cin7",
    ShopState.SHIPPED: "a shipped sale: the shop says the goods left; record the shipment in Cin7",
    ShopState.GONE: "no sale: the shop does not know its order any more; ask ecommerce, then void it in Cin7",
    ShopState.FOREIGN: "a sale that will ship: ask whoever entered it in Cin7, then ship or void it",
}


@dataclass(frozen=True, slots=True)
class StandingSale:
    """An authorised sale of which nothing was shipped."""

    id: str
    number: str
    order_id: str
    """At the shop; empty for a sale of another origin."""
    ordered_at: datetime
    units: Mapping[str, Decimal]
    """Allocated units by SKU; what is backordered holds nothing."""
    value: Decimal
    """Of the whole sale, in `currency`, tax included."""
    currency: str
    shop: ShopState


@dataclass(frozen=True, slots=True)
class Ghost:
    """A standing sale that is too old, with what it costs."""

    sale: StandingSale
    days: int
    suppressed: Mapping[str, Decimal]
    """Held units of SKUs of which the shop can sell none."""

    def finding(self) -> Finding:
        held = ", ".join(f"{units:f} of {sku}" for sku, units in sorted(self.sale.units.items()))
        worth = f"{self.sale.value:,.2f} {self.sale.currency}".strip()
        value = f"{self.days} days old, worth {worth}, holds {held}"
        if self.suppressed:
            value += f"; the shop shows 0 of {', '.join(sorted(self.suppressed))}"
        return hold(FindingKind.GHOST_ALLOCATION, f"sale {self.sale.number}", value, REMEDIES[self.sale.shop])


def ghosts(
    sales: Iterable[StandingSale], shown: Mapping[str, int], now: datetime, after: timedelta
) -> tuple[Ghost, ...]:
    """The sales that hold stock for longer than `after`, those first that keep the shop from selling, then the oldest.

    `shown` is what the shop may sell of each SKU; a SKU that it does not have is missing.
    """
    found = []
    for sale in sales:
        age = now - sale.ordered_at
        held = {sku: units for sku, units in sale.units.items() if units > 0}
        if age < after or not held:
            continue
        suppressed = {sku: units for sku, units in held.items() if shown.get(sku) == 0}
        found.append(Ghost(sale, age.days, suppressed))
    return tuple(sorted(found, key=lambda one: (not one.suppressed, one.sale.ordered_at, one.sale.number)))
