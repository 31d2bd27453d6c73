"""Shortages: which few parts keep how many kits from being sold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from weighbridge.domain.stock.kits import MOST_UNITS, Bills, Units


@dataclass(frozen=True, slots=True)
class Shortage:
    """What to buy so that more of a kit can be built at one location."""

    kit: str
    can_build: int
    """With what is there now, for this kit alone."""
    buy: Mapping[str, int]
    """Part -> whole units."""
    unlocks: int
    """How many kits more that is; then another part runs out, or the goal is reached."""


def shortages(kits: Iterable[str], bills: Bills, stock: Units, goal: int) -> tuple[Shortage, ...]:
    """For each kit: the parts that run out first, and how many of them unlock up to `goal` kits more.

    Kits are looked at one by one: what is bought for one can be used up by another that shares the part. The most kits
    for the fewest parts come first.
    """
    found = [one for kit in sorted(kits) if (one := shortage(kit, bills, stock, goal)) is not None]
    return tuple(sorted(found, key=lambda one: (sum(one.buy.values()) / one.unlocks, one.kit)))


def shortage(kit: str, bills: Bills, stock: Units, goal: int) -> Shortage | None:
    """The shortage of one kit; None where nothing that can be bought would unlock more."""
    can_build = bills.most(kit, stock)
    running_out = bills.missing({kit: Decimal(can_build + 1)}, stock)
    if goal < 1 or not running_out:
        return None
    plenty = {**stock, **{part: Decimal(MOST_UNITS) for part in running_out}}
    reachable = min(bills.most(kit, plenty), can_build + goal)
    lacking = bills.missing({kit: Decimal(reachable)}, stock)
    buy = {part: int(units.to_integral_value(rounding=ROUND_CEILING)) for part, units in sorted(lacking.items())}
    return Shortage(kit, can_build, buy, reachable - can_build)
