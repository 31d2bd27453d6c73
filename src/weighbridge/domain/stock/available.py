"""Available to sell: what the shop may promise of a SKU, given the stock there is and what is already promised."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from weighbridge.domain.stock.buffers import Buffer
from weighbridge.domain.stock.kit_allocation import Promise
from weighbridge.domain.values.money import ZERO

Slot = tuple[str, int]
"""A SKU, and the shop's inventory location that shows so many of it."""
HIGHEST_LEVEL = 2_147_483_647
"""The largest stock level the shop holds. Source: Catalog V3, inventory_level."""


@dataclass(frozen=True, slots=True)
class AvailabilityRow:
    """Stock of one SKU at one location, bin and batch. Rows are disjoint, so quantities add up.

    Source: Cin7 Core API v2, GET /ref/productavailability; `available` = on hand - allocated and may be negative.
    """

    sku: str
    location: str
    bin: str
    batch: str
    expires: date | None
    available: Decimal


@dataclass(frozen=True, slots=True)
class ShopItem:
    """A SKU at the shop and how its stock is addressed. Source: Inventory V3, identity by tracking mode."""

    sku: str
    product_id: int
    variant_id: int | None
    tracking: str
    """`none`, `product` or `variant`; `with_product` for a variant that is counted with all others of its product."""
    price: Decimal | None = None
    """In the store's own currency and tax mode, where it was read."""
    on_sale: bool = True
    """Whether shoppers can see it and are let buy it."""

    @property
    def tracked(self) -> bool:
        """Whether the shop counts it by itself, so that it can be told a level."""
        return self.tracking in ("product", "variant")


@dataclass(frozen=True, slots=True)
class SharedParts:
    """Where a promise would ship from, and what keeps it from being higher."""

    by_location: Mapping[str, int]
    limited_by: tuple[str, ...]
    shares_with: tuple[str, ...]
    """Other SKUs that need the same parts."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One SKU's available-to-sell with every term of it."""

    sku: str
    available: Decimal
    """In the chosen locations; may be negative."""
    in_flight: Decimal
    """Promised by the shop and not yet allocated in Cin7."""
    buffer: Buffer
    sellable: bool
    ats: int
    by_location: Mapping[str, Decimal] = field(default_factory=dict)
    """The terms of `available`."""
    parts: SharedParts | None = None
    """How parts are shared; None for a SKU that is neither a kit nor a part of one."""
    shop_location: int = 1
    """The inventory location of the shop that shows the level."""
    lent: Decimal = ZERO
    """Units that are needed by other shop locations, which lack them for what is sold or owed; negative for those."""

    @property
    def slot(self) -> Slot:
        return self.sku, self.shop_location


def available_by_sku(
    rows: Iterable[AvailabilityRow], locations: frozenset[str], today: date, barred: frozenset[str] = frozenset()
) -> dict[str, Decimal]:
    """Units per SKU in `locations`; what lies in `barred` bins or is past its expiry does not count, except what is
    owed from there. Source: platform notes, cin7 trap 15.
    """
    available: dict[str, Decimal] = {}
    for row in rows:
        if row.location not in locations:
            continue
        unfit = row.bin in barred or (row.expires is not None and row.expires < today)
        counted = min(row.available, ZERO) if unfit else row.available
        available[row.sku] = available.get(row.sku, ZERO) + counted
    return available


def figure(
    sku: str,
    by_location: Mapping[str, Decimal],
    in_flight: Decimal,
    buffer: Buffer,
    *,
    sellable: bool,
    shop_location: int = 1,
) -> Figure:
    """The SKU's figure: whole units, never negative, never above what the shop can hold."""
    available = sum(by_location.values(), ZERO)
    free = (available - in_flight - buffer.units).to_integral_value(rounding=ROUND_FLOOR) if sellable else ZERO
    level = int(min(max(free, ZERO), Decimal(HIGHEST_LEVEL)))
    return Figure(sku, available, in_flight, buffer, sellable, level, by_location, shop_location=shop_location)


def available_by_location(
    rows: Iterable[AvailabilityRow], locations: frozenset[str], today: date, barred: frozenset[str] = frozenset()
) -> dict[str, dict[str, Decimal]]:
    """Units per location and SKU, by the rules of `available_by_sku`."""
    by_location: dict[str, list[AvailabilityRow]] = {location: [] for location in locations}
    for row in rows:
        if row.location in locations:
            by_location[row.location].append(row)
    return {place: available_by_sku(kept, locations, today, barred) for place, kept in by_location.items()}


def shared_figure(plain: Figure, promise: Promise, group: frozenset[str]) -> Figure:
    """The figure of a kit or a part: what its share of the parts allows, less the buffer.

    What is in flight is off already: it was shipped, in thought, before anything was promised.
    """
    free = max(0, promise.units - plain.buffer.units) if plain.sellable else 0
    parts = SharedParts(dict(promise.by_location), promise.limited_by, tuple(sorted(group - {plain.sku})))
    return replace(plain, ats=min(free, HIGHEST_LEVEL), parts=parts)


def less_unseen(
    figures: Iterable[Figure], told: Mapping[Slot, int], there: Mapping[Slot, int], placed: Mapping[str, Decimal]
) -> tuple[Figure, ...]:
    """The figures less what the shop has sold in orders that nobody has heard of yet.

    The shop takes off what it sells at once. So where its level `there` is further below what it was last `told` than
    the orders `placed` since explain, somebody has bought the rest; a level set now would offer that a second time. A
    SKU that was never told, or that the shop shows higher, keeps its figure.

    An order does not say which of the shop's locations lost its units, so what was placed explains each unit once: the
    figures of a SKU have to come together.
    """
    left = dict(placed)
    found: list[Figure] = []
    for one in figures:
        gone = max(0, told.get(one.slot, 0) - there.get(one.slot, 0)) if one.slot in there else 0
        explained = min(Decimal(gone), left.get(one.sku, ZERO))
        if explained:
            left[one.sku] -= explained
        unseen = int((gone - explained).to_integral_value(rounding=ROUND_CEILING))
        found.append(replace(one, ats=max(0, one.ats - unseen)) if unseen else one)
    return tuple(found)


def changes(figures: Iterable[Figure], shown: Mapping[Slot, int]) -> tuple[Figure, ...]:
    """The figures that differ from what the shop shows; falls first, since they are the ones that oversell. Figures of
    one SKU stay together."""
    differing = [one for one in figures if shown.get(one.slot) != one.ats]
    falling = {one.sku for one in differing if one.ats < shown.get(one.slot, 0)}
    return tuple(sorted(differing, key=lambda one: (one.sku not in falling, one.slot)))
