"""Products and product families of Cin7, with every field that a listing needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from weighbridge.domain.catalogue.listing import Field, Master, Picture


@dataclass(frozen=True, slots=True)
class Product:
    """One product of Cin7. Source: Cin7 Core API v2, GET /product; platform notes, cin7 3.3."""

    id: str
    sku: str
    name: str
    description: str = ""
    brand: str = ""
    category: str = ""
    barcode: str = ""
    tags: frozenset[str] = frozenset()
    is_service: bool = False
    is_active: bool = True
    is_sellable: bool = True
    tier_prices: tuple[Decimal, ...] = ()
    """Prices of tiers 1 to 10, in the company's currency; 0 where a tier has none."""
    weight: Decimal = Decimal(0)
    weight_unit: str = ""
    length: Decimal = Decimal(0)
    width: Decimal = Decimal(0)
    height: Decimal = Decimal(0)
    length_unit: str = ""
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True)
class Member:
    """A product of a family with its option values; an unused option has no value."""

    cin7_product_id: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Family:
    """Products that differ in up to three options. Source: Cin7 Core API v2, GET /productFamily; notes, cin7 3.5."""

    id: str
    sku: str
    name: str
    description: str = ""
    brand: str = ""
    category: str = ""
    options: tuple[str, ...] = ()
    members: tuple[Member, ...] = ()
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True)
class CataloguePolicy:
    """The design's decisions about listings, with the names of both systems resolved."""

    masters: Mapping[Field, Master]
    price_tier: int
    """Number of the price tier, from 1."""
    weight_unit: str
    """The store's."""
    length_unit: str
    sale_price_tier: int | None = None
    retail_price_tier: int | None = None
    only_tag: str = ""
    """Only products with this tag are listed; empty: all."""
    categories: Mapping[str, str] | None = None
    """Category of Cin7 -> path in the store; a category that is not mapped keeps its name."""
    ignore_case_and_space: bool = False
    """Whether SKUs that differ only in letter case and white space are the same."""

    def path_of(self, category: str) -> str:
        """The path of a Cin7 category in the store."""
        return (self.categories or {}).get(category, category)

    def is_listed(self, product: Product) -> bool:
        """Whether shoppers may buy this product."""
        has_tag = not self.only_tag or self.only_tag.casefold() in product.tags
        return product.is_active and product.is_sellable and has_tag and not product.is_service
