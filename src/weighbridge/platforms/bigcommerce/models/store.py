"""Answer payloads of BigCommerce: products, stock and webhooks, with the vendor's own names."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field

from weighbridge.platforms.bigcommerce.payload import Number, Read, Text


class InventorySettings(Read):
    """The store's stock settings. Source: Settings v3, GET /settings/inventory."""

    refund_order_stock_adjustment: bool = False


class VariantRow(Read):
    id: int
    sku: Text = ""
    inventory_level: Number = 0
    price: Decimal | None = None
    """Null where the product's price applies."""
    purchasing_disabled: bool = False


class ProductRow(Read):
    id: int
    sku: Text = ""
    price: Decimal | None = None
    inventory_tracking: Text = "none"
    availability: Text = "available"
    is_visible: bool = True
    variants: Annotated[list[VariantRow], BeforeValidator(lambda v: v or [])] = Field(default_factory=list)


class InventoryIdentity(Read):
    sku: Text = ""
    product_id: Number = 0
    variant_id: Number = 0


class StoreLocation(Read):
    """A stock location of the store. Source: Locations V3, GET /inventory/locations."""

    id: int
    label: Text = ""
    enabled: bool = True


class InventoryLocation(Read):
    location_id: int
    total_inventory_onhand: int = 0


class InventoryItem(Read):
    identity: InventoryIdentity
    locations: list[InventoryLocation] = Field(default_factory=list)


class StoreWebhook(Read):
    id: int
    scope: str
    destination: str
    is_active: bool = True
