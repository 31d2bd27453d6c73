"""The state of a store in memory."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from weighbridge_twins.bigcommerce.accounts import Account
from weighbridge_twins.bigcommerce.order_index import Order, OrderIndex
from weighbridge_twins.bigcommerce.records import ZERO, Record
from weighbridge_twins.bigcommerce.switches import defaults
from weighbridge_twins.clock import Clock

__all__ = ["ZERO", "Order", "OrderIndex", "Product", "Record", "Store", "Variant"]


@dataclass
class Variant:
    """A variant that can be bought; every product has at least its base variant."""

    id: int
    product_id: int
    sku: str
    price: Decimal | None = None
    inventory_level: int = 0
    option_values: list[Record] = field(default_factory=list)
    fields: Record = field(default_factory=dict)


@dataclass
class Product:
    """A product with its variants."""

    id: int
    fields: Record
    variants: list[Variant] = field(default_factory=list)

    @property
    def sku(self) -> str:
        return str(self.fields.get("sku") or "")

    @property
    def tracking(self) -> str:
        return str(self.fields["inventory_tracking"])


class Store:
    """The state of one store."""

    def __init__(self, clock: Clock, store_hash: str, client_secret: str, seed: int) -> None:
        self.clock = clock
        self.store_hash = store_hash
        self.client_secret = client_secret
        self.accounts: dict[str, Account] = {}
        self.store_id = "1025646"
        self.base_url = ""
        self.random = random.Random(seed)
        self.switches: dict[str, Any] = defaults()
        self.settings: Record = {
            "currency": "USD",
            "prices_include_tax": False,
            "tax_classes": [
                {"id": 0, "name": "Default Tax Class", "rates": [{"name": "Sales Tax", "rate": "8.25"}]},
                {"id": 1, "name": "Non-Taxable Products", "rates": []},
                {"id": 2, "name": "Shipping", "rates": [{"name": "Sales Tax", "rate": "8.25"}]},
                {"id": 3, "name": "Gift Wrapping", "rates": [{"name": "Sales Tax", "rate": "8.25"}]},
            ],
            "shipping_tax_class_id": 1,
        }
        self.orders = OrderIndex()
        self.products: dict[int, Product] = {}
        self.product_names: dict[str, int] = {}
        self.customers: dict[int, Record] = {}
        self.addresses: dict[int, Record] = {}
        self.groups: dict[int, Record] = {}
        self.sku_index: dict[str, tuple[int, int]] = {}
        self.locations: dict[int, Record] = {}
        self.location_stock: dict[tuple[int, int], int] = {}
        self.pending_adjustments: list[Record] = []
        self.pending_payments: list[Record] = []
        """Captures, voids and refunds that were accepted but not executed yet."""
        self.webhooks: dict[int, Record] = {}
        self.pending_events: list[Record] = []
        self.sends: list[tuple[float, str, bool]] = []
        self.blocked_until: dict[str, datetime] = {}
        self.price_lists: dict[int, list[Record]] = {}
        self.counters: dict[str, int] = {}

    def now(self) -> datetime:
        return self.clock.now()

    def next_id(self, kind: str, first: int = 1) -> int:
        self.counters[kind] = self.counters.get(kind, first - 1) + 1
        return self.counters[kind]

    def tax_class(self, class_id: int) -> Record:
        classes: list[Record] = self.settings["tax_classes"]
        return next((row for row in classes if row["id"] == class_id), classes[0])

    def variant_by_sku(self, sku: str) -> tuple[Product, Variant] | None:
        """The variant with this SKU, ignoring case, and its product; None if it does not exist."""
        ids = self.sku_index.get(sku.casefold())
        if ids is None:
            return None
        product = self.products[ids[0]]
        return product, next(variant for variant in product.variants if variant.id == ids[1])
