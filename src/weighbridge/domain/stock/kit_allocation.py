"""Kit allocation: divides shared components among kits and single items, so that all allocations can be shipped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum

from weighbridge.domain.stock.kits import MAX_UNITS, BillsOfMaterials, Units
from weighbridge.domain.values.money import ZERO

Stock = Mapping[str, Units]
"""Location -> SKU -> available units; negative where more is owed than there is."""


class Sharing(StrEnum):
    """Which items get components that several items need."""

    FAIR = "fair"
    """All items increase by one unit at a time, as long as each can."""
    PRIORITY = "priority"
    """The first item of the list takes what it can, then the next."""
    SINGLES_FIRST = "reserve_for_singles"
    """Single items keep a share of their stock; kits take from the rest, and single items get what kits leave."""


class Routing(StrEnum):
    """Which locations the units of an allocation may come from."""

    ANY_LOCATION = "any_location"
    """Each location ships what it can; a kit is always built at a single location."""
    ONE_LOCATION = "one_location"
    """All units of an item ship from one location, the one that can ship most of it."""


@dataclass(frozen=True, slots=True)
class SharingPolicy:
    sharing: Sharing = Sharing.FAIR
    routing: Routing = Routing.ANY_LOCATION
    priority: tuple[str, ...] = ()
    """SKUs that come first under `priority`, in this order; the others follow in the order of their SKU."""
    singles_share: Decimal = Decimal("0.5")
    """The share of their stock that single items keep under `reserve_for_singles`."""


@dataclass(frozen=True, slots=True)
class Allocation:
    """The units of one SKU that may be sold, by the location that would ship them."""

    sku: str
    by_location: Mapping[str, int]
    limited_by: tuple[str, ...]
    """Components that lack for one more unit at the location that can ship most: for this item alone, or otherwise
    besides the other allocations."""

    @property
    def units(self) -> int:
        return sum(self.by_location.values())


def allocate(
    group: Iterable[str], bills: BillsOfMaterials, stock: Stock, in_flight: Stock, policy: SharingPolicy
) -> dict[str, Allocation]:
    """The allocation of each SKU of a group that shares components; all allocations can be shipped together.

    `in_flight` are units that the store has sold and Cin7 has not allocated yet, by the location that will ship them.
    They and the units that each location owes (negative stock) come before every allocation. Components that a location
    lacks for them are taken off the other locations, since they will have to come from there.

    A kit's own rows in `stock` are ignored: in some accounts they show what Cin7 could build, which would count the
    components twice. Source: platform notes, cin7 3.4 and 10 (question 1).
    """
    skus = sorted(group)
    components = {
        location: {sku: units for sku, units in on_hand.items() if sku not in bills}
        for location, on_hand in stock.items()
    }
    free = _free(bills, components, in_flight)
    by_location = {location: _split(skus, bills, free[location], policy) for location in sorted(free)}
    allocations: dict[str, Allocation] = {}
    for sku in skus:
        shares = {location: split[sku] for location, split in by_location.items()}
        limits: tuple[str, ...] = ()
        if shares:
            best = max(sorted(shares), key=lambda location: shares[location])
            limits = _limits(sku, bills, free[best], by_location[best])
            shares = {best: shares[best]} if policy.routing is Routing.ONE_LOCATION else shares
        allocations[sku] = Allocation(sku, shares, limits)
    return allocations


def _free(bills: BillsOfMaterials, stock: Stock, in_flight: Stock) -> dict[str, dict[str, Decimal]]:
    """The stock of each location after all sold and owed units are subtracted, there or at other locations."""
    free: dict[str, dict[str, Decimal]] = {}
    lacking: dict[str, Decimal] = {}
    for location, on_hand in stock.items():
        sold = in_flight.get(location, {})
        free[location] = bills.left_over(sold, on_hand)
        for sku, units in bills.missing(sold, on_hand).items():
            lacking[sku] = lacking.get(sku, ZERO) + units
    for location in sorted(free):
        for sku in lacking.keys() & free[location].keys():
            lent = min(lacking[sku], free[location][sku])
            free[location][sku] -= lent
            lacking[sku] -= lent
    return free


def _split(skus: Sequence[str], bills: BillsOfMaterials, stock: Units, policy: SharingPolicy) -> dict[str, int]:
    """The allocations of one location."""
    if policy.sharing is Sharing.FAIR:
        return _fair(skus, bills, stock)
    if policy.sharing is Sharing.PRIORITY:
        first = [sku for sku in policy.priority if sku in set(skus)]
        return _in_order([*first, *(sku for sku in skus if sku not in set(first))], bills, stock)
    singles = [sku for sku in skus if sku not in bills]
    limits = {
        sku: int((stock.get(sku, ZERO) * policy.singles_share).to_integral_value(rounding=ROUND_FLOOR))
        for sku in singles
    }
    reserved = _in_order(singles, bills, stock, limits=limits)
    kits = [sku for sku in skus if sku in bills]
    return _in_order([*kits, *singles], bills, stock, given=reserved)


def _fair(skus: Sequence[str], bills: BillsOfMaterials, stock: Units) -> dict[str, int]:
    """Increases all items together as far as possible, then those that can increase further; none at another's cost."""
    given = dict.fromkeys(skus, 0)
    increasing = list(skus)
    while increasing:
        step = _largest_step(increasing, given, bills, stock)
        for sku in increasing:
            given[sku] += step
        still_increasing: list[str] = []
        for sku in increasing:
            if bills.can_ship(_units({**given, sku: given[sku] + 1}), stock):
                given[sku] += 1
                still_increasing.append(sku)
        increasing = still_increasing
    return given


def _largest_step(increasing: Sequence[str], given: Mapping[str, int], bills: BillsOfMaterials, stock: Units) -> int:
    """By how many units all of `increasing` can increase together."""

    def fits(more: int) -> bool:
        return bills.can_ship(_units({**given, **{sku: given[sku] + more for sku in increasing}}), stock)

    high = 1
    while high < MAX_UNITS and fits(high):
        high *= 2
    low = high // 2
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def _in_order(
    skus: Sequence[str],
    bills: BillsOfMaterials,
    stock: Units,
    *,
    limits: Mapping[str, int] | None = None,
    given: Mapping[str, int] | None = None,
) -> dict[str, int]:
    """Each SKU gets what it can besides the ones before it, up to its limit and on top of what is already `given`."""
    allocated = dict(given or {})
    for sku in skus:
        units = bills.most(sku, stock, _units(allocated))
        allocated[sku] = allocated.get(sku, 0) + (units if limits is None else min(units, limits[sku]))
    return allocated


def _units(allocated: Mapping[str, int]) -> dict[str, Decimal]:
    return {sku: Decimal(units) for sku, units in allocated.items() if units}


def _limits(sku: str, bills: BillsOfMaterials, stock: Units, given: Mapping[str, int]) -> tuple[str, ...]:
    alone = bills.missing(_units({sku: given[sku] + 1}), stock)
    return tuple(sorted(alone or bills.missing(_units({**given, sku: given[sku] + 1}), stock)))
