"""Cin7 Core's payloads, as far as we read and write them, with the vendor's own names."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer


def _moment(value: Any) -> Any:
    """Dates come with and without a zone and with up to 7 decimals; all are UTC. Source: notes, cin7 1.5."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if "." in text:
        head, _, tail = text.partition(".")
        digits = "".join(ch for ch in tail if ch.isdigit())[:6]
        text = f"{head}.{digits}{'Z' if text.endswith('Z') else ''}"
    parsed = datetime.fromisoformat(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _text(value: Any) -> Any:
    return "" if value is None else value


def _list(value: Any) -> Any:
    return [] if value is None else value


def _written_moment(value: datetime) -> str:
    """The one form that Cin7 documents for dates it is sent."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}"


Moment = Annotated[datetime, BeforeValidator(_moment)]
Text = Annotated[str, BeforeValidator(_text)]
SentMoment = Annotated[datetime, PlainSerializer(_written_moment)]


class Read(BaseModel):
    """A payload of an answer: unknown fields are left out."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class Sent(BaseModel):
    """A payload of a request: written under the vendor's names."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


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
    expires: Moment | None = Field(None, alias="ExpiryDate")
    available: Decimal = Field(alias="Available")


class UnreadableAvailability(Read):
    """A row of the stock list that tells no figure; with luck it tells whose."""

    model_config = ConfigDict(frozen=True, extra="allow", populate_by_name=True)

    sku: Text = Field("", alias="SKU")


class AvailabilityPage(Read):
    """A page of the stock list whose rows are read one by one, so that a broken one stops no other SKU."""

    total: int = Field(0, alias="Total")
    rows: list[Annotated[AvailabilityLine | UnreadableAvailability, Field(union_mode="left_to_right")]] = Field(
        alias="ProductAvailabilityList"
    )


class SaleRow(Read):
    """A row of saleList: the only change feed of sales."""

    id: str = Field(alias="SaleID")
    order_number: Text = Field("", alias="OrderNumber")
    status: Text = Field("", alias="Status")
    order_status: Text = Field("", alias="OrderStatus")
    shipping_status: Text = Field("", alias="CombinedShippingStatus")
    fulfilment_status: Text = Field("", alias="FulFilmentStatus")
    tracking_numbers: Text = Field("", alias="CombinedTrackingNumbers")
    external_id: Text = Field("", alias="ExternalID")
    updated: Moment = Field(alias="Updated")
    invoice_amount: Decimal | None = Field(None, alias="InvoiceAmount")
    ordered: Moment | None = Field(None, alias="OrderDate")
    currency: Text = Field("", alias="CustomerCurrency")
    credit_note_number: Text = Field("", alias="CreditNoteNumber")


class SalePage(Read):
    total: int = Field(0, alias="Total")
    rows: list[SaleRow] = Field(alias="SaleList")


class UnreadableSale(Read):
    """A row of saleList of which nothing but the id can be read."""

    id: str = Field(alias="SaleID")


class ChangedSales(Read):
    """A page of saleList whose rows are read one by one, so that a broken one stops nobody else."""

    total: int = Field(0, alias="Total")
    rows: list[Annotated[SaleRow | UnreadableSale, Field(union_mode="left_to_right")]] = Field(alias="SaleList")


class DocumentLine(Read):
    sku: Text = Field("", alias="SKU")
    quantity: Decimal = Field(alias="Quantity")
    backordered: Decimal | None = Field(None, alias="BackorderQuantity")
    total: Decimal | None = Field(None, alias="Total")


class OrderDocument(Read):
    sale_order_number: Text = Field("", alias="SaleOrderNumber")
    status: str = Field(validation_alias=AliasChoices("Status", "OrderStatus"))
    lines: Annotated[list[DocumentLine], BeforeValidator(_list)] = Field(default_factory=list, alias="Lines")
    total: Decimal | None = Field(None, alias="Total")
    tax: Decimal | None = Field(None, alias="Tax")


class PaymentLine(Read):
    """A payment or refund as the document shows it that it belongs to."""

    id: str = Field(alias="ID")
    reference: Text = Field("", alias="Reference")
    amount: Decimal = Field(alias="Amount")


class InvoiceDocument(Read):
    task_id: str = Field(alias="TaskID")
    number: Text = Field("", alias="InvoiceNumber")
    status: str = Field(alias="Status")
    total: Decimal | None = Field(None, alias="Total")
    payments: Annotated[list[PaymentLine], BeforeValidator(_list)] = Field(default_factory=list, alias="Payments")


class RestockRow(Read):
    sku: Text = Field("", alias="SKU")
    quantity: Decimal = Field(alias="Quantity")


class CreditNoteDocument(Read):
    restock: Annotated[list[RestockRow], BeforeValidator(_list)] = Field(default_factory=list, alias="Restock")
    task_id: Text = Field("", alias="TaskID")
    memo: Text = Field("", alias="Memo")
    status: Text = Field("", alias="Status")
    number: Text = Field("", alias="CreditNoteNumber")
    total: Decimal | None = Field(None, alias="Total")


class PackLine(Read):
    sku: str = Field(alias="SKU")
    quantity: Decimal = Field(alias="Quantity")
    box: Text = Field("", alias="Box")


class ShipLineRow(Read):
    id: Text = Field("", alias="ID")
    shipped_at: Moment | None = Field(None, alias="ShipmentDate")
    carrier: Text = Field("", alias="Carrier")
    boxes: Text = Field("", validation_alias=AliasChoices("Boxes", "Box"))
    tracking_number: Text = Field("", alias="TrackingNumber")
    tracking_url: Text = Field("", alias="TrackingURL")
    is_shipped: bool | None = Field(False, alias="IsShipped")


class Pack(Read):
    status: Text = Field("", alias="Status")
    lines: Annotated[list[PackLine], BeforeValidator(_list)] = Field(default_factory=list, alias="Lines")


class Ship(Read):
    status: Text = Field("", alias="Status")
    lines: Annotated[list[ShipLineRow], BeforeValidator(_list)] = Field(default_factory=list, alias="Lines")


class FulfilmentTask(Read):
    task_id: str = Field(alias="TaskID")
    number: int = Field(0, alias="FulfillmentNumber")
    pack: Pack | None = Field(None, alias="Pack")
    ship: Ship | None = Field(None, alias="Ship")


class SaleDetail(Read):
    id: str = Field(alias="ID")
    type: Text = Field("", alias="Type")
    status: Text = Field("", alias="Status")
    external_id: Text = Field("", alias="ExternalID")
    combined_picking_status: Text = Field("", alias="CombinedPickingStatus")
    combined_packing_status: Text = Field("", alias="CombinedPackingStatus")
    combined_shipping_status: Text = Field("", alias="CombinedShippingStatus")
    order: OrderDocument | None = Field(None, alias="Order")
    invoices: Annotated[list[InvoiceDocument], BeforeValidator(_list)] = Field(default_factory=list, alias="Invoices")
    fulfilments: Annotated[list[FulfilmentTask], BeforeValidator(_list)] = Field(
        default_factory=list, alias="Fulfilments"
    )
    credit_notes: Annotated[list[CreditNoteDocument], BeforeValidator(_list)] = Field(
        default_factory=list, alias="CreditNotes"
    )

    @property
    def order_number(self) -> str:
        """The sale's number, which the header itself does not carry."""
        return self.order.sale_order_number if self.order else ""


class CreditNoteSet(Read):
    credit_notes: Annotated[list[CreditNoteDocument], BeforeValidator(_list)] = Field(alias="CreditNotes")


class InvoiceSet(Read):
    invoices: Annotated[list[InvoiceDocument], BeforeValidator(_list)] = Field(alias="Invoices")


class PaymentRow(Read):
    id: str = Field(alias="ID")
    task_id: Text = Field("", alias="TaskID")
    type: Text = Field("", alias="Type")
    reference: Text = Field("", alias="Reference")
    amount: Decimal = Field(alias="Amount")


class FulfilmentSet(Read):
    fulfilments: Annotated[list[FulfilmentTask], BeforeValidator(_list)] = Field(alias="Fulfilments")


class WebhookRow(Read):
    id: str = Field(alias="ID")
    type: str = Field(alias="Type")
    is_active: bool = Field(alias="IsActive")
    external_url: Text = Field("", alias="ExternalURL")


class WebhookPage(Read):
    rows: list[WebhookRow] = Field(alias="Webhooks", default_factory=list)


class SentAddress(Sent):
    line1: str = Field(alias="Line1")
    line2: str | None = Field(None, alias="Line2")
    city: str | None = Field(None, alias="City")
    state: str | None = Field(None, alias="State")
    postcode: str | None = Field(None, alias="Postcode")
    country: str = Field(alias="Country")


class SentShippingAddress(SentAddress):
    company: str | None = Field(None, alias="Company")
    contact: str | None = Field(None, alias="Contact")
    ship_to_other: bool = Field(True, alias="ShipToOther")


class WrittenHeader(Sent):
    """What the header of a sale takes. Source: Cin7 Core API v2, Sale POST/PUT attributes."""

    customer_id: str = Field(alias="CustomerID")
    contact: str | None = Field(None, alias="Contact")
    phone: str | None = Field(None, alias="Phone")
    email: str | None = Field(None, alias="Email")
    default_account: str = Field(alias="DefaultAccount")
    skip_quote: bool = Field(True, alias="SkipQuote")
    billing_address: SentAddress = Field(alias="BillingAddress")
    shipping_address: SentShippingAddress = Field(alias="ShippingAddress")
    tax_rule: str = Field(alias="TaxRule")
    tax_inclusive: bool = Field(alias="TaxInclusive")
    terms: str = Field(alias="Terms")
    price_tier: str = Field(alias="PriceTier")
    location: str = Field(alias="Location")
    sale_order_date: SentMoment = Field(alias="SaleOrderDate")
    note: str | None = Field(None, alias="Note")
    customer_reference: str = Field(alias="CustomerReference")
    currency_rate: Decimal = Field(alias="CurrencyRate")
    external_id: str = Field(alias="ExternalID")


class SaleHeader(WrittenHeader):
    """POST /sale: the header alone; documents follow."""

    sale_type: str = Field(alias="SaleType")


class ChangedHeader(WrittenHeader):
    """PUT /sale: the whole header again; the type of a sale is given once, when it is made."""

    id: str = Field(alias="ID")


class SentLine(Sent):
    product_id: str = Field(alias="ProductID")
    sku: str = Field(alias="SKU")
    name: str = Field(alias="Name")
    quantity: Decimal = Field(alias="Quantity")
    price: Decimal = Field(alias="Price")
    discount: Decimal = Field(alias="Discount")
    tax: Decimal = Field(alias="Tax")
    tax_rule: str = Field(alias="TaxRule")
    comment: str | None = Field(None, alias="Comment")
    drop_ship: bool | None = Field(None, alias="DropShip")
    total: Decimal = Field(alias="Total")
    account: str | None = Field(None, alias="Account")


class SentCharge(Sent):
    description: str = Field(alias="Description")
    quantity: Decimal = Field(alias="Quantity")
    price: Decimal = Field(alias="Price")
    discount: Decimal = Field(alias="Discount")
    tax: Decimal = Field(alias="Tax")
    tax_rule: str = Field(alias="TaxRule")
    comment: str | None = Field(None, alias="Comment")
    total: Decimal = Field(alias="Total")
    account: str | None = Field(None, alias="Account")


class SaleOrderRequest(Sent):
    """POST /sale/order."""

    sale_id: str = Field(alias="SaleID")
    combine_additional_charges: bool = Field(False, alias="CombineAdditionalCharges")
    memo: str = Field(alias="Memo")
    status: str = Field("AUTHORISED", alias="Status")
    auto_fulfil: str | None = Field(None, alias="AutoPickPackShipMode")
    lines: list[SentLine] = Field(alias="Lines")
    additional_charges: list[SentCharge] = Field(alias="AdditionalCharges")


class InvoiceRequest(Sent):
    """POST /sale/invoice. The all-zero task id asks for a new invoice."""

    sale_id: str = Field(alias="SaleID")
    task_id: str = Field("00000000-0000-0000-0000-000000000000", alias="TaskID")
    combine_additional_charges: bool = Field(False, alias="CombineAdditionalCharges")
    memo: str = Field(alias="Memo")
    status: str = Field("AUTHORISED", alias="Status")
    invoice_date: SentMoment = Field(alias="InvoiceDate")
    invoice_due_date: SentMoment = Field(alias="InvoiceDueDate")
    currency_conversion_rate: Decimal = Field(alias="CurrencyConversionRate")
    lines: list[SentLine] = Field(alias="Lines")
    additional_charges: list[SentCharge] = Field(alias="AdditionalCharges")


class SentRestock(Sent):
    product_id: str | None = Field(None, alias="ProductID")
    sku: str = Field(alias="SKU")
    quantity: Decimal = Field(alias="Quantity")
    location: str = Field(alias="Location")


class CreditNoteRequest(Sent):
    """POST /sale/creditnote. The all-zero task id makes a new note each time; refunds are payments of their own."""

    sale_id: str = Field(alias="SaleID")
    task_id: str = Field("00000000-0000-0000-0000-000000000000", alias="TaskID")
    combine_additional_charges: bool = Field(False, alias="CombineAdditionalCharges")
    credit_note_invoice_number: str = Field(alias="CreditNoteInvoiceNumber")
    memo: str = Field(alias="Memo")
    status: str = Field("AUTHORISED", alias="Status")
    credit_note_date: SentMoment = Field(alias="CreditNoteDate")
    credit_note_conversion_rate: Decimal = Field(alias="CreditNoteConversionRate")
    lines: list[SentLine] = Field(alias="Lines")
    additional_charges: list[SentCharge] = Field(alias="AdditionalCharges")
    restock: list[SentRestock] = Field(alias="Restock")


class PaymentRequest(Sent):
    """POST /sale/payment."""

    task_id: str = Field(alias="TaskID")
    type: str = Field("Payment", alias="Type")
    reference: str = Field(alias="Reference")
    amount: Decimal = Field(alias="Amount")
    date_paid: SentMoment = Field(alias="DatePaid")
    account: str = Field(alias="Account")
    currency_rate: Decimal = Field(alias="CurrencyRate")


class CustomerRequest(Sent):
    """POST /customer with its seven required fields."""

    name: str = Field(alias="Name")
    status: str = Field("Active", alias="Status")
    currency: str = Field(alias="Currency")
    payment_term: str = Field(alias="PaymentTerm")
    account_receivable: str = Field(alias="AccountReceivable")
    revenue_account: str = Field(alias="RevenueAccount")
    tax_rule: str = Field(alias="TaxRule")
    price_tier: str = Field(alias="PriceTier")


class WebhookHeader(Sent):
    key: str = Field(alias="Key")
    value: str = Field(alias="Value")


class WebhookRequest(Sent):
    """POST and PUT /webhooks."""

    id: str | None = Field(None, alias="ID")
    type: str = Field(alias="Type")
    is_active: bool = Field(True, alias="IsActive")
    external_url: str = Field(alias="ExternalURL")
    external_authorization_type: str = Field("bearerauth", alias="ExternalAuthorizationType")
    external_bearer_token: str = Field(alias="ExternalBearerToken")

    @classmethod
    def with_bearer(cls, kind: str, url: str, secret: str) -> WebhookRequest:
        """An active hook that shows `secret` as its bearer token; Cin7 signs nothing."""
        return cls(type=kind, external_url=url, external_bearer_token=secret)
