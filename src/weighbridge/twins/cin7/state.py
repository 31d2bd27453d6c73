"""What a company in Cin7 Core consists of, in memory."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from weighbridge.clock import Clock
from weighbridge.twins.cin7.switches import defaults

ZERO = Decimal(0)
NO_ID = "00000000-0000-0000-0000-000000000000"
Record = dict[str, Any]


@dataclass
class StockRow:
    """Stock of a product at one location, bin and batch."""

    product_id: str
    location: str
    bin: str | None
    batch: str | None
    expires: str | None
    on_hand: Decimal = ZERO
    allocated: Decimal = ZERO
    unit_cost: Decimal = Decimal(1)

    @property
    def available(self) -> Decimal:
        return self.on_hand - self.allocated

    @property
    def key(self) -> tuple[str, str, str, str]:
        return (self.product_id, self.location, self.bin or "", self.batch or "")


@dataclass
class Sale:
    """One sale with all its documents, each in the vendor's own shape."""

    id: str
    number: str
    header: Record
    type: str
    skip_quote: bool
    created_at: datetime
    updated_at: datetime
    voided: bool = False
    quote: Record | None = None
    order: Record | None = None
    invoices: list[Record] = field(default_factory=list)
    fulfilments: list[Record] = field(default_factory=list)
    credit_notes: list[Record] = field(default_factory=list)
    payments: list[Record] = field(default_factory=list)
    manual_journal: Record | None = None
    allocations: list[tuple[tuple[str, str, str, str], Decimal]] = field(default_factory=list)
    assemblies: list[str] = field(default_factory=list)

    @property
    def external_id(self) -> str:
        return str(self.header.get("ExternalID") or "")

    @property
    def tax_inclusive(self) -> bool:
        return bool(self.header.get("TaxInclusive"))

    @property
    def location(self) -> str:
        return str(self.header["Location"])


class Company:
    """The whole state of one company."""

    def __init__(self, clock: Clock, seed: int) -> None:
        self.clock = clock
        self.random = random.Random(seed)
        self.switches: dict[str, Any] = defaults()
        self.me: Record = {}
        self.locations: list[Record] = []
        self.tax_rules: list[Record] = []
        self.accounts: list[Record] = []
        self.terms: list[Record] = []
        self.tiers: list[Record] = []
        self.carriers: list[Record] = []
        self.categories: list[Record] = []
        self.brands: list[Record] = []
        self.units: list[Record] = []
        self.contacts: list[Record] = []
        self.products: dict[str, Record] = {}
        self.families: dict[str, Record] = {}
        self.attachments: dict[str, list[Record]] = {}
        self.customers: dict[str, Record] = {}
        self.stock: dict[tuple[str, str, str, str], StockRow] = {}
        self.stock_keys: dict[str, list[tuple[str, str, str, str]]] = {}
        self.sales: dict[str, Sale] = {}
        self.sales_by_external: dict[str, list[str]] = {}
        self.sale_of_task: dict[str, str] = {}
        self.journals: dict[str, Record] = {}
        self.adjustments: dict[str, Record] = {}
        self.finished_goods: dict[str, Record] = {}
        self.webhooks: dict[str, Record] = {}
        self.pending_events: list[Record] = []
        self.backordered: list[str] = []
        self.counters: dict[str, int] = {}
        self.sku_index: dict[str, str] = {}

    def new_id(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def next_number(self, prefix: str) -> str:
        self.counters[prefix] = self.counters.get(prefix, 0) + 1
        return f"{prefix}-{self.counters[prefix]:05d}"

    def now(self) -> datetime:
        return self.clock.now()

    def stamp(self, moment: datetime | None = None) -> str:
        """A timestamp as answers carry it."""
        text = (moment or self.now()).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        return text + ("Z" if self.switches["answer_dates_with_zone"] else "")

    def add_product(self, product: Record) -> None:
        self.products[product["ID"]] = product
        self.sku_index[product["SKU"].casefold()] = product["ID"]

    def product_by_sku(self, sku: str) -> Record | None:
        """SKUs are unique whatever their case."""
        found = self.sku_index.get(sku.casefold())
        return self.products.get(found) if found else None

    def service_named(self, name: str) -> Record | None:
        return next((p for p in self.services() if p["Name"].casefold() == name.casefold()), None)

    def services(self) -> Iterator[Record]:
        return (product for product in self.products.values() if product["Type"] == "Service")

    def rows_of(self, product_id: str, location: str | None = None) -> list[StockRow]:
        keys = self.stock_keys.get(product_id, [])
        return [self.stock[key] for key in keys if key in self.stock and location in (None, key[1])]

    def row(self, product_id: str, location: str, bin_name: str | None = None, batch: str | None = None) -> StockRow:
        """The stock row, made when missing."""
        key = (product_id, location, bin_name or "", batch or "")
        if key not in self.stock:
            self.stock[key] = StockRow(product_id, location, bin_name, batch, None)
            self.stock_keys.setdefault(product_id, []).append(key)
        return self.stock[key]

    def tax_rule(self, name: object) -> Record | None:
        return next((rule for rule in self.tax_rules if rule["Name"] == name), None)

    def has_name(self, rows: list[Record], name: object) -> bool:
        return any(row["Name"] == name for row in rows)

    def add_sale(self, sale: Sale) -> None:
        self.sales[sale.id] = sale
        if sale.external_id:
            self.sales_by_external.setdefault(sale.external_id.casefold(), []).append(sale.id)

    def touch(self, sale: Sale) -> None:
        sale.updated_at = self.now()
