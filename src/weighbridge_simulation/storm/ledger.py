"""The true stock: what the warehouse had, what the store sold and what the store claimed to have.

No number in it comes from a connector.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field


@dataclass
class Ledger:
    """Counts every event. A unit is oversold when the store has sold more units than the supply."""

    supply: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """By SKU, units on hand at the start, plus receipts, less sales of other channels."""
    sold: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    oversold: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """By SKU, the most units that were oversold at any time."""
    claimed: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """By SKU, the most units that would have been oversold if the store had sold all the units it showed at once."""
    lost: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """By SKU, units that shoppers demanded and the warehouse had free, but the store did not show."""
    units_demanded: int = 0
    _sales: dict[str, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))

    def move(self, sku: str, units: int) -> None:
        """The warehouse receives units, or (negative) another channel sells them."""
        self.supply[sku] += units
        self._update_oversold(sku)

    def record_purchase(self, sku: str, *, units_demanded: int, bought: int, order: int) -> None:
        """A shopper demanded units and bought those that the store showed."""
        free = max(0, self.supply[sku] - self.sold[sku])
        self.units_demanded += units_demanded
        self.lost[sku] += max(0, min(units_demanded, free) - bought)
        self.sold[sku] += bought
        if bought:
            self._sales[sku].append((order, bought))
        self._update_oversold(sku)

    def record_store_level(self, sku: str, level: int) -> int:
        """The store shows this level; returns how many units would be oversold if it sold all of them now."""
        claim = max(0, self.sold[sku] + max(0, level) - self.supply[sku])
        self.claimed[sku] = max(self.claimed[sku], claim)
        return claim

    def oversold_orders(self) -> int:
        """Number of orders that cannot be shipped in full: the latest orders of each SKU that was oversold."""
        orders: set[int] = set()
        for sku, units in self.oversold.items():
            for order, bought in reversed(self._sales[sku]):
                if units <= 0:
                    break
                orders.add(order)
                units -= bought
        return len(orders)

    def _update_oversold(self, sku: str) -> None:
        self.oversold[sku] = max(self.oversold[sku], self.sold[sku] - self.supply[sku])
