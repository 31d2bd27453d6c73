"""The state of a Cin7 Core company, in memory."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from weighbridge_twins.cin7.switches import defaults
from weighbridge_twins.clock import Clock

ZERO = Decimal(0)
NO_ID = "00000000-0000-0000-0000-000000000000"
Record = dict[str, Any]
RowKey = tuple[str, str, str, str]
"""Product, location, bin and batch; the last two may be empty."""


@dataclass
class StockRow:
    """Stock of a product at one location, bin and batch."""

    product_id: str
    location: str
    bin: str | None
    batch: str | None
    expires: str | None = None
    on_hand: Decimal = ZERO
    allocated: Decimal = ZERO
    unit_cost: Decimal = Decimal(1)

    @property
    def available(self) -> Decimal:
        """Units on hand less allocated units; may be negative. Source: platform notes, cin7 3.1."""
        return self.on_hand - self.allocated

    @property
    def key(self) -> RowKey:
        return (self.product_id, self.location, self.bin or "", self.batch or "")


@dataclass
class Sale:
    """One sale with all its documents, each in the vendor's own form."""

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
    allocations: list[tuple[RowKey, Decimal]] = field(default_factory=list)
    movements: list[Record] = field(default_factory=list)
    assemblies: list[str] = field(default_factory=list)
    derived: Record | None = None
    """Cached derived statuses; None after a change."""

    @property
    def external_id(self) -> str:
        return str(self.header.get("ExternalID") or "")

    @property
    def tax_inclusive(self) -> bool:
        return bool(self.header.get("TaxInclusive"))

    @property
    def location(self) -> str:
        return str(self.header["Location"])

    @property
    def ordered(self) -> bool:
        """True while the order is authorised."""
        return not self.voided and self.order is not None and self.order["Status"] == "AUTHORISED"


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
        self.credits: dict[str, Record] = {}
        self.stock: dict[RowKey, StockRow] = {}
        self.on_order: list[Record] = []
        self.sales: dict[str, Sale] = {}
        self.sale_of_task: dict[str, str] = {}
        self.backordered: dict[str, bool] = {}
        """Sales with a backordered line, oldest first."""
        self.journals: dict[str, Record] = {}
        self.adjustments: dict[str, Record] = {}
        self.finished_goods: dict[str, Record] = {}
        self.webhooks: dict[str, Record] = {}
        self.pending_events: list[Record] = []
        self.counters: dict[str, int] = {}
        self._by_sku: dict[str, str] = {}
        self._services: dict[str, str] = {}
        self._rows_of: dict[str, list[StockRow]] = {}
        self._kits_of: dict[str, dict[str, bool]] = {}
        self._by_external: dict[str, list[str]] = {}

    def new_id(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def next_number(self, prefix: str) -> str:
        """Returns the next document number: SO-00001, INV-00001 and so on."""
        self.counters[prefix] = self.counters.get(prefix, 0) + 1
        return f"{prefix}-{self.counters[prefix]:05d}"

    def now(self) -> datetime:
        return self.clock.now()

    def timestamp(self, at: datetime | None = None) -> str:
        """Formats a timestamp for answers, to the millisecond."""
        text = (at or self.now()).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        return text + ("Z" if self.switches["answer_dates_with_zone"] else "")

    def long_timestamp(self) -> str:
        """Formats the current time with seven digits, as payments carry it. Source: platform notes, cin7 1.5."""
        return self.now().strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"

    def today(self) -> str:
        return self.now().strftime("%Y-%m-%dT00:00:00")

    def put_product(self, product: Record) -> None:
        """Adds or updates a product; SKUs are unique, ignoring case."""
        former = self.products.get(product["ID"])
        if former is not None:
            self._by_sku.pop(former["SKU"].casefold(), None)
            self._services.pop(former["Name"].casefold(), None)
            for component in former["BillOfMaterialsProducts"]:
                self._kits_of.get(component["ComponentProductID"], {}).pop(product["ID"], None)
        self.products[product["ID"]] = product
        self._by_sku[product["SKU"].casefold()] = product["ID"]
        if product["Type"] == "Service":
            self._services.setdefault(product["Name"].casefold(), product["ID"])
        for component in product["BillOfMaterialsProducts"]:
            self._kits_of.setdefault(component["ComponentProductID"], {})[product["ID"]] = True

    def product_by_sku(self, sku: object) -> Record | None:
        product_id = self._by_sku.get(str(sku).casefold())
        return self.products.get(product_id) if product_id else None

    def product_named(self, product_id: object, sku: object) -> Record | None:
        """Returns the product with this id, else with this SKU."""
        return self.products.get(str(product_id or "").lower()) or (self.product_by_sku(sku) if sku else None)

    def service_named(self, name: object) -> Record | None:
        product_id = self._services.get(str(name).casefold())
        return self.products.get(product_id) if product_id else None

    def kits_with(self, product_id: str) -> list[Record]:
        """Returns the kits that contain the product."""
        return [self.products[kit] for kit in self._kits_of.get(product_id, {})]

    def rows_of(self, product_id: str, location: str | None = None) -> list[StockRow]:
        rows = self._rows_of.get(product_id, [])
        return list(rows) if location is None else [row for row in rows if row.location == location]

    def row_at(self, key: RowKey) -> StockRow:
        """Returns the stock row; creates a missing one."""
        if key not in self.stock:
            self.stock[key] = row = StockRow(key[0], key[1], key[2] or None, key[3] or None)
            self._rows_of.setdefault(key[0], []).append(row)
        return self.stock[key]

    def index_stock(self) -> None:
        """Rebuilds the index of rows by product after `stock` was replaced."""
        self._rows_of = {}
        for key, row in self.stock.items():
            self._rows_of.setdefault(key[0], []).append(row)

    def location_named(self, name: object) -> Record | None:
        return next((location for location in self.locations if location["Name"] == name), None)

    def location_with_id(self, location_id: object) -> Record | None:
        lower_id = str(location_id or "").lower()
        return next((location for location in self.locations if location["ID"] == lower_id), None)

    def tax_rule(self, name: object) -> Record | None:
        return next((rule for rule in self.tax_rules if rule["Name"] == name), None)

    def account_coded(self, code: object) -> Record | None:
        return next((account for account in self.accounts if account["Code"] == str(code)), None)

    def system_account(self, code: str) -> str:
        """Returns the company's account for `DEBTORS`, `CREDITORS` or `ROUNDING`."""
        return str(next(account["Code"] for account in self.accounts if account["SystemAccountCode"] == code))

    def has_active_term(self, name: object) -> bool:
        return any(term["Name"] == name and term["IsActive"] for term in self.terms)

    def add_sale(self, sale: Sale) -> None:
        self.sales[sale.id] = sale
        if sale.external_id:
            self._by_external.setdefault(sale.external_id.casefold(), []).append(sale.id)

    def index_external_id(self, sale: Sale, former: str) -> None:
        """Updates the index after a change of ExternalID."""
        if former and sale.id in self._by_external.get(former.casefold(), []):
            self._by_external[former.casefold()].remove(sale.id)
        if sale.external_id:
            self._by_external.setdefault(sale.external_id.casefold(), []).append(sale.id)

    def sales_with_external_id(self, external_id: str) -> list[Sale]:
        """Returns sales by ExternalID, ignoring case; ExternalID is not unique."""
        return [self.sales[sale_id] for sale_id in self._by_external.get(external_id.casefold(), [])]

    def touch(self, sale: Sale, *, moves: bool = True) -> None:
        """Marks the sale as changed; `moves` tells whether LastModifiedOn changes."""
        sale.derived = None
        if moves:
            sale.updated_at = self.now()
