"""Converts domain values to BigCommerce's payloads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from weighbridge.domain.fulfilment.carriers import StoreCarrier
from weighbridge.domain.fulfilment.shipments import Parcel, ShipmentItem
from weighbridge.domain.stock.available import AvailableLevel, StoreItem
from weighbridge.platforms.bigcommerce import requests

LONGEST_TRACKING_NUMBER = 50
LONGEST_TRACKING_LINK = 500


def shipment(parcel: Parcel, items: Sequence[ShipmentItem], carrier: StoreCarrier) -> requests.ShipmentRequest:
    """One shipment for one parcel. `items` share one address. Source: Orders V2, POST /orders/{id}/shipments."""
    return requests.ShipmentRequest(
        order_address_id=items[0].address_id,
        items=[
            requests.SentShipmentItem(order_product_id=item.order_line_id, quantity=item.quantity) for item in items
        ],
        tracking_number=parcel.tracking_number[:LONGEST_TRACKING_NUMBER] or None,
        tracking_link=parcel.tracking_url[:LONGEST_TRACKING_LINK] or None,
        tracking_carrier=carrier.tracking_carrier or None,
        shipping_provider=carrier.provider or None,
        shipping_method=parcel.carrier or None,
    )


def tracking(parcel: Parcel, carrier: StoreCarrier) -> requests.TrackingRequest:
    """Tracking that arrived after the shipment. Source: Orders V2, PUT /orders/{id}/shipments/{id}."""
    return requests.TrackingRequest(
        tracking_number=parcel.tracking_number[:LONGEST_TRACKING_NUMBER],
        tracking_link=parcel.tracking_url[:LONGEST_TRACKING_LINK] or None,
        tracking_carrier=carrier.tracking_carrier or None,
        shipping_provider=carrier.provider or None,
    )


def absolute_levels(levels: Sequence[AvailableLevel], items: Mapping[str, StoreItem]) -> requests.LevelsRequest:
    """Levels to set, grouped by location; the tracking mode of each item decides how it is addressed.

    Source: platform notes, bigcommerce 5.3 (the vendor's rules for adjustments).
    """
    return requests.LevelsRequest(
        reason="Weighbridge: available to sell from Cin7 Core",
        items=[_level(level, items[level.sku]) for level in sorted(levels, key=lambda level: level.store_location)],
    )


def _level(level: AvailableLevel, item: StoreItem) -> requests.SentLevel:
    location_id = level.store_location
    if item.variant_id is not None:
        return requests.SentLevel(location_id=location_id, variant_id=item.variant_id, quantity=level.ats)
    return requests.SentLevel(location_id=location_id, product_id=item.product_id, quantity=level.ats)
