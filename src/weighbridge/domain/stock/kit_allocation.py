"""Shared stock: promises for kits and single items that use the same parts, whose sum can always be shipped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum

from weighbridge.domain.stock.kits import MOST_UNITS, Bills, Units
from weighbridge.domain.values.money import ZERO

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

    `in_flight` are units that the shop has sold and Cin7 does not know of, by the location that will ship them; they,
    and what each location owes already (negative stock), come before every promise. Parts that a location lacks for
    them are taken off the other locations: they will have to come from there, and nobody may buy them twice.

    A kit's own rows in `stock` are left out: in some accounts they show what Cin7 could build, which would count the
    parts twice. Source: platform notes, cin7 3.4 and 10 (question 1).
    """
    skus = sorted(group)
    parts = {place: {sku: units for sku, units in there.items() if sku not in bills} for place, there in stock.items()}
    left = _settled(bills, parts, in_flight)
    by_location = {place: _split(skus, bills, left[place], policy) for place in sorted(left)}
    found: dict[str, Promise] = {}
    for sku in skus:
        shares = {place: split[sku] for place, split in by_location.items()}
        limits: tuple[str, ...] = ()
        if shares:
            best = max(sorted(shares), key=lambda place: shares[place])
            limits = _limits(sku, bills, left[best], by_location[best])
            shares = {best: shares[best]} if policy.routing is Routing.ONE else shares
        found[sku] = Promise(sku, shares, limits)
    return found


def _settled(bills: Bills, stock: Stock, in_flight: Stock) -> dict[str, dict[str, Decimal]]:
    """The stock of each location once everything sold and owed took its parts, at home or elsewhere."""
    left: dict[str, dict[str, Decimal]] = {}
    short: dict[str, Decimal] = {}
    for place, units in stock.items():
        sold = in_flight.get(place, {})
        left[place] = bills.left_over(sold, units)
        for sku, lacking in bills.missing(sold, units).items():
            short[sku] = short.get(sku, ZERO) + lacking
    for place in sorted(left):
        for sku in short.keys() & left[place].keys():
            taken = min(short[sku], left[place][sku])
            left[place][sku] -= taken
            short[sku] -= taken
    return left


def _split(skus: Sequence[str], bills: Bills, stock: Units, policy: SharingPolicy) -> dict[str, int]:
    """The promises of one location."""
    if policy.sharing is Sharing.FAIR:
        return _fair(skus, bills, stock)
    if policy.sharing is Sharing.PRIORITY:
        first = [sku for sku in policy.priority if sku in set(skus)]
        return _in_order([*first, *(sku for sku in skus if sku not in set(first))], bills, stock)
    singles = [sku for sku in skus if sku not in bills]
    kept = {
        sku: int((stock.get(sku, ZERO) * policy.singles_share).to_integral_value(rounding=ROUND_FLOOR))
        for sku in singles
    }
    reserved = _in_order(singles, bills, stock, most=kept)
    kits = [sku for sku in skus if sku in bills]
    return _in_order([*kits, *singles], bills, stock, given=reserved)


def _fair(skus: Sequence[str], bills: Bills, stock: Units) -> dict[str, int]:
    """Raises all items together as far as possible, then those that can rise further: none gains by another's loss."""
    given = dict.fromkeys(skus, 0)
    rising = list(skus)
    while rising:
        level = _highest(rising, given, bills, stock)
        for sku in rising:
            given[sku] += level
        still: list[str] = []
        for sku in rising:
            if bills.can_ship(_units({**given, sku: given[sku] + 1}), stock):
                given[sku] += 1
                still.append(sku)
        rising = still
    return given


def _highest(rising: Sequence[str], given: Mapping[str, int], bills: Bills, stock: Units) -> int:
    """By how many units all of `rising` can rise together."""

    def fits(more: int) -> bool:
        return bills.can_ship(_units({**given, **{sku: given[sku] + more for sku in rising}}), stock)

    high = 1
    while high < MOST_UNITS and fits(high):
        high *= 2
    low = high // 2
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def _in_order(
    skus: Sequence[str],
    bills: Bills,
    stock: Units,
    *,
    most: Mapping[str, int] | None = None,
    given: Mapping[str, int] | None = None,
) -> dict[str, int]:
    """Each takes what it can beside those before it, up to `most`, beginning from what is `given` already."""
    taken = dict(given or {})
    for sku in skus:
        units = bills.most(sku, stock, _units(taken))
        taken[sku] = taken.get(sku, 0) + (units if most is None else min(units, most[sku]))
    return taken


def _units(promised: Mapping[str, int]) -> dict[str, Decimal]:
    return {sku: Decimal(units) for sku, units in promised.items() if units}


def _limits(sku: str, bills: Bills, stock: Units, given: Mapping[str, int]) -> tuple[str, ...]:
    alone = bills.missing(_units({sku: given[sku] + 1}), stock)
    return tuple(sorted(alone or bills.missing(_units({**given, sku: given[sku] + 1}), stock)))
