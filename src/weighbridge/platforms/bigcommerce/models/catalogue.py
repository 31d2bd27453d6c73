"""Catalogue payloads of BigCommerce. Source: Catalog V3, Price lists V3, Store information V2."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BeforeValidator, Field

from weighbridge.platforms.bigcommerce.payload import Amount, Number, OptionalAmount, Read, Sent, Text

T = TypeVar("T")


def _rows(value: Any) -> Any:
    return [] if value in (None, {}, "") else value


class Store(Read):
    """The store's settings for catalogue values. Source: platform notes, bigcommerce 6.5."""

    currency: Text = ""
    weight_units: Text = ""
    dimension_units: Text = ""
    is_price_entered_with_tax: bool = False


class OptionValue(Read):
    option_display_name: Text = ""
    label: Text = ""


class Variant(Read):
    """A variant; null values come from its product."""

    id: int
    sku: Text = ""
    price: OptionalAmount = None
    sale_price: OptionalAmount = None
    retail_price: OptionalAmount = None
    weight: OptionalAmount = None
    width: OptionalAmount = None
    height: OptionalAmount = None
    depth: OptionalAmount = None
    upc: Text = ""
    purchasing_disabled: bool = False
    option_values: Annotated[list[OptionValue], BeforeValidator(_rows)] = Field(default_factory=list)


class Image(Read):
    id: int
    description: Text = ""


class Product(Read):
    id: int
    sku: Text = ""
    name: Text = ""
    description: Text = ""
    price: Amount = Decimal(0)
    sale_price: Amount = Decimal(0)
    retail_price: Amount = Decimal(0)
    weight: Amount = Decimal(0)
    width: Amount = Decimal(0)
    height: Amount = Decimal(0)
    depth: Amount = Decimal(0)
    upc: Text = ""
    brand_id: Number = 0
    categories: Annotated[list[int], BeforeValidator(_rows)] = Field(default_factory=list)
    is_visible: bool = True
    inventory_tracking: Text = "none"
    base_variant_id: int | None = None
    variants: Annotated[list[Variant], BeforeValidator(_rows)] = Field(default_factory=list)
    images: Annotated[list[Image], BeforeValidator(_rows)] = Field(default_factory=list)


PRODUCT_FIELDS = (
    "sku,name,description,price,sale_price,retail_price,weight,width,height,depth,upc,brand_id,categories,is_visible,"
    "inventory_tracking,base_variant_id"
)


class Category(Read):
    id: int
    parent_id: Number = 0
    name: Text = ""


class CategoryRequest(Sent):
    """POST /catalog/categories."""

    parent_id: int
    name: str


class SentOptionValue(Sent):
    option_display_name: str
    label: str
    option_id: int | None = None
    id: int | None = None


class SentImage(Sent):
    """POST /catalog/products/{id}/images, and inside a new product."""

    image_url: str
    description: str
    is_thumbnail: bool | None = None
    sort_order: int | None = None


class VariantRequest(Sent):
    """A new or changed variant; fields that are None are not sent."""

    id: int | None = None
    sku: str | None = None
    price: Decimal | None = None
    sale_price: Decimal | None = None
    retail_price: Decimal | None = None
    weight: Decimal | None = None
    width: Decimal | None = None
    height: Decimal | None = None
    depth: Decimal | None = None
    upc: str | None = None
    purchasing_disabled: bool | None = None
    image_url: str | None = None
    option_values: list[SentOptionValue] | None = None


class ProductRequest(Sent):
    """A new or changed product; fields that are None are not sent. Stock is never part of it."""

    id: int | None = None
    name: str | None = None
    type: str | None = None
    sku: str | None = None
    description: str | None = None
    price: Decimal | None = None
    sale_price: Decimal | None = None
    retail_price: Decimal | None = None
    weight: Decimal | None = None
    width: Decimal | None = None
    height: Decimal | None = None
    depth: Decimal | None = None
    upc: str | None = None
    brand_name: str | None = None
    categories: list[int] | None = None
    is_visible: bool | None = None
    inventory_tracking: str | None = None
    images: list[SentImage] | None = None
    variants: list[VariantRequest] | None = None


class OptionValueRow(Read):
    id: int
    label: Text = ""


class OptionRow(Read):
    id: int
    display_name: Text = ""
    option_values: Annotated[list[OptionValueRow], BeforeValidator(_rows)] = Field(default_factory=list)


class OptionValueRequest(Sent):
    """POST /catalog/products/{id}/options/{id}/values."""

    label: str
    sort_order: int


class PriceListRow(Read):
    id: int
    name: Text = ""


class PriceListRequest(Sent):
    """POST /pricelists."""

    name: str
    active: bool = True


class PriceRecord(Read):
    variant_id: Number = 0
    currency: Text = ""
    price: OptionalAmount = None


class PriceRecordRequest(Sent):
    """One row of PUT /pricelists/{id}/records."""

    variant_id: int
    currency: str
    price: Decimal


class PriceListAssignment(Read):
    price_list_id: int
    customer_group_id: Number = 0
    channel_id: Number = 0


class PriceListAssignmentRequest(Sent):
    """One row of POST /pricelists/assignments."""

    price_list_id: int
    customer_group_id: int


class CustomerGroup(Read):
    id: int
    name: Text = ""


class Pages(Read):
    total_pages: Number = 1


class PagedMeta(Read):
    pagination: Pages = Pages()


class Paged(Read, Generic[T]):
    """A page of a v3 list."""

    data: T
    meta: PagedMeta = PagedMeta()


class VariantMatch(Read):
    """A variant found by its SKU. Source: Catalog V3, GET /catalog/variants."""

    id: int
    product_id: int
    sku: Text = ""
