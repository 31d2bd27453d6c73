"""Shared stock: promises for kits and single items that use the same parts, whose sum can always be shipped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum

from weighbridge.domain.bundle import Bills, Units
from weighbridge.domain.money import ZERO

Stock = Mapping[str, Units]
"""Location -> SKU -> available units; negative where more is owed than there is."""


class Sharing(StrEnum):
    """Who gets parts that several items could use."""

    FAIR = "fair"
    """Every item rises by one unit at a time for as long as it can."""
    PRIORITY = "priority"
    """The first of the list takes what it can, then the next."""
    SINGLES_FIRST = "reserve_for_singles"
    """Single items keep a share of their stock; kits take of the rest, and singles what kits leave."""


class Routing(StrEnum):
    """Where the units of a promise may come from."""

    ANY = "any_location"
    """Each location ships what it can; a kit is always built at one of them."""
    ONE = "one_location"
    """Whatever is promised of an item can leave from one place: the location that can ship most of it."""


@dataclass(frozen=True, slots=True)
class SharingPolicy:
    sharing: Sharing = Sharing.FAIR
    routing: Routing = Routing.ANY
    priority: tuple[str, ...] = ()
    """SKUs that come first under `priority`, in this order; the others follow by SKU."""
    singles_share: Decimal = Decimal("0.5")
    """The share of their stock that single items keep under `reserve_for_singles`."""


@dataclass(frozen=True, slots=True)
class Promise:
    """What may be promised of one SKU, by the location that would ship it."""

    sku: str
    by_location: Mapping[str, int]
    limited_by: tuple[str, ...]
    """Parts of which there is not enough for one more, where it could ship most: by itself, or else beside the other
    promises."""

    @property
    def units(self) -> int:
        return sum(self.by_location.values())


def promises(
    group: Iterable[str], bills: Bills, stock: Stock, in_flight: Stock, policy: SharingPolicy
) -> dict[str, Promise]:
    """What may be promised of each SKU of a group that shares parts, so that all promises can be shipped together.

    `in_flight` are units that the shop has sold and Cin7 does not know of, by the location that will ship them; they
    come before every promise.
    """
    skus = sorted(group)
    by_location = {
        place: _split(skus, bills, stock[place], in_flight.get(place, {}), policy) for place in sorted(stock)
    }
    found: dict[str, Promise] = {}
    for sku in skus:
        shares = {place: split[sku] for place, split in by_location.items()}
        if policy.routing is Routing.ONE and shares:
            best = max(sorted(shares), key=lambda place: shares[place])
            shares = {best: shares[best]}
        found[sku] = Promise(sku, shares, _limits(sku, bills, stock, in_flight, by_location))
    return found


def _split(skus: Sequence[str], bills: Bills, stock: Units, sold: Units, policy: SharingPolicy) -> dict[str, int]:
    """The promises of one location."""
    if not bills.can_ship(sold, stock):
        return _beside_what_is_short(skus, bills, stock, sold, policy)
    if policy.sharing is Sharing.FAIR:
        return _fair(skus, bills, stock, sold)
    if policy.sharing is Sharing.PRIORITY:
        first = [sku for sku in policy.priority if sku in set(skus)]
        return _in_order([*first, *(sku for sku in skus if sku not in set(first))], bills, stock, sold)
    singles = [sku for sku in skus if sku not in bills]
    kept = {
        sku: int((max(ZERO, stock.get(sku, ZERO)) * policy.singles_share).to_integral_value(rounding=ROUND_FLOOR))
        for sku in singles
    }
    reserved = _in_order(singles, bills, stock, sold, most=kept)
    kits = [sku for sku in skus if sku in bills]
    return _in_order([*kits, *singles], bills, stock, sold, given=reserved)


def _beside_what_is_short(
    skus: Sequence[str], bills: Bills, stock: Units, sold: Units, policy: SharingPolicy
) -> dict[str, int]:
    """Something sold or owed cannot be shipped whole: nothing is promised that needs a part of which there is too
    little; the others share what is left once the sold and owed units took their parts."""
    short = set(bills.missing(sold, stock))
    free = [sku for sku in skus if not bills.parts_of(sku) & short]
    left = bills.left_over(sold, stock)
    return dict.fromkeys(skus, 0) | (_split(free, bills, left, {}, policy) if free else {})


def _fair(skus: Sequence[str], bills: Bills, stock: Units, sold: Units) -> dict[str, int]:
    """Raises all items together as far as possible, then those that can rise further: none gains by another's loss."""
    given = dict.fromkeys(skus, 0)
    rising = list(skus)
    while rising:
        level = _highest(rising, given, bills, stock, sold)
        for sku in rising:
            given[sku] += level
        still: list[str] = []
        for sku in rising:
            more = {**given, sku: given[sku] + 1}
            if bills.can_ship(_together(sold, more), stock):
                given, still = (more, [*still, sku])
        rising = still
    return given


def _highest(rising: Sequence[str], given: Mapping[str, int], bills: Bills, stock: Units, sold: Units) -> int:
    """By how many units all of `rising` can rise together."""
    low, high = 0, min(bills.most(sku, stock, _together(sold, {**given, sku: given[sku]})) for sku in rising)
    while low < high:
        middle = (low + high + 1) // 2
        raised = {**given, **{sku: given[sku] + middle for sku in rising}}
        if bills.can_ship(_together(sold, raised), stock):
            low = middle
        else:
            high = middle - 1
    return low


def _in_order(
    skus: Sequence[str],
    bills: Bills,
    stock: Units,
    sold: Units,
    *,
    most: Mapping[str, int] | None = None,
    given: Mapping[str, int] | None = None,
) -> dict[str, int]:
    """Each takes what it can beside those before it, up to `most`, beginning from what is `given` already."""
    taken = dict(given or {})
    for sku in skus:
        units = bills.most(sku, stock, _together(sold, taken))
        taken[sku] = taken.get(sku, 0) + (units if most is None else min(units, most[sku]))
    return taken


def _together(sold: Units, promised: Mapping[str, int]) -> dict[str, Decimal]:
    wanted = dict(sold)
    for sku, units in promised.items():
        wanted[sku] = wanted.get(sku, ZERO) + units
    return wanted


def _limits(
    sku: str, bills: Bills, stock: Stock, in_flight: Stock, given: Mapping[str, Mapping[str, int]]
) -> tuple[str, ...]:
    if not given:
        return ()
    best = max(sorted(given), key=lambda place: given[place][sku])
    sold, own = in_flight.get(best, {}), given[best][sku] + 1
    alone = bills.missing(_together(sold, {sku: own}), stock[best])
    return tuple(sorted(alone or bills.missing(_together(sold, {**given[best], sku: own}), stock[best])))
