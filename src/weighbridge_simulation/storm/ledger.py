"""The truth: what the warehouse had, what the shop sold of it, and what it claimed to have. No connector's word."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field


@dataclass
class Ledger:
    """Counts as things happen. A unit is oversold when the shop has sold more than ever was there for it."""

    supply: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """On hand at first, plus receipts, less what other channels took."""
    sold: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    short: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """By SKU, the most units that were oversold at any moment."""
    claimed: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """By SKU, the most units that would have been oversold had every unit shown been sold at that moment."""
    lost: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Units that shoppers wanted, the warehouse had free, and the shop did not show."""
    wanted: int = 0
    _sales: dict[str, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))

    def move(self, sku: str, units: int) -> None:
        """The warehouse gains units, or loses them to another channel."""
        self.supply[sku] += units
        self._judge(sku)

    def shop(self, sku: str, *, wanted: int, bought: int, order: int) -> None:
        """A shopper wanted units and got those that the shop showed."""
        free = max(0, self.supply[sku] - self.sold[sku])
        self.wanted += wanted
        self.lost[sku] += max(0, min(wanted, free) - bought)
        self.sold[sku] += bought
        if bought:
            self._sales[sku].append((order, bought))
        self._judge(sku)

    def show(self, sku: str, shown: int) -> int:
        """The shop shows so many: answers how many units would be oversold if all were sold now."""
        claim = max(0, self.sold[sku] + max(0, shown) - self.supply[sku])
        self.claimed[sku] = max(self.claimed[sku], claim)
        return claim

    def oversold_orders(self) -> int:
        """Orders that cannot be shipped whole: where a SKU was oversold, the latest that had some of it."""
        orders: set[int] = set()
        for sku, units in self.short.items():
            for order, bought in reversed(self._sales[sku]):
                if units <= 0:
                    break
                orders.add(order)
                units -= bought
        return len(orders)

    def _judge(self, sku: str) -> None:
        self.short[sku] = max(self.short[sku], self.sold[sku] - self.supply[sku])
