"""Kits: how many units can be built from the stock of one location, through kits of kits, and what a demand needs.

Source: platform notes, cin7 3.4: a kit is assembled when its sale is authorised, whole or not at all, from components
at the sale's own location; a kit needs `quantity / quantity to produce` of each component.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from weighbridge.domain.findings.finding import Finding, hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.values.money import ZERO

Units = Mapping[str, Decimal]
"""SKU -> units."""
MAX_UNITS = 2_147_483_647
"""No level exceeds what the store accepts. Source: Catalog V3, inventory_level."""


@dataclass(frozen=True, slots=True)
class Component:
    """One stocked component of a kit; services are left out, since they need no stock."""

    sku: str
    per_kit: Decimal
    """Units for one kit, including wastage."""
    wasted: Decimal = ZERO
    """Units of them that are lost in assembly and do not come back with a returned kit."""


@dataclass(frozen=True, slots=True)
class BillOfMaterials:
    """The bill of materials of a kit that Cin7 assembles automatically."""

    sku: str
    components: tuple[Component, ...]


class BillsOfMaterials:
    """All bills of materials without circles, in an order in which every kit comes before its components."""

    def __init__(self, bills: Iterable[BillOfMaterials]) -> None:
        self._bills = {bill.sku: bill for bill in bills}
        order, broken = self._sorted()
        self._bills = {sku: self._bills[sku] for sku in order if sku in self._bills and sku not in broken}
        self._rank = {sku: rank for rank, sku in enumerate(order)}
        self.findings: Mapping[str, Finding] = {
            sku: hold(FindingKind.BOM_CIRCULAR, f"bill of materials of {sku}", " > ".join(path), "no kit inside itself")
            for sku, path in sorted(broken.items())
        }
        """By SKU: kits that contain themselves, or contain such a kit. Their bills of materials are ignored."""

    def __contains__(self, sku: str) -> bool:
        return sku in self._bills

    def __getitem__(self, sku: str) -> BillOfMaterials:
        return self._bills[sku]

    @property
    def kits(self) -> frozenset[str]:
        """The SKUs of every kit with a valid bill of materials."""
        return frozenset(self._bills)

    def groups(self) -> tuple[frozenset[str], ...]:
        """SKUs that share components, directly or through others; each group can be computed separately."""
        parent: dict[str, str] = {}

        def root(sku: str) -> str:
            while parent.setdefault(sku, sku) != sku:
                parent[sku] = parent[parent[sku]]
                sku = parent[sku]
            return sku

        for bill in self._bills.values():
            for component in bill.components:
                parent[root(bill.sku)] = root(component.sku)
        groups: dict[str, set[str]] = {}
        for sku in list(parent):
            groups.setdefault(root(sku), set()).add(sku)
        return tuple(frozenset(group) for _, group in sorted(groups.items()))

    def components_of(self, sku: str) -> frozenset[str]:
        """The SKU and all its components, through kits of kits."""
        skus, waiting = {sku}, [sku]
        while waiting:
            kit = waiting.pop()
            for component in self._bills[kit].components if kit in self._bills else ():
                if component.sku not in skus:
                    skus.add(component.sku)
                    waiting.append(component.sku)
        return frozenset(skus)

    def missing(self, demand: Units, stock: Units) -> dict[str, Decimal]:
        """The units that one location lacks to ship all of `demand` at once; empty when it can."""
        return self._explode(demand, stock)[1]

    def left_over(self, demand: Units, stock: Units) -> dict[str, Decimal]:
        """The stock of one location after it has shipped as much as it can of what it owes and of `demand`."""
        needed, _ = self._explode(demand, stock)
        return {sku: max(ZERO, units - needed.get(sku, ZERO)) for sku, units in stock.items()}

    def _explode(self, demand: Units, stock: Units) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
        """(needed, lacking) units by SKU, with kits replaced by components as far as they must be assembled.

        A unit in stock is used before one is assembled, which never needs more components. Kits are assembled in whole
        units. Units that are already owed (negative stock) come first.
        """
        needed = {sku: max(ZERO, -units) for sku, units in stock.items() if units < 0}
        for sku, units in demand.items():
            needed[sku] = needed.get(sku, ZERO) + units
        lacking: dict[str, Decimal] = {}
        # Kits come before their components, so the need of a component is complete when it is processed.
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
            has_new = False
            for component in self._bills[sku].components:
                has_new = has_new or component.sku not in needed
                needed[component.sku] = needed.get(component.sku, ZERO) + component.per_kit * whole
                if has_new and component.sku not in waiting:
                    waiting.append(component.sku)
            if has_new:
                waiting.sort(key=self._rank_of, reverse=True)
        return needed, lacking

    def can_ship(self, demand: Units, stock: Units) -> bool:
        """Whether one location can ship all of `demand` at once."""
        return not self.missing(demand, stock)

    def most(self, sku: str, stock: Units, other_demand: Units | None = None) -> int:
        """The most units of `sku` that one location can ship besides `other_demand`; 0 if it cannot ship that."""
        other_demand = other_demand or {}
        low, high = 0, self._ceiling(sku, stock)
        if not self.can_ship(other_demand, stock):
            return 0
        while low < high:
            middle = (low + high + 1) // 2
            if self.can_ship({**other_demand, sku: other_demand.get(sku, ZERO) + middle}, stock):
                low = middle
            else:
                high = middle - 1
        return low

    def _ceiling(self, sku: str, stock: Units) -> int:
        """An upper limit of the units that can be shipped: own stock, and what each component alone allows."""
        own = max(ZERO, stock.get(sku, ZERO))
        if sku in self._bills:
            limits = [
                Decimal(self._ceiling(component.sku, stock)) / component.per_kit + 1
                for component in self._bills[sku].components
                if component.per_kit > 0
            ]
            own += min(limits, default=ZERO)
        return int(min(own.to_integral_value(rounding=ROUND_FLOOR), Decimal(MAX_UNITS)))

    def _rank_of(self, sku: str) -> int:
        return self._rank.get(sku, len(self._rank))

    def _sorted(self) -> tuple[list[str], dict[str, tuple[str, ...]]]:
        """SKUs, kits first; and every kit that is in a circle or leads into one, with the SKUs of the circle."""
        done: list[str] = []
        broken: dict[str, tuple[str, ...]] = {}
        state: dict[str, bool] = {}

        def visit(sku: str, path: tuple[str, ...]) -> None:
            if sku in path:
                for kit in path:
                    broken.setdefault(kit, (*path[path.index(sku) :], sku))
                return
            if state.get(sku):
                if sku in broken:
                    for kit in path:
                        broken.setdefault(kit, broken[sku])
                return
            for component in self._bills[sku].components if sku in self._bills else ():
                visit(component.sku, (*path, sku))
            state[sku] = True
            done.append(sku)

        for sku in sorted(self._bills):
            visit(sku, ())
        return done[::-1], broken
