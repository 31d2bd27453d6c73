"""Shipped parcels as the transfer of a sale's fulfilment stores them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from weighbridge.domain.fulfilment.shipments import ShipmentItem


@dataclass(frozen=True, slots=True)
class Shipped:
    """A parcel that has a shipment at the store."""

    parcel_key: str
    shipment_id: int
    tracking_number: str
    items: tuple[ShipmentItem, ...]


SHIPPED = TypeAdapter(tuple[Shipped, ...])


def stored(shipped: tuple[Shipped, ...]) -> Any:
    """`shipped` as JSON for the database."""
    return SHIPPED.dump_python(shipped, mode="json")
