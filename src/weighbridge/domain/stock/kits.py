"""Bundles: what can be built from the stock of one location, through kits of kits, and what a set of orders needs.

Source: platform notes, cin7 3.4: a kit is assembled when its sale is authorised, whole or not at all, from components
at the sale's own location; a kit needs `quantity / quantity to produce` of each component.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from weighbridge.domain.findings.finding import Finding, FindingKind, hold
from weighbridge.domain.values.money import ZERO

Units = Mapping[str, Decimal]
"""SKU -> units."""
MOST_UNITS = 2_147_483_647
"""No promise goes beyond what the shop can hold. Source: Catalog V3, inventory_level."""


@dataclass(frozen=True, slots=True)
class Component:
    """One stocked part of a kit; services are left out, since they need no stock."""

    sku: str
    per_kit: Decimal
    """Units for one kit, wastage included."""
    wasted: Decimal = ZERO
    """Those of them that are lost in the making: they do not come back with the kit."""


@dataclass(frozen=True, slots=True)
class Bill:
    """The bill of materials of a kit that Cin7 assembles by itself."""

    sku: str
    components: tuple[Component, ...]


class Bills:
    """All bills of materials, checked and in an order in which every kit comes before its components."""

    def __init__(self, bills: Iterable[Bill]) -> None:
        self._bills = {bill.sku: bill for bill in bills}
        order, broken = self._sorted()
        self._bills = {sku: self._bills[sku] for sku in order if sku in self._bills and sku not in broken}
        self._rank = {sku: rank for rank, sku in enumerate(order)}
        self.findings: Mapping[str, Finding] = {
            sku: hold(
                FindingKind.BILL_CIRCULAR, f"bill of materials of {sku}", " > ".join(path), "no kit inside itself"
            )
            for sku, path in sorted(broken.items())
        }
        """By SKU: kits that stand in a circle, or are made from one. Nothing can be said of what they are made of."""

    def __contains__(self, sku: str) -> bool:
        return sku in self._bills

    def __getitem__(self, sku: str) -> Bill:
        return self._bills[sku]

    @property
    def kits(self) -> frozenset[str]:
        """The SKUs of every kit whose bill is sound."""
        return frozenset(self._bills)

    def groups(self) -> tuple[frozenset[str], ...]:
        """SKUs that share components, directly or through others: each group can be figured by itself."""
        parent: dict[str, str] = {}

        def root(sku: str) -> str:
            while parent.setdefault(sku, sku) != sku:
                parent[sku] = parent[parent[sku]]
                sku = parent[sku]
            return sku

        for bill in self._bills.values():
            for component in bill.components:
                parent[root(bill.sku)] = root(component.sku)
        found: dict[str, set[str]] = {}
        for sku in list(parent):
            found.setdefault(root(sku), set()).add(sku)
        return tuple(frozenset(group) for _, group in sorted(found.items()))

    def parts_of(self, sku: str) -> frozenset[str]:
        """The SKU and everything that goes into it, through kits of kits."""
        parts, waiting = {sku}, [sku]
        while waiting:
            one = waiting.pop()
            for component in self._bills[one].components if one in self._bills else ():
                if component.sku not in parts:
                    parts.add(component.sku)
                    waiting.append(component.sku)
        return frozenset(parts)

    def missing(self, wanted: Units, stock: Units) -> dict[str, Decimal]:
        """What one location lacks to ship all of `wanted` at once; empty when it can."""
        return self._explode(wanted, stock)[1]

    def left_over(self, wanted: Units, stock: Units) -> dict[str, Decimal]:
        """The stock of one location once it has shipped of `wanted`, and of what it owes, what it can."""
        needed, _ = self._explode(wanted, stock)
        return {sku: max(ZERO, units - needed.get(sku, ZERO)) for sku, units in stock.items()}

    def _explode(self, wanted: Units, stock: Units) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
        """(needed, lacking) units by SKU, kits taken apart as far as they must be assembled.

        A unit in stock is taken before one is assembled: that never needs more parts. Kits are assembled in whole
        units. What is owed already (negative stock) is served first.
        """
        needed = {sku: max(ZERO, -units) for sku, units in stock.items() if units < 0}
        for sku, units in wanted.items():
            needed[sku] = needed.get(sku, ZERO) + units
        lacking: dict[str, Decimal] = {}
        # Kits come before their components, so a component's need is complete when its turn comes.
        waiting = sorted(needed, key=self._rank_of, reverse=True)
        while waiting:
            sku = waiting.pop()
            short = needed[sku] - max(ZERO, stock.get(sku, ZERO))
            if short <= 0:
                continue
            if sku not in self._bills:
                lacking[sku] = short
                continue
            whole = short.to_integral_value(rounding=ROUND_CEILING)
            fresh = False
            for component in self._bills[sku].components:
                fresh = fresh or component.sku not in needed
                needed[component.sku] = needed.get(component.sku, ZERO) + component.per_kit * whole
                if fresh and component.sku not in waiting:
                    waiting.append(component.sku)
            if fresh:
                waiting.sort(key=self._rank_of, reverse=True)
        return needed, lacking

    def can_ship(self, wanted: Units, stock: Units) -> bool:
        """Whether one location can ship all of `wanted` at once."""
        return not self.missing(wanted, stock)

    def most(self, sku: str, stock: Units, besides: Units | None = None) -> int:
        """The most units of `sku` that one location can ship beside everything in `besides`; 0 when not even those."""
        besides = besides or {}
        ceiling = self._ceiling(sku, stock)
        low, high = 0, ceiling
        if not self.can_ship(besides, stock):
            return 0
        while low < high:
            middle = (low + high + 1) // 2
            if self.can_ship({**besides, sku: besides.get(sku, ZERO) + middle}, stock):
                low = middle
            else:
                high = middle - 1
        return low

    def _ceiling(self, sku: str, stock: Units) -> int:
        """No more can ever be shipped: own stock, and what each component alone would allow."""
        own = max(ZERO, stock.get(sku, ZERO))
        if sku in self._bills:
            parts = [
                Decimal(self._ceiling(part.sku, stock)) / part.per_kit + 1
                for part in self._bills[sku].components
                if part.per_kit > 0
            ]
            own += min(parts, default=ZERO)
        return int(min(own.to_integral_value(rounding=ROUND_FLOOR), Decimal(MOST_UNITS)))

    def _rank_of(self, sku: str) -> int:
        return self._rank.get(sku, len(self._rank))

    def _sorted(self) -> tuple[list[str], dict[str, tuple[str, ...]]]:
        """SKUs, kits first; and every kit that stands in a circle or leads into one, with the way round it."""
        done: list[str] = []
        broken: dict[str, tuple[str, ...]] = {}
        state: dict[str, bool] = {}

        def visit(sku: str, path: tuple[str, ...]) -> None:
            if sku in path:
                for one in path:
                    broken.setdefault(one, (*path[path.index(sku) :], sku))
                return
            if state.get(sku):
                if sku in broken:
                    for one in path:
                        broken.setdefault(one, broken[sku])
                return
            for component in self._bills[sku].components if sku in self._bills else ():
                visit(component.sku, (*path, sku))
            state[sku] = True
            done.append(sku)

        for sku in sorted(self._bills):
            visit(sku, ())
        return done[::-1], broken
