"""Shortages: which components to buy so that more kits can be built."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from weighbridge.domain.stock.kits import MAX_UNITS, BillsOfMaterials, Units


@dataclass(frozen=True, slots=True)
class Shortage:
    """The components to buy so that more of a kit can be built at one location."""

    kit: str
    can_build: int
    """With the current stock, for this kit alone."""
    buy: Mapping[str, int]
    """Component -> whole units."""
    unlocks: int
    """How many more kits that allows, until another component runs out or the goal is reached."""


def shortages(kits: Iterable[str], bills: BillsOfMaterials, stock: Units, goal: int) -> tuple[Shortage, ...]:
    """For each kit, the components that run out first, and how many of them allow up to `goal` more kits.

    Each kit is computed alone: components bought for one can be used up by another that shares them. The kits that need
    the fewest components per kit come first.
    """
    shortages = [short for kit in sorted(kits) if (short := shortage(kit, bills, stock, goal)) is not None]
    return tuple(sorted(shortages, key=lambda short: (sum(short.buy.values()) / short.unlocks, short.kit)))


def shortage(kit: str, bills: BillsOfMaterials, stock: Units, goal: int) -> Shortage | None:
    """The shortage of one kit; None when no purchase of components would allow more kits."""
    can_build = bills.most(kit, stock)
    running_out = bills.missing({kit: Decimal(can_build + 1)}, stock)
    if goal < 1 or not running_out:
        return None
    plenty = {**stock, **{component: Decimal(MAX_UNITS) for component in running_out}}
    reachable = min(bills.most(kit, plenty), can_build + goal)
    lacking = bills.missing({kit: Decimal(reachable)}, stock)
    buy = {sku: int(units.to_integral_value(rounding=ROUND_CEILING)) for sku, units in sorted(lacking.items())}
    return Shortage(kit, can_build, buy, reachable - can_build)
