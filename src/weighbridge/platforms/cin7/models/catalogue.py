"""Answer payloads of Cin7 Core: the catalogue fields of products and families."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from weighbridge.platforms.cin7.payload import Read, Text

TIERS = 10


def _number(value: Any) -> Any:
    return 0 if value in (None, "") else value


def _rows(value: Any) -> Any:
    return [] if value is None else value


Number = Annotated[Decimal, BeforeValidator(_number), Field(allow_inf_nan=False)]


class AttachmentRow(Read):
    """A file of a product; its type distinguishes pictures from documents."""

    id: str = Field(alias="ID")
    content_type: Text = Field("", alias="ContentType")
    is_default: bool = Field(False, alias="IsDefault")
    file_name: Text = Field("", alias="FileName")
    download_url: Text = Field("", alias="DownloadUrl")


Attachments = Annotated[list[AttachmentRow], BeforeValidator(_rows)]


class CatalogueProductRow(Read):
    """A product. Source: Cin7 Core API v2, GET /product with IncludeAttachments."""

    id: str = Field(alias="ID")
    sku: str = Field(alias="SKU")
    name: Text = Field("", alias="Name")
    category: Text = Field("", alias="Category")
    brand: Text = Field("", alias="Brand")
    type: str = Field(alias="Type")
    status: Text = Field("Active", alias="Status")
    sellable: bool | None = Field(True, alias="Sellable")
    barcode: Text = Field("", alias="Barcode")
    description: Text = Field("", alias="Description")
    short_description: Text = Field("", alias="ShortDescription")
    tags: Text = Field("", alias="Tags")
    weight: Number = Field(Decimal(0), alias="Weight")
    weight_unit: Text = Field("", alias="WeightUnits")
    length: Number = Field(Decimal(0), alias="Length")
    width: Number = Field(Decimal(0), alias="Width")
    height: Number = Field(Decimal(0), alias="Height")
    length_unit: Text = Field("", alias="DimensionsUnits")
    attachments: Attachments = Field(default_factory=list, alias="Attachments")
    tier_prices: tuple[Number, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _tiers(cls, row: Any) -> Any:
        """Reads the ten numbered tiers: the API omits the map by name where two tiers share a name."""
        if not isinstance(row, dict):
            return row
        return {**row, "tier_prices": [row.get(f"PriceTier{number}") for number in range(1, TIERS + 1)]}


class CatalogueProductPage(Read):
    total: int = Field(0, alias="Total")
    rows: list[CatalogueProductRow] = Field(alias="Products")


class MemberRow(Read):
    id: str = Field(alias="ID")
    option_1: Text = Field("", alias="Option1")
    option_2: Text = Field("", alias="Option2")
    option_3: Text = Field("", alias="Option3")


class FamilyRow(Read):
    """A family. Source: Cin7 Core API v2, GET /productFamily."""

    id: str = Field(alias="ID")
    sku: Text = Field("", alias="SKU")
    name: Text = Field("", alias="Name")
    category: Text = Field("", alias="Category")
    brand: Text = Field("", alias="Brand")
    description: Text = Field("", alias="Description")
    short_description: Text = Field("", alias="ShortDescription")
    option_1: Text = Field("", alias="Option1Name")
    option_2: Text = Field("", alias="Option2Name")
    option_3: Text = Field("", alias="Option3Name")
    members: Annotated[list[MemberRow], BeforeValidator(_rows)] = Field(default_factory=list, alias="Products")
    attachments: Attachments = Field(default_factory=list, alias="Attachments")


class FamilyPage(Read):
    total: int = Field(0, alias="Total")
    rows: list[FamilyRow] = Field(alias="ProductFamilies")


class PriceTierRow(Read):
    code: int = Field(alias="Code")
    name: Text = Field("", alias="Name")


class PriceTiers(Read):
    rows: list[PriceTierRow] = Field(alias="PriceTiers")
