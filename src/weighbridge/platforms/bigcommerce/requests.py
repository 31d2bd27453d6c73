"""Request payloads of BigCommerce, with the vendor's own names."""

from __future__ import annotations

from pydantic import Field

from weighbridge.platforms.bigcommerce.payload import Sent


class SentShipmentItem(Sent):
    order_product_id: int
    quantity: int


class ShipmentRequest(Sent):
    """POST /orders/{id}/shipments."""

    order_address_id: int
    items: list[SentShipmentItem]
    tracking_number: str | None = None
    tracking_link: str | None = None
    tracking_carrier: str | None = None
    shipping_provider: str | None = None
    shipping_method: str | None = None


class TrackingRequest(Sent):
    """PUT /orders/{id}/shipments/{id}: items cannot be changed."""

    tracking_number: str
    tracking_link: str | None = None
    tracking_carrier: str | None = None
    shipping_provider: str | None = None


class OrderUpdate(Sent):
    """PUT /orders/{id}: only members that recalculate nothing. Source: platform notes, bigcommerce 2.7."""

    status_id: int | None = None
    external_order_id: str | None = None


class SentLevel(Sent):
    location_id: int
    product_id: int | None = None
    variant_id: int | None = None
    quantity: int


class LevelsRequest(Sent):
    """PUT /inventory/adjustments/absolute."""

    reason: str
    items: list[SentLevel]


class StoreWebhookRequest(Sent):
    """`POST /hooks`."""

    scope: str
    destination: str
    is_active: bool = True
    headers: dict[str, str] = Field(default_factory=dict)
