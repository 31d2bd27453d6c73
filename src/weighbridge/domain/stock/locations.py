"""Shop locations: one figure told apart by the inventory locations of the shop, whose levels never add up to more.

What was sold is taken off where its sale will ship from; what that location lacks for it, and what any location owes,
comes off the others. The buffer is held back in proportion to what each shop location could show.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_FLOOR, Decimal

from weighbridge.domain.stock.available import HIGHEST_LEVEL, Figure
from weighbridge.domain.stock.buffers import Buffer
from weighbridge.domain.values.money import ZERO


@dataclass(frozen=True, slots=True)
class ShopLocations:
    """Which inventory location of the shop shows the stock of which Cin7 location."""

    default: int
    """Shows what no other does."""
    named: Mapping[str, int] = field(default_factory=dict)
    """By Cin7 location."""
    retired: frozenset[int] = frozenset()
    """Locations of the shop that were told of stock once and show none any more."""

    def of(self, location: str) -> int:
        """The shop's location that shows a Cin7 location's stock."""
        return self.named.get(location, self.default)

    def all(self, locations: frozenset[str]) -> tuple[int, ...]:
        """Every location of the shop that is told something, when `locations` of Cin7 are sold from."""
        return tuple(sorted({self.of(location) for location in locations} | self.retired))


def by_shop_location(whole: Figure, shop: ShopLocations, sold_from: frozenset[str], home: str) -> tuple[Figure, ...]:
    """The figure of each of the shop's locations. Their levels add up to the whole figure, or less where a location has
    no whole unit; the whole figure itself where the shop has one location.

    `sold_from` are the Cin7 locations that are sold from, `home` the one that sales allocate from.
    """
    places = shop.all(sold_from)
    if len(places) == 1:
        return (whole if whole.shop_location == places[0] else replace(whole, shop_location=places[0]),)
    free = _free(whole, home)
    most = dict.fromkeys(places, ZERO)
    for location, units in free.items():
        if location in sold_from:
            most[shop.of(location)] += units
    whole_units = {place: int(units.to_integral_value(rounding=ROUND_FLOOR)) for place, units in most.items()}
    levels = _in_proportion(whole.ats, whole_units)
    return tuple(_at(whole, shop, place, most[place], levels[place], sold_from, home) for place in places)


def _at(
    whole: Figure, shop: ShopLocations, place: int, free: Decimal, level: int, sold_from: frozenset[str], home: str
) -> Figure:
    there = {location: units for location, units in whole.by_location.items() if shop.of(location) == place}
    available = sum(there.values(), ZERO)
    in_flight = whole.in_flight if home in sold_from and shop.of(home) == place else ZERO
    kept = int((free - level).to_integral_value(rounding=ROUND_FLOOR)) if whole.sellable else 0
    parts = whole.parts and replace(
        whole.parts,
        by_location={one: units for one, units in whole.parts.by_location.items() if shop.of(one) == place},
    )
    return replace(
        whole,
        available=available,
        in_flight=in_flight,
        buffer=Buffer(min(kept, whole.buffer.units), whole.buffer.kind) if kept else Buffer(),
        ats=min(level, HIGHEST_LEVEL),
        by_location=there,
        parts=parts,
        shop_location=place,
        lent=ZERO if parts else available - in_flight - free,
    )


def _free(whole: Figure, home: str) -> dict[str, Decimal]:
    """What each Cin7 location can still ship once everything sold and owed was taken off, there or elsewhere."""
    if whole.parts is not None:
        return {location: Decimal(units) for location, units in whole.parts.by_location.items()}
    left = dict(whole.by_location)
    left[home] = left.get(home, ZERO) - whole.in_flight
    short = -sum((units for units in left.values() if units < 0), ZERO)
    free: dict[str, Decimal] = {}
    for location in sorted(left):
        there = max(ZERO, left[location])
        taken = min(short, there)
        free[location] = there - taken
        short -= taken
    return free


def _in_proportion(units: int, most: Mapping[int, int]) -> dict[int, int]:
    """`units` shared out in proportion to what each may have at most; the largest remainders get the last ones."""
    together = sum(most.values())
    if units >= together:
        return dict(most)
    shares = {place: divmod(units * limit, together) for place, limit in most.items()}
    left = units - sum(whole for whole, _ in shares.values())
    first = sorted(shares, key=lambda place: (-shares[place][1], place))[:left]
    return {place: whole + (place in first) for place, (whole, _) in shares.items()}
