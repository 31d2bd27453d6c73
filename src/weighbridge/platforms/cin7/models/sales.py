"""Answer payloads of Cin7 Core: sales and their documents, with the vendor's own names."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import AliasChoices, BeforeValidator, Field

from weighbridge.platforms.cin7.payload import Read, Text, Timestamp, _list


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
    updated: Timestamp = Field(alias="Updated")
    invoice_amount: Decimal | None = Field(None, alias="InvoiceAmount")
    invoice_status: Text = Field("", alias="CombinedInvoiceStatus")
    ordered: Timestamp | None = Field(None, alias="OrderDate")
    currency: Text = Field("", alias="CustomerCurrency")
    credit_note_number: Text = Field("", alias="CreditNoteNumber")


class SalePage(Read):
    total: int = Field(0, alias="Total")
    rows: list[SaleRow] = Field(alias="SaleList")


class UnreadableSale(Read):
    """A row of saleList of which only the id is readable."""

    id: str = Field(alias="SaleID")


class ChangedSales(Read):
    """A page of saleList. Rows are parsed one by one, so that a malformed row affects no other sale."""

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
    """A payment or refund as its document shows it."""

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
    shipped_at: Timestamp | None = Field(None, alias="ShipmentDate")
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
