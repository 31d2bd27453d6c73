"""The catalogue policy of a design: which Cin7 products the store lists, and which system masters each field."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field, field_validator

from weighbridge.design.sections import Name, Section

AnyMaster = Literal["cin7", "first", "bigcommerce"]
NeededMaster = Literal["cin7", "first"]
"""A listing cannot be created without these fields, so Cin7 provides them at least once."""


class FieldMasters(Section):
    """Who masters each field: `cin7`; `first`, Cin7 when the listing is created and the store from then on;
    `bigcommerce`, never written."""

    name: NeededMaster = "first"
    """Name of the product."""
    price: NeededMaster = "cin7"
    """Price, from `price_tier`."""
    weight: NeededMaster = "cin7"
    """Weight, in the store's unit."""
    visibility: NeededMaster = "cin7"
    """Whether shoppers see the product: active, sellable and tagged in Cin7; otherwise hidden, never deleted."""
    description: AnyMaster = "first"
    """Description, as HTML."""
    sale_price: AnyMaster = "cin7"
    """Sale price, from `sale_price_tier`."""
    retail_price: AnyMaster = "cin7"
    """Retail price, from `retail_price_tier`."""
    barcode: AnyMaster = "cin7"
    """Barcode, as UPC."""
    dimensions: AnyMaster = "cin7"
    """Width, height and depth, in the store's unit."""
    brand: AnyMaster = "first"
    """Brand; created at the store when missing."""
    category: AnyMaster = "first"
    """The one category that comes from Cin7; the store's other categories stay."""
    images: AnyMaster = "first"
    """Pictures that come from Cin7; the store's other pictures stay."""


class PriceList(Section):
    """A price list of the store that a Cin7 price tier fills."""

    price_list: Name
    """Name of the price list; created when missing."""
    customer_group: str = ""
    """Customer group that gets the price list; empty: none is assigned."""


class Catalogue(Section):
    """Which products the store lists. Off by default; the first run waits until a user has accepted its changes."""

    enabled: bool = False
    """Whether products and prices are written to the store; a dry run works without it."""
    cadence_seconds: float = Field(default=3600, gt=0)
    """How often both catalogues are compared in full."""
    sku_match: Literal["exact", "ignore_case_and_space"] = "exact"
    """When two SKUs are the same; with `ignore_case_and_space` the store's SKU is rewritten as Cin7 has it."""
    only_tag: str = ""
    """Tag of the Cin7 products that are listed; empty: all that are active and sellable."""
    price_tier: Name = "Tier 1"
    """Cin7 price tier that becomes the price."""
    sale_price_tier: str = ""
    """Cin7 price tier that becomes the sale price; empty: none."""
    retail_price_tier: str = ""
    """Cin7 price tier that becomes the retail price; empty: none."""
    prices_include_tax: bool = False
    """Whether the tiers hold prices with tax; the store must have the same setting."""
    categories: dict[str, Name] = Field(default_factory=dict)
    """Cin7 category -> its path at the store, such as `Home > Kitchen`; other categories keep their name."""
    review: Literal["first", "always"] = "first"
    """Which runs wait for a user: the first one, or each one with changes."""
    unattended_changes: int = Field(default=1000, ge=0)
    """Most listings that a later run changes without acceptance; a run with more changes waits too."""
    fields: FieldMasters = FieldMasters()
    price_lists: dict[str, PriceList] = Field(default_factory=dict)

    @field_validator("categories")
    @classmethod
    def _paths(cls, categories: dict[str, str]) -> dict[str, str]:
        for path in categories.values():
            if any(not part.strip() for part in path.split(">")):
                raise ValueError(f"paths such as 'Home > Kitchen'; {path!r} has an empty part")
        return categories

    @property
    def cadence(self) -> timedelta:
        return timedelta(seconds=self.cadence_seconds)
