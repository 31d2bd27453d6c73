"""Stale allocations: stock that old Cin7 sales hold although they will not ship, so that the store cannot sell it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from weighbridge.domain.findings.finding import Finding, hold
from weighbridge.domain.findings.kind import FindingKind


class StoreOrderStatus(StrEnum):
    """The state of a sale's order in the store."""

    OPEN = "open"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"
    SHIPPED = "shipped"
    GONE = "gone"
    FOREIGN = "foreign"
    """The sale was not posted for an order of this store."""


EXPECTED = {
    StoreOrderStatus.OPEN: "the goods shipped, or the order cancelled in BigCommerce: its shopper still waits",
    StoreOrderStatus.CANCELLED: "no sale: its order was cancelled in the store; void it in Cin7",
    StoreOrderStatus.REFUNDED: "no open sale: its order was refunded in the store; void or credit it in Cin7",
    StoreOrderStatus.SHIPPED: "a shipped sale: its order is shipped in the store; record the shipment in Cin7",
    StoreOrderStatus.GONE: "no sale: its order no longer exists in the store; ask ecommerce, then void it in Cin7",
    StoreOrderStatus.FOREIGN: "a sale that will ship: ask the person who entered it in Cin7, then ship or void it",
}


@dataclass(frozen=True, slots=True)
class UnshippedSale:
    """An authorised sale that is not shipped at all."""

    id: str
    number: str
    order_id: str
    """The order id in the store; empty for a sale of another origin."""
    ordered_at: datetime
    units: Mapping[str, Decimal]
    """Allocated units by SKU, without backordered units."""
    value: Decimal
    """Of the whole sale, in `currency`, tax included."""
    currency: str
    order_status: StoreOrderStatus


@dataclass(frozen=True, slots=True)
class StaleAllocation:
    """An unshipped sale that is too old, with the units that it blocks."""

    sale: UnshippedSale
    days: int
    suppressed: Mapping[str, Decimal]
    """The allocated units of SKUs that are at level 0 in the store."""

    def finding(self) -> Finding:
        held = ", ".join(f"{units:f} of {sku}" for sku, units in sorted(self.sale.units.items()))
        amount = f"{self.sale.value:,.2f} {self.sale.currency}".strip()
        value = f"{self.days} days old, worth {amount}, holds {held}"
        if self.suppressed:
            value += f"; the store shows 0 of {', '.join(sorted(self.suppressed))}"
        return hold(FindingKind.STALE_ALLOCATION, f"sale {self.sale.number}", value, EXPECTED[self.sale.order_status])


def find_stale_allocations(
    sales: Iterable[UnshippedSale], store_levels: Mapping[str, int], now: datetime, min_age: timedelta
) -> tuple[StaleAllocation, ...]:
    """The sales that have held stock for `min_age` or longer: those that block sales first, then the oldest.

    `store_levels` are the levels of each SKU in the store; SKUs that the store does not have are missing.
    """
    stale = []
    for sale in sales:
        age = now - sale.ordered_at
        held = {sku: units for sku, units in sale.units.items() if units > 0}
        if age < min_age or not held:
            continue
        suppressed = {sku: units for sku, units in held.items() if store_levels.get(sku) == 0}
        stale.append(StaleAllocation(sale, age.days, suppressed))
    return tuple(sorted(stale, key=lambda each: (not each.suppressed, each.sale.ordered_at, each.sale.number)))
