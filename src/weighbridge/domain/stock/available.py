"""Available to sell: how many units of a SKU the store may sell, given the stock and the units already sold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from weighbridge.domain.stock.buffers import Buffer, BufferKind
from weighbridge.domain.stock.kit_allocation import Allocation
from weighbridge.domain.values.money import ZERO

LevelKey = tuple[str, int]
"""A SKU and an inventory location of the store."""
HIGHEST_LEVEL = 2_147_483_647
"""The largest stock level that the store accepts. Source: Catalog V3, inventory_level."""


@dataclass(frozen=True, slots=True)
class AvailabilityRow:
    """Stock of one SKU at one location, bin and batch. Rows are disjoint, so their quantities can be summed.

    Source: Cin7 Core API v2, GET /ref/productavailability; `available` = on hand - allocated and may be negative.
    """

    sku: str
    location: str
    bin: str
    batch: str
    expires: date | None
    available: Decimal


@dataclass(frozen=True, slots=True)
class StoreItem:
    """A SKU of the store and how its stock is addressed. Source: Inventory V3, identity by tracking mode."""

    sku: str
    product_id: int
    variant_id: int | None
    tracking: str
    """`none`, `product` or `variant`; `with_product` for a variant that is counted with all others of its product."""
    price: Decimal | None = None
    """In the store's currency and tax mode; None when it was not read."""
    on_sale: bool = True
    """Whether shoppers can see and buy it."""

    @property
    def tracked(self) -> bool:
        """Whether the store counts it separately, so that a level can be published."""
        return self.tracking in ("product", "variant")


@dataclass(frozen=True, slots=True)
class SharedComponents:
    """The locations that an allocation would ship from, and what limits it."""

    by_location: Mapping[str, int]
    limited_by: tuple[str, ...]
    shares_with: tuple[str, ...]
    """Other SKUs that need the same components."""


@dataclass(frozen=True, slots=True)
class LevelTerms:
    """The stored terms of a level that have no column of their own."""

    by_location: Mapping[str, Decimal]
    lent: Decimal
    buffer_kind: BufferKind
    sellable: bool
    components: SharedComponents | None


@dataclass(frozen=True, slots=True)
class AvailableLevel:
    """The available-to-sell of one SKU, with every term of the computation."""

    sku: str
    available: Decimal
    """In the locations that are sold from; may be negative."""
    in_flight: Decimal
    """Sold by the store and not yet allocated in Cin7."""
    buffer: Buffer
    sellable: bool
    ats: int
    by_location: Mapping[str, Decimal] = field(default_factory=dict)
    """The terms of `available`."""
    components: SharedComponents | None = None
    """How components are shared; None for a SKU that is neither a kit nor a component of one."""
    store_location: int = 1
    """The inventory location of the store that shows the level."""
    lent: Decimal = ZERO
    """Units that other store locations need for what is sold or owed there; negative at those locations."""

    @property
    def key(self) -> LevelKey:
        return self.sku, self.store_location

    @property
    def terms(self) -> LevelTerms:
        """Its terms as they are stored."""
        return LevelTerms(self.by_location, self.lent, self.buffer.kind, self.sellable, self.components)


def available_by_sku(
    rows: Iterable[AvailabilityRow], locations: frozenset[str], today: date, excluded_bins: frozenset[str] = frozenset()
) -> dict[str, Decimal]:
    """Units per SKU in `locations`. Stock in `excluded_bins` or past its expiry counts only if it is negative.

    Source: platform notes, cin7 trap 15.
    """
    available: dict[str, Decimal] = {}
    for row in rows:
        if row.location not in locations:
            continue
        is_excluded = row.bin in excluded_bins or (row.expires is not None and row.expires < today)
        counted = min(row.available, ZERO) if is_excluded else row.available
        available[row.sku] = available.get(row.sku, ZERO) + counted
    return available


def available_level(
    sku: str,
    by_location: Mapping[str, Decimal],
    in_flight: Decimal,
    buffer: Buffer,
    *,
    sellable: bool,
    store_location: int = 1,
) -> AvailableLevel:
    """The SKU's available level: whole units, never negative, never above what the store accepts."""
    available = sum(by_location.values(), ZERO)
    free = (available - in_flight - buffer.units).to_integral_value(rounding=ROUND_FLOOR) if sellable else ZERO
    level = int(min(max(free, ZERO), Decimal(HIGHEST_LEVEL)))
    return AvailableLevel(
        sku, available, in_flight, buffer, sellable, level, by_location, store_location=store_location
    )


def available_by_location(
    rows: Iterable[AvailabilityRow], locations: frozenset[str], today: date, excluded_bins: frozenset[str] = frozenset()
) -> dict[str, dict[str, Decimal]]:
    """Units per location and SKU, by the rules of `available_by_sku`."""
    by_location: dict[str, list[AvailabilityRow]] = {location: [] for location in locations}
    for row in rows:
        if row.location in locations:
            by_location[row.location].append(row)
    return {
        location: available_by_sku(location_rows, locations, today, excluded_bins)
        for location, location_rows in by_location.items()
    }


def allocated_level(level: AvailableLevel, allocation: Allocation, group: frozenset[str]) -> AvailableLevel:
    """The level of a kit or a component: the units of its allocation, less the buffer.

    Units in flight are not subtracted here, since the allocation takes them off first.
    """
    free = max(0, allocation.units - level.buffer.units) if level.sellable else 0
    components = SharedComponents(
        dict(allocation.by_location), allocation.limited_by, tuple(sorted(group - {level.sku}))
    )
    return replace(level, ats=min(free, HIGHEST_LEVEL), components=components)


def less_unprocessed_orders(
    levels: Iterable[AvailableLevel],
    published: Mapping[LevelKey, int],
    current: Mapping[LevelKey, int],
    placed: Mapping[str, Decimal],
) -> tuple[AvailableLevel, ...]:
    """`levels` less the units that the store has sold in orders that are not processed yet.

    The store subtracts sold units at once. If the `current` level is further below the `published` one than the orders
    `placed` since explain, the rest was sold in unprocessed orders, and publishing the full level would offer it again.
    A SKU that was never published, or whose current level is higher, keeps its level.

    An order does not say at which store location its units were subtracted, so the placed units of a SKU explain
    missing units only once: `levels` must contain all levels of a SKU.
    """
    unexplained_orders = dict(placed)
    reduced: list[AvailableLevel] = []
    for level in levels:
        sold = max(0, published.get(level.key, 0) - current.get(level.key, 0)) if level.key in current else 0
        explained = min(Decimal(sold), unexplained_orders.get(level.sku, ZERO))
        if explained:
            unexplained_orders[level.sku] -= explained
        unprocessed = int((sold - explained).to_integral_value(rounding=ROUND_CEILING))
        reduced.append(replace(level, ats=max(0, level.ats - unprocessed)) if unprocessed else level)
    return tuple(reduced)


def changed_levels(levels: Iterable[AvailableLevel], current: Mapping[LevelKey, int]) -> tuple[AvailableLevel, ...]:
    """The levels that differ from the `current` ones; SKUs with a decrease come first, since those could oversell.

    Levels of one SKU stay together.
    """
    changed = [level for level in levels if current.get(level.key) != level.ats]
    decreasing = {level.sku for level in changed if level.ats < current.get(level.key, 0)}
    return tuple(sorted(changed, key=lambda level: (level.sku not in decreasing, level.key)))
