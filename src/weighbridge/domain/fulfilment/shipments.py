"""Fulfilment: the parcels that left the warehouse, and the order lines they carry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from weighbridge.domain.findings.finding import Finding, FindingKind, hold
from weighbridge.domain.orders.order import OrderLine
from weighbridge.domain.values.money import ZERO, total


@dataclass(frozen=True, slots=True)
class PackedLine:
    """Units of a SKU in a box. Source: Cin7 Core API v2, pack lines."""

    sku: str
    quantity: Decimal
    box: str


@dataclass(frozen=True, slots=True)
class ShipLine:
    """One consignment of boxes; it names boxes, not products. Source: Cin7 Core API v2, ship lines."""

    id: str
    boxes: tuple[str, ...]
    carrier: str
    tracking_number: str
    tracking_url: str
    shipped_at: datetime | None
    is_shipped: bool


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One fulfilment task of a sale: what was packed and what left."""

    task_id: str
    number: int
    packed: tuple[PackedLine, ...]
    shipped: tuple[ShipLine, ...]


@dataclass(frozen=True, slots=True)
class Parcel:
    """One shipped consignment with its items. `key` is stable: fulfilment task and ship line."""

    key: str
    carrier: str
    tracking_number: str
    tracking_url: str
    items: tuple[tuple[str, Decimal], ...]
    """(SKU, units), each SKU once."""


@dataclass(frozen=True, slots=True)
class ShipmentItem:
    """Units of one order line in a shipment at the shop."""

    order_line_id: int
    address_id: int
    quantity: int


def parcels_of(dispatches: Iterable[Dispatch]) -> tuple[Parcel, ...]:
    """The shipped parcels of a sale, items joined over boxes, oldest fulfilment first.

    A ship line without boxes takes everything packed that no other ship line of its fulfilment names. What is packed
    once leaves once: a box named by two ship lines belongs to the first, and so does all that nobody names.
    Source: platform notes, cin7 2.7 (ship lines carry boxes, not products).
    """
    return tuple(
        Parcel(
            key=f"{dispatch.task_id}:{line.id}",
            carrier=line.carrier,
            tracking_number=line.tracking_number,
            tracking_url=line.tracking_url,
            items=_items(dispatch, position),
        )
        for dispatch in sorted(dispatches, key=lambda one: one.number)
        for position, line in enumerate(dispatch.shipped)
        if line.is_shipped
    )


def _items(dispatch: Dispatch, position: int) -> tuple[tuple[str, Decimal], ...]:
    units: dict[str, Decimal] = {}
    for packed in dispatch.packed:
        if _carrier_of(packed, dispatch.shipped) == position:
            units[packed.sku] = units.get(packed.sku, ZERO) + packed.quantity
    return tuple(units.items())


def _carrier_of(packed: PackedLine, shipped: Sequence[ShipLine]) -> int | None:
    """The position of the ship line that takes a packed line, None while none does."""
    naming = (position for position, line in enumerate(shipped) if packed.box in line.boxes)
    boxless = (position for position, line in enumerate(shipped) if not line.boxes)
    first = next(naming, None)
    return first if first is not None else next(boxless, None)


def lay_on_lines(
    parcel: Parcel, lines: Sequence[OrderLine], shipped: Mapping[int, int]
) -> tuple[ShipmentItem, ...] | Finding:
    """The order lines a parcel fulfils, first lines first, never more than was ordered.

    `shipped` says how many units of each order line earlier shipments carry. A Finding when the parcel holds units
    that no line still waits for, or parts of a unit: such a parcel needs a person.
    """
    items: list[ShipmentItem] = []
    for sku, quantity in parcel.items:
        left = quantity
        for line in lines:
            if line.sku != sku or left <= 0:
                continue
            taken = min(left, line.quantity - shipped.get(line.id, 0))
            if taken > 0:
                items.append(ShipmentItem(line.id, line.address_id, int(taken)))
                left -= taken
        if left > 0 or quantity != quantity.to_integral_value():
            waiting = total(line.quantity - shipped.get(line.id, 0) for line in lines if line.sku == sku)
            return hold(
                FindingKind.PARCEL_UNMATCHED,
                f"parcel {parcel.key}",
                f"{quantity} of {sku}",
                f"at most {waiting} whole units",
            )
    if not items:
        expected = "packed items in the parcel's boxes"
        return hold(FindingKind.PARCEL_UNMATCHED, f"parcel {parcel.key}", "no items", expected)
    return tuple(items)
