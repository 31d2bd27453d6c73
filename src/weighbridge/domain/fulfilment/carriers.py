"""Carriers: which BigCommerce carrier, and so which tracking link, a Cin7 carrier becomes.

Cin7 carriers are names that people chose; BigCommerce knows carriers by codes. The design maps one to the other. A
parcel without a tracking link of its own gets one that BigCommerce builds from the carrier code and the tracking
number. A carrier that the design does not map is passed on as text only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from weighbridge.domain.fulfilment.shipments import Parcel


@dataclass(frozen=True, slots=True)
class StoreCarrier:
    """How BigCommerce names a carrier; empty codes are not sent."""

    provider: str = ""
    """The shipping provider, such as `fedex`."""
    tracking_carrier: str = ""
    """The carrier code of the tracking link, such as `dhl`."""


UNMAPPED = StoreCarrier()


def store_carrier(parcel: Parcel, carriers: Mapping[str, StoreCarrier]) -> StoreCarrier:
    """The carrier of a parcel at the store. `carriers` are those that the design maps, by their Cin7 name."""
    return carriers.get(parcel.carrier, UNMAPPED)
