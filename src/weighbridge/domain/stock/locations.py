"""Store locations: divides a SKU's level among the inventory locations of the store; the sum never exceeds the level.

Sold units are subtracted at the location that their sale ships from. Units that this location lacks, and negative stock
of any location, are subtracted at the others. The buffer is divided in proportion to what each location could show.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_FLOOR, Decimal

from weighbridge.domain.stock.available import HIGHEST_LEVEL, AvailableLevel
from weighbridge.domain.stock.buffers import Buffer
from weighbridge.domain.values.money import ZERO


@dataclass(frozen=True, slots=True)
class StoreLocations:
    """Which inventory location of the store shows the stock of which Cin7 location."""

    default: int
    """Shows the stock of all Cin7 locations that are not mapped."""
    by_cin7_location: Mapping[str, int] = field(default_factory=dict)
    """Cin7 location -> store location."""
    retired: frozenset[int] = frozenset()
    """Store locations to which levels were published earlier, and that show no stock any more."""

    def store_location_of(self, location: str) -> int:
        """The store location that shows the stock of a Cin7 location."""
        return self.by_cin7_location.get(location, self.default)

    def published_locations(self, locations: frozenset[str]) -> tuple[int, ...]:
        """Every store location that gets levels, when the Cin7 `locations` are sold from."""
        return tuple(sorted({self.store_location_of(location) for location in locations} | self.retired))


def by_store_location(
    total_level: AvailableLevel, store_locations: StoreLocations, sold_from: frozenset[str], home: str
) -> tuple[AvailableLevel, ...]:
    """The level of each store location; the total level itself if the store has one location.

    The levels sum to the total level, or to less where a location has only a fraction of a unit. `sold_from` are the
    Cin7 locations that are sold from, `home` the one that sales allocate from.
    """
    locations = store_locations.published_locations(sold_from)
    if len(locations) == 1:
        (only,) = locations
        return (total_level if total_level.store_location == only else replace(total_level, store_location=only),)
    free = dict.fromkeys(locations, ZERO)
    for cin7_location, units in _free(total_level, home).items():
        if cin7_location in sold_from:
            free[store_locations.store_location_of(cin7_location)] += units
    whole_units = {location: int(units.to_integral_value(rounding=ROUND_FLOOR)) for location, units in free.items()}
    levels = _in_proportion(total_level.ats, whole_units)
    return tuple(
        _level_at(total_level, store_locations, location, free[location], levels[location], sold_from, home)
        for location in locations
    )


def _level_at(
    total_level: AvailableLevel,
    store_locations: StoreLocations,
    store_location: int,
    free: Decimal,
    level: int,
    sold_from: frozenset[str],
    home: str,
) -> AvailableLevel:
    by_location = {
        location: units
        for location, units in total_level.by_location.items()
        if store_locations.store_location_of(location) == store_location
    }
    available = sum(by_location.values(), ZERO)
    in_flight = (
        total_level.in_flight
        if home in sold_from and store_locations.store_location_of(home) == store_location
        else ZERO
    )
    held_back = int((free - level).to_integral_value(rounding=ROUND_FLOOR)) if total_level.sellable else 0
    components = total_level.components and replace(
        total_level.components,
        by_location={
            location: units
            for location, units in total_level.components.by_location.items()
            if store_locations.store_location_of(location) == store_location
        },
    )
    return replace(
        total_level,
        available=available,
        in_flight=in_flight,
        buffer=Buffer(min(held_back, total_level.buffer.units), total_level.buffer.kind) if held_back else Buffer(),
        ats=min(level, HIGHEST_LEVEL),
        by_location=by_location,
        components=components,
        store_location=store_location,
        lent=ZERO if components else available - in_flight - free,
    )


def _free(total_level: AvailableLevel, home: str) -> dict[str, Decimal]:
    """What each Cin7 location can ship after all sold units and negative stock are subtracted, there or elsewhere."""
    if total_level.components is not None:
        return {location: Decimal(units) for location, units in total_level.components.by_location.items()}
    stock = dict(total_level.by_location)
    stock[home] = stock.get(home, ZERO) - total_level.in_flight
    lacking = -sum((units for units in stock.values() if units < 0), ZERO)
    free: dict[str, Decimal] = {}
    for location in sorted(stock):
        on_hand = max(ZERO, stock[location])
        lent = min(lacking, on_hand)
        free[location] = on_hand - lent
        lacking -= lent
    return free


def _in_proportion(units: int, limits: Mapping[int, int]) -> dict[int, int]:
    """`units` divided in proportion to the limit of each location; the largest remainders get the last units."""
    total_limit = sum(limits.values())
    if units >= total_limit:
        return dict(limits)
    shares = {location: divmod(units * limit, total_limit) for location, limit in limits.items()}
    remaining = units - sum(whole for whole, _ in shares.values())
    rounded_up = sorted(shares, key=lambda location: (-shares[location][1], location))[:remaining]
    return {location: whole + (location in rounded_up) for location, (whole, _) in shares.items()}
