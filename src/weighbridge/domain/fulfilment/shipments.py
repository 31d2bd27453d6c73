"""Shipments: the shipped parcels of a sale, and the order lines that they fulfil."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from weighbridge.domain.findings.finding import Finding, hold
from weighbridge.domain.findings.kind import FindingKind
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
    """One fulfilment task of a sale: its packed lines and its consignments."""

    task_id: str
    number: int
    packed: tuple[PackedLine, ...]
    shipped: tuple[ShipLine, ...]


@dataclass(frozen=True, slots=True)
class Parcel:
    """One shipped consignment with its items. `key` (fulfilment task and ship line) is stable."""

    key: str
    carrier: str
    tracking_number: str
    tracking_url: str
    items: tuple[tuple[str, Decimal], ...]
    """(SKU, units), each SKU once."""


@dataclass(frozen=True, slots=True)
class ShipmentItem:
    """Units of one order line in a shipment in the store."""

    order_line_id: int
    address_id: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Shipped:
    """A parcel that has a shipment at the store."""

    parcel_key: str
    shipment_id: int
    tracking_number: str
    items: tuple[ShipmentItem, ...]


@dataclass(frozen=True, slots=True)
class ReportedParcels:
    """The stored content of a fulfilment: the parcels of a sale that were reported to the store."""

    parcels: tuple[Shipped, ...] = ()


def parcels_of(dispatches: Iterable[Dispatch]) -> tuple[Parcel, ...]:
    """The shipped parcels of a sale, with the items of all their boxes, oldest fulfilment first.

    A ship line without boxes takes all packed lines that no other ship line of its fulfilment names. Each packed line
    ships once: a box named by two ship lines belongs to the first, and so do the boxes that none of them names.
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
        for dispatch in sorted(dispatches, key=lambda dispatch: dispatch.number)
        for position, line in enumerate(dispatch.shipped)
        if line.is_shipped
    )


def _items(dispatch: Dispatch, position: int) -> tuple[tuple[str, Decimal], ...]:
    units: dict[str, Decimal] = {}
    for packed in dispatch.packed:
        if _ship_line_of(packed, dispatch.shipped) == position:
            units[packed.sku] = units.get(packed.sku, ZERO) + packed.quantity
    return tuple(units.items())


def _ship_line_of(packed: PackedLine, shipped: Sequence[ShipLine]) -> int | None:
    """The position of the ship line that takes a packed line; None while none does."""
    naming_it = (position for position, line in enumerate(shipped) if packed.box in line.boxes)
    without_boxes = (position for position, line in enumerate(shipped) if not line.boxes)
    first = next(naming_it, None)
    return first if first is not None else next(without_boxes, None)


def assign_to_lines(
    parcel: Parcel, lines: Sequence[OrderLine], shipped: Mapping[int, int]
) -> tuple[ShipmentItem, ...] | Finding:
    """The order lines that a parcel fulfils, in their order, never more than was ordered.

    `shipped` are the units of each order line in earlier shipments. A Finding when the parcel has units that no line
    still needs, or a fraction of a unit: a person must handle such a parcel.
    """
    items: list[ShipmentItem] = []
    for sku, quantity in parcel.items:
        remaining = quantity
        for line in lines:
            if line.sku != sku or remaining <= 0:
                continue
            units = min(remaining, line.quantity - shipped.get(line.id, 0))
            if units > 0:
                items.append(ShipmentItem(line.id, line.address_id, int(units)))
                remaining -= units
        if remaining > 0 or quantity != quantity.to_integral_value():
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
