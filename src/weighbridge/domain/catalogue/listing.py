"""Listings: Cin7 products as the store lists them, field by field; each field has one master."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum


class Master(StrEnum):
    """Which system decides the value of a field of a listing."""

    CIN7 = "cin7"
    """Cin7; a difference in the store is overwritten."""
    FIRST = "first"
    """Cin7 when the listing is created; after that, the store."""
    BIGCOMMERCE = "bigcommerce"
    """The store; never written."""


class Field(StrEnum):
    """A field of a listing. The master of the SKU is always Cin7, since orders and stock are matched by it."""

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
        return " x ".join(plain(measure) for measure in (self.width, self.height, self.depth))


Value = str | Decimal | bool | Dimensions
Values = Mapping[Field, Value]


def plain(number: Decimal) -> str:
    """A number without an exponent and without trailing zeros, so that 12.50 and 12.5 are the same text."""
    return format(number.normalize(), "f") if number else "0"


def text_of(value: Value) -> str:
    """A value as text, for diffs and for the database; equal values have equal texts."""
    if isinstance(value, bool):
        return "shown" if value else "hidden"
    return plain(value) if isinstance(value, Decimal) else str(value)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a product in Cin7."""

    name: str
    """Its file name, which becomes its description in the store and is unique within the listing."""
    url: str
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class Variation:
    """One product of Cin7, which becomes one variant in the store."""

    cin7_product_id: str
    sku: str
    options: tuple[tuple[str, str], ...]
    """(name, value) of each option; empty for a listing without variants, which has the values itself."""
    values: Values = field(default_factory=dict)
    picture_url: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """One product of the store as Cin7 describes it."""

    source: str
    """`product:ID` or `family:ID` in Cin7: the permanent key of the listing."""
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
class StoreVariant:
    """A variant in the store."""

    id: int
    sku: str
    options: tuple[tuple[str, str], ...]
    values: Values


@dataclass(frozen=True, slots=True)
class StoreListing:
    """A product in the store. CATEGORY is not among its values, since a product can have several."""

    id: int
    sku: str
    tracking: str
    values: Values
    variants: tuple[StoreVariant, ...]
    categories: frozenset[int] = frozenset()
    pictures: Mapping[str, int] = field(default_factory=dict)
    """Description of a picture -> its id."""


@dataclass(frozen=True, slots=True)
class LastWrite:
    """The values last written to a product or variant, and the values read back right after; as texts."""

    written: Mapping[str, str] = field(default_factory=dict)
    confirmed: Mapping[str, str] = field(default_factory=dict)

    def is_confirmed(self, listing_field: Field, desired: str, current: str) -> bool:
        """Whether `current` is the store's own form of `desired`: trimmed, sanitised, a brand as a number."""
        return self.written.get(listing_field) == desired and self.confirmed.get(listing_field) == current

    def updated_with(self, written: Mapping[str, str], confirmed: Mapping[str, str]) -> LastWrite:
        """The last write after `written` was written and `confirmed` was read back."""
        read_back = {of: text for of, text in confirmed.items() if of in written}
        return LastWrite({**self.written, **written}, {**self.confirmed, **read_back})


@dataclass(frozen=True, slots=True)
class Link:
    """The product of the store that belongs to a listing, and everything that we wrote to it."""

    source: str
    product_id: int
    variant_ids: Mapping[str, int] = field(default_factory=dict)
    """Cin7 product id -> variant id in the store."""
    last_write: LastWrite = LastWrite()
    variant_last_writes: Mapping[str, LastWrite] = field(default_factory=dict)
    """Cin7 product id -> last write to its variant."""
    pictures: frozenset[str] = frozenset()
    """Names of the pictures that we added."""
