"""The catalogue part of a design: what the shop lists of the books' products, and who masters which field."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field, field_validator

from weighbridge.design.sections import Name, Part

AnyMaster = Literal["cin7", "first", "bigcommerce"]
NeededMaster = Literal["cin7", "first"]
"""No listing can be made without these fields, so Cin7 says them at least once."""


class FieldMasters(Part):
    """Who decides what each field says: `cin7`; `first`, Cin7 when the listing is made and the shop from then on;
    `bigcommerce`, never written."""

    name: NeededMaster = "first"
    """Name of the product."""
    price: NeededMaster = "cin7"
    """Price, from `price_tier`."""
    weight: NeededMaster = "cin7"
    """Weight, in the store's unit."""
    visibility: NeededMaster = "cin7"
    """Whether shoppers see it: active, sellable and tagged in Cin7; hidden otherwise, never deleted."""
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
    """Brand, made at the shop when missing."""
    category: AnyMaster = "first"
    """The one category that comes from Cin7; others that the shop chose stay."""
    images: AnyMaster = "first"
    """Pictures that come from Cin7; others that the shop has stay."""


class PriceList(Part):
    """A price list of the shop that a Cin7 price tier fills."""

    price_list: Name
    """Name of the price list; made when missing."""
    customer_group: str = ""
    """Customer group that gets it; empty: nobody is assigned."""


class Catalogue(Part):
    """What the shop lists. Off by default; the first round waits until a person has accepted its differences."""

    enabled: bool = False
    """Whether products and prices are written to the shop; a dry run works without."""
    cadence_seconds: float = Field(default=3600, gt=0)
    """How often both catalogues are compared in full."""
    sku_match: Literal["exact", "ignore_case_and_space"] = "exact"
    """What makes two SKUs the same; with the second the shop's SKU is rewritten as Cin7 has it."""
    only_tag: str = ""
    """Only Cin7 products with this tag are listed; empty: all that are active and sellable."""
    price_tier: Name = "Tier 1"
    """Cin7 price tier that becomes the price."""
    sale_price_tier: str = ""
    """Cin7 price tier that becomes the sale price; empty: none."""
    retail_price_tier: str = ""
    """Cin7 price tier that becomes the retail price; empty: none."""
    prices_include_tax: bool = False
    """Whether the tiers hold prices with tax; the store must say the same of its own."""
    categories: dict[str, Name] = Field(default_factory=dict)
    """Cin7 category -> its path at the shop, such as `Home > Kitchen`; one not named keeps its name."""
    review: Literal["first", "always"] = "first"
    """Which rounds wait for a person: the first one, or each one that would change anything."""
    unattended_changes: int = Field(default=1000, ge=0)
    """Most listings that a later round changes without a person; a larger one waits as well."""
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
