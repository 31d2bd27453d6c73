"""Request payloads of Cin7 Core, with the vendor's own names."""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field

from weighbridge.platforms.cin7.payload import Sent, SentTimestamp


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
    """The fields of a sale's header. Source: Cin7 Core API v2, Sale POST/PUT attributes."""

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
    sale_order_date: SentTimestamp = Field(alias="SaleOrderDate")
    note: str | None = Field(None, alias="Note")
    customer_reference: str = Field(alias="CustomerReference")
    currency_rate: Decimal = Field(alias="CurrencyRate")
    external_id: str = Field(alias="ExternalID")


class SaleHeader(WrittenHeader):
    """POST /sale: the header only; documents follow."""

    sale_type: str = Field(alias="SaleType")


class ChangedHeader(WrittenHeader):
    """PUT /sale: the whole header; the type of a sale is set only when it is created."""

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
    """POST /sale/invoice. The all-zero task id creates a new invoice."""

    sale_id: str = Field(alias="SaleID")
    task_id: str = Field("00000000-0000-0000-0000-000000000000", alias="TaskID")
    combine_additional_charges: bool = Field(False, alias="CombineAdditionalCharges")
    memo: str = Field(alias="Memo")
    status: str = Field("AUTHORISED", alias="Status")
    invoice_date: SentTimestamp = Field(alias="InvoiceDate")
    invoice_due_date: SentTimestamp = Field(alias="InvoiceDueDate")
    currency_conversion_rate: Decimal = Field(alias="CurrencyConversionRate")
    lines: list[SentLine] = Field(alias="Lines")
    additional_charges: list[SentCharge] = Field(alias="AdditionalCharges")


class SentRestock(Sent):
    product_id: str | None = Field(None, alias="ProductID")
    sku: str = Field(alias="SKU")
    quantity: Decimal = Field(alias="Quantity")
    location: str = Field(alias="Location")


class CreditNoteRequest(Sent):
    """POST /sale/creditnote. The all-zero task id creates a new note each time; refunds are separate payments."""

    sale_id: str = Field(alias="SaleID")
    task_id: str = Field("00000000-0000-0000-0000-000000000000", alias="TaskID")
    combine_additional_charges: bool = Field(False, alias="CombineAdditionalCharges")
    credit_note_invoice_number: str = Field(alias="CreditNoteInvoiceNumber")
    memo: str = Field(alias="Memo")
    status: str = Field("AUTHORISED", alias="Status")
    credit_note_date: SentTimestamp = Field(alias="CreditNoteDate")
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
    date_paid: SentTimestamp = Field(alias="DatePaid")
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
        """An active webhook that sends `secret` as its bearer token; Cin7 signs nothing."""
        return cls(type=kind, external_url=url, external_bearer_token=secret)
