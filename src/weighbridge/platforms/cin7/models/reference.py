"""Answer payloads of Cin7 Core: company, products, customers, stock and webhooks, with the vendor's own names."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import ConfigDict, Field

from weighbridge.platforms.cin7.payload import Read, Text, Timestamp


class Company(Read):
    currency: str = Field(alias="Currency")
    time_zone: Text = Field("", alias="TimeZone")
    tax_calculation_method: Text = Field("", alias="TaxCalculationMethod")
    lock_date: Text = Field("", alias="LockDate")


class TaxRuleRow(Read):
    id: str = Field(alias="ID")
    name: str = Field(alias="Name")
    is_active: bool = Field(alias="IsActive")
    percent: Decimal = Field(alias="TaxPercent")
    for_sales: bool = Field(alias="IsTaxForSale")


class TaxRulePage(Read):
    total: int = Field(0, alias="Total")
    rows: list[TaxRuleRow] = Field(alias="TaxRuleList")


class AccountRow(Read):
    code: Text = Field("", alias="Code")
    status: Text = Field("", alias="Status")
    for_payments: bool | None = Field(False, alias="ForPayments")


class AccountPage(Read):
    total: int = Field(0, alias="Total")
    rows: list[AccountRow] = Field(alias="AccountsList")


class LocationRow(Read):
    name: Text = Field("", alias="Name")
    is_deprecated: bool | None = Field(False, alias="IsDeprecated")


class LocationPage(Read):
    total: int = Field(0, alias="Total")
    rows: list[LocationRow] = Field(alias="LocationList")


class BillLine(Read):
    """A stocked component of a kit. Source: GET /product with IncludeBOM, BillOfMaterialsProducts."""

    product_id: Text = Field("", alias="ComponentProductID")
    sku: Text = Field("", alias="ProductCode")
    quantity: Decimal = Field(Decimal(0), alias="Quantity")
    wastage_percent: Decimal | None = Field(None, alias="WastagePercent")
    wastage_quantity: Decimal | None = Field(None, alias="WastageQuantity")


class ProductRow(Read):
    id: str = Field(alias="ID")
    sku: str = Field(alias="SKU")
    name: Text = Field(alias="Name")
    type: str = Field(alias="Type")
    status: Text = Field("Active", alias="Status")
    sellable: bool | None = Field(True, alias="Sellable")
    drop_ship_mode: Text = Field("", alias="DropShipMode")
    bill_of_materials: bool | None = Field(False, alias="BillOfMaterial")
    auto_assembly: bool | None = Field(False, alias="AutoAssembly")
    quantity_to_produce: Decimal | None = Field(None, alias="QuantityToProduce")
    bill: list[BillLine] | None = Field(None, alias="BillOfMaterialsProducts")


class ProductPage(Read):
    total: int = Field(0, alias="Total")
    rows: list[ProductRow] = Field(alias="Products")


class CustomerRow(Read):
    id: str = Field(alias="ID")
    name: str = Field(alias="Name")
    currency: Text = Field("", alias="Currency")


class CustomerPage(Read):
    total: int = Field(0, alias="Total")
    rows: list[CustomerRow] = Field(alias="CustomerList")


class AvailabilityLine(Read):
    sku: str = Field(alias="SKU")
    location: str = Field(alias="Location")
    bin: Text = Field("", alias="Bin")
    batch: Text = Field("", alias="Batch")
    expires: Timestamp | None = Field(None, alias="ExpiryDate")
    available: Decimal = Field(alias="Available")


class UnreadableAvailability(Read):
    """A row of the stock list without a readable level; its SKU may be readable."""

    model_config = ConfigDict(frozen=True, extra="allow", populate_by_name=True)

    sku: Text = Field("", alias="SKU")


class AvailabilityPage(Read):
    """A page of the stock list. Rows are parsed one by one, so that a malformed row affects no other SKU."""

    total: int = Field(0, alias="Total")
    rows: list[Annotated[AvailabilityLine | UnreadableAvailability, Field(union_mode="left_to_right")]] = Field(
        alias="ProductAvailabilityList"
    )


class WebhookRow(Read):
    id: str = Field(alias="ID")
    type: str = Field(alias="Type")
    is_active: bool = Field(alias="IsActive")
    external_url: Text = Field("", alias="ExternalURL")


class WebhookPage(Read):
    rows: list[WebhookRow] = Field(alias="Webhooks", default_factory=list)
