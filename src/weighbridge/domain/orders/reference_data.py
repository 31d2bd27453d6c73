"""Reference data: the products, tax rules and customers of Cin7 Core that an order is checked against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from weighbridge.domain.stock.kits import Component


@dataclass(frozen=True, slots=True)
class ReferenceProduct:
    """A product of Cin7 Core."""

    id: str
    sku: str
    name: str
    is_service: bool
    is_active: bool
    """False when deprecated."""
    is_sellable: bool
    drop_ship_optional: bool = False
    """Whether each line of it has to say who sends it. Source: Cin7 Core API v2, POST /sale/order, DropShip."""
    components: tuple[Component, ...] = ()
    """The components that one unit is assembled from when it is sold; empty when the product is no kit."""


@dataclass(frozen=True, slots=True)
class TaxRule:
    """A tax rule; sales refer to it by name."""

    name: str
    percent: Decimal
    usable_for_sales: bool
    """Active and meant for sales."""


@dataclass(frozen=True, slots=True)
class CompanyAccount:
    """An account of Cin7's chart."""

    code: str
    is_active: bool
    takes_payments: bool


@dataclass(frozen=True, slots=True)
class Company:
    """What is stored of the company in Cin7 Core."""

    currency: str
    """Its base currency."""
    tax_rules: tuple[TaxRule, ...]
    accounts: tuple[CompanyAccount, ...]
    customers: Mapping[str, str]
    """Customer ids of the web customers by currency code."""


@dataclass(frozen=True, slots=True)
class ReferenceData:
    """The reference data for one order. Keys are exact names and exact SKUs."""

    base_currency: str
    products: Mapping[str, ReferenceProduct]
    """Only the products that the order may need, by SKU or, for services, by name."""
    tax_rules: Mapping[str, TaxRule]
    customers: Mapping[str, str]
    """Customer ids of the web customers by currency code."""
