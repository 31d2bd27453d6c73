"""Domain values as BigCommerce's payloads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from weighbridge.domain.fulfilment.shipments import Parcel, ShipmentItem
from weighbridge.domain.stock.available import Figure, ShopItem
from weighbridge.platforms.bigcommerce import requests

LONGEST_TRACKING_NUMBER = 50
LONGEST_TRACKING_LINK = 500


@dataclass(frozen=True, slots=True)
class CarrierNames:
    """How a carrier of Cin7 is called at the shop."""

    provider: str
    tracking_carrier: str


def shipment(
    parcel: Parcel, items: Sequence[ShipmentItem], carriers: Mapping[str, CarrierNames]
) -> requests.ShipmentRequest:
    """One shipment for one parcel. `items` share one address. Source: Orders V2, POST /orders/{id}/shipments."""
    names = carriers.get(parcel.carrier)
    return requests.ShipmentRequest(
        order_address_id=items[0].address_id,
        items=[
            requests.SentShipmentItem(order_product_id=item.order_line_id, quantity=item.quantity) for item in items
        ],
        tracking_number=parcel.tracking_number[:LONGEST_TRACKING_NUMBER] or None,
        tracking_link=parcel.tracking_url[:LONGEST_TRACKING_LINK] or None,
        tracking_carrier=(names.tracking_carrier or None) if names else None,
        shipping_provider=(names.provider or None) if names else None,
        shipping_method=parcel.carrier or None,
    )


def tracking(parcel: Parcel, carriers: Mapping[str, CarrierNames]) -> requests.TrackingRequest:
    """Tracking that came later. Source: Orders V2, PUT /orders/{id}/shipments/{id}."""
    names = carriers.get(parcel.carrier)
    return requests.TrackingRequest(
        tracking_number=parcel.tracking_number[:LONGEST_TRACKING_NUMBER],
        tracking_link=parcel.tracking_url[:LONGEST_TRACKING_LINK] or None,
        tracking_carrier=(names.tracking_carrier or None) if names else None,
        shipping_provider=(names.provider or None) if names else None,
    )


def absolute_levels(figures: Sequence[Figure], items: Mapping[str, ShopItem]) -> requests.LevelsRequest:
    """Levels to set, grouped by location, each item addressed as its tracking mode wants.

    Source: platform notes, bigcommerce 5.3 (the vendor's rules for adjustments).
    """
    return requests.LevelsRequest(
        reason="Weighbridge: available to sell from Cin7 Core",
        items=[_level(one, items[one.sku]) for one in sorted(figures, key=lambda one: one.shop_location)],
    )


def _level(figure: Figure, item: ShopItem) -> requests.SentLevel:
    location_id = figure.shop_location
    if item.variant_id is not None:
        return requests.SentLevel(location_id=location_id, variant_id=item.variant_id, quantity=figure.ats)
    return requests.SentLevel(location_id=location_id, product_id=item.product_id, quantity=figure.ats)
