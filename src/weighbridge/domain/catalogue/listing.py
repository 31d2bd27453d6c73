"""Listings: what the shop shows of the books' products, field by field, each field with one master."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum


class Master(StrEnum):
    """Who decides what a field of a listing says."""

    CIN7 = "cin7"
    """The books: a difference at the shop is overwritten."""
    FIRST = "first"
    """The books say it when the listing is made; from then on it is the shop's."""
    BIGCOMMERCE = "bigcommerce"
    """The shop: never written."""


class Field(StrEnum):
    """A part of a listing that has one master. The SKU's is always Cin7: orders and stock are matched by it."""

    SKU = "sku"
    NAME = "name"
    DESCRIPTION = "description"
    PRICE = "price"
    SALE_PRICE = "sale_price"
    RETAIL_PRICE = "retail_price"
    BARCODE = "barcode"
    WEIGHT = "weight"
    DIMENSIONS = "dimensions"
    BRAND = "brand"
    CATEGORY = "category"
    IMAGES = "images"
    VISIBILITY = "visibility"


@dataclass(frozen=True, slots=True)
class Dimensions:
    """Outer measures in the store's unit of length."""

    width: Decimal
    height: Decimal
    depth: Decimal

    def __str__(self) -> str:
        return " x ".join(plain(one) for one in (self.width, self.height, self.depth))


Value = str | Decimal | bool | Dimensions
Values = Mapping[Field, Value]


def plain(number: Decimal) -> str:
    """A number without an exponent and without zeros at its end, so that 12.50 and 12.5 are the same text."""
    return format(number.normalize(), "f") if number else "0"


def text_of(value: Value) -> str:
    """A value as people read it in a diff and as the journal keeps it; equal values have equal texts."""
    if isinstance(value, bool):
        return "shown" if value else "hidden"
    return plain(value) if isinstance(value, Decimal) else str(value)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a product in the books."""

    name: str
    """Its file name, which becomes its description at the shop and tells it from the listing's other pictures."""
    url: str
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class Variation:
    """Something that can be bought: one product of the books, one variant at the shop."""

    article_id: str
    sku: str
    options: tuple[tuple[str, str], ...]
    """(name, value) of each option; empty for a listing without variants, whose values stand on the listing."""
    values: Values = field(default_factory=dict)
    picture_url: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """One product of the shop as the books want it."""

    source: str
    """`product:ID` or `family:ID` in the books: the listing's name for ever."""
    sku: str
    values: Values
    variations: tuple[Variation, ...]
    pictures: tuple[Picture, ...] = ()

    @property
    def is_family(self) -> bool:
        return any(variation.options for variation in self.variations)

    @property
    def is_visible(self) -> bool:
        return self.values[Field.VISIBILITY] is True


@dataclass(frozen=True, slots=True)
class ShopVariant:
    """A variant as the shop shows it."""

    id: int
    sku: str
    options: tuple[tuple[str, str], ...]
    values: Values


@dataclass(frozen=True, slots=True)
class ShopListing:
    """A product as the shop shows it. CATEGORY is not among its values: a product stands in any number of them."""

    id: int
    sku: str
    tracking: str
    values: Values
    variants: tuple[ShopVariant, ...]
    categories: frozenset[int] = frozenset()
    pictures: Mapping[str, int] = field(default_factory=dict)
    """Description of a picture -> its id."""


@dataclass(frozen=True, slots=True)
class Told:
    """What was last written of a product or variant, and how the shop showed it right after; as texts."""

    written: Mapping[str, str] = field(default_factory=dict)
    shown: Mapping[str, str] = field(default_factory=dict)

    def settled(self, of: Field, wanted: str, shop: str) -> bool:
        """Whether the shop shows its own rendering of what it was told: trimmed, sanitised, a brand as a number."""
        return self.written.get(of) == wanted and self.shown.get(of) == shop

    def after(self, written: Mapping[str, str], shown: Mapping[str, str]) -> Told:
        """The same once `written` was written, of which the shop's answer showed `shown`."""
        seen = {of: text for of, text in shown.items() if of in written}
        return Told({**self.written, **written}, {**self.shown, **seen})


@dataclass(frozen=True, slots=True)
class Link:
    """Which product of the shop stands for a listing, with all that we wrote to it."""

    source: str
    product_id: int
    variant_ids: Mapping[str, int] = field(default_factory=dict)
    """Product id in the books -> variant id at the shop."""
    told: Told = Told()
    variants_told: Mapping[str, Told] = field(default_factory=dict)
    """The same by product id in the books."""
    pictures: frozenset[str] = frozenset()
    """Names of the pictures that we put there."""
