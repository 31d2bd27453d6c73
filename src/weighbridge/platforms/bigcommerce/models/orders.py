"""Answer payloads of BigCommerce: orders, payments, refunds and shipments, with the vendor's own names."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from weighbridge.domain.values.money import ZERO
from weighbridge.platforms.bigcommerce.payload import (
    Amount,
    Number,
    OptionalAmount,
    Read,
    RequiredAmount,
    Text,
    Timestamp,
    _empty_to_none,
    empty_to_list,
    list_or_empty,
)


class PostalAddress(Read):
    id: Number = 0
    first_name: Text = ""
    last_name: Text = ""
    company: Text = ""
    street_1: Text = ""
    street_2: Text = ""
    city: Text = ""
    state: Text = ""
    zip: Text = ""
    country: Text = ""
    country_iso2: Text = ""
    phone: Text = ""
    email: Text = ""


class OrderFee(Read):
    id: Number = 0
    display_name_merchant: Text = ""
    cost_ex_tax: Amount = ZERO
    cost_inc_tax: Amount = ZERO
    cost_tax: Amount = ZERO


class AppliedDiscount(Read):
    """One discount on a line, in order currency."""

    amount: Amount = ZERO


class OrderProduct(Read):
    """A line. Source: Orders V2, GET /orders/{id}/products."""

    id: int
    product_id: Number = 0
    variant_id: Number = 0
    sku: Text = ""
    name: Text = ""
    type: Text = "physical"
    quantity: RequiredAmount
    quantity_shipped: Amount = ZERO
    total_ex_tax: RequiredAmount
    total_inc_tax: RequiredAmount
    total_tax: Amount = ZERO
    discounted_total_inc_tax: OptionalAmount = None
    applied_discounts: Annotated[list[AppliedDiscount], BeforeValidator(empty_to_list)] = Field(default_factory=list)
    order_address_id: Number = 0
    wrapping_cost_inc_tax: Amount = ZERO


class LineItems(Read):
    """A consignment that is collected, downloaded or sent by e-mail, with its lines."""

    line_items: list[OrderProduct]


class ShippingConsignment(PostalAddress):
    """A shipping address with its lines. Its id is that of the address."""

    line_items: list[OrderProduct]


class EmailConsignments(Read):
    gift_certificates: list[LineItems]


class Consignments(Read):
    """The lines of an order by the way they reach the shopper; at most 50 of them. No member is optional: one that is
    missing says nothing about the order. Source: Orders V2, order consignments; platform notes, bigcommerce 1.4."""

    pickups: list[LineItems]
    shipping: list[ShippingConsignment]
    downloads: list[LineItems]
    email: EmailConsignments
    warning: object | None = Field(None, validation_alias="__warning__")
    """Present when lines were left out; its form is not documented."""

    @property
    def lines(self) -> tuple[OrderProduct, ...]:
        others = (*self.pickups, *self.downloads, *self.email.gift_certificates)
        groups = [*(group.line_items for group in self.shipping), *(group.line_items for group in others)]
        return tuple(line for lines in groups for line in lines)


def _readable_or_none(value: object, read: ValidatorFunctionWrapHandler) -> object:
    """Consignments that were not included, or that do not match the documentation, are not known."""
    try:
        return read(value)
    except ValidationError:
        return None


class OrderHeader(Read):
    """An order with the sub-resources that its answer includes. Source: Orders V2, GET /orders/{id}."""

    id: int
    status_id: int
    date_created: Timestamp
    date_modified: Timestamp
    customer_id: Number = 0
    channel_id: Number = 1
    default_currency_code: Text = ""
    currency_code: Text = ""
    store_default_to_transactional_exchange_rate: OptionalAmount = None
    store_default_currency_code: Text = ""
    is_tax_inclusive_pricing: bool = False
    total_inc_tax: RequiredAmount
    total_ex_tax: RequiredAmount
    total_tax: Amount = ZERO
    shipping_cost_ex_tax: Amount = ZERO
    shipping_cost_inc_tax: Amount = ZERO
    shipping_cost_tax: Amount = ZERO
    handling_cost_ex_tax: Amount = ZERO
    handling_cost_inc_tax: Amount = ZERO
    handling_cost_tax: Amount = ZERO
    wrapping_cost_ex_tax: Amount = ZERO
    wrapping_cost_inc_tax: Amount = ZERO
    wrapping_cost_tax: Amount = ZERO
    gift_certificate_amount: Amount = ZERO
    store_credit_amount: Amount = ZERO
    discount_amount: Amount = ZERO
    coupon_discount: Amount = ZERO
    items_total: RequiredAmount
    payment_method: Text = ""
    payment_status: Text = ""
    billing_address: PostalAddress
    staff_notes: Text = ""
    customer_message: Text = ""
    external_order_id: Text = ""
    fees: Annotated[list[OrderFee], BeforeValidator(list_or_empty)] = Field(default_factory=list)
    """Present only when the call includes them; otherwise the platform sends a link."""
    shipping_address_count: int | None = None
    consignments: Annotated[Consignments | None, WrapValidator(_readable_or_none)] = None
    """None where they are not known; `included_products` says whether they are complete."""


class OrderTax(Read):
    """A tax on a line or charge. Source: Orders V2, GET /orders/{id}/taxes?details=true."""

    name: Text = ""
    tax_class: Text = Field("", validation_alias="class")
    rate: Amount = ZERO
    priority: Number = 0
    line_amount: Amount = ZERO
    order_product_id: Annotated[int | None, BeforeValidator(_empty_to_none)] = None
    line_item_type: Text = ""


class OrderCoupon(Read):
    code: Text = ""
    discount: Amount = ZERO


class Transaction(Read):
    """A movement of money on an order. Source: Orders V3, GET /orders/{id}/transactions."""

    id: Text
    event: Text
    method: Text = ""
    gateway: Text = ""
    amount: RequiredAmount
    currency: Text = ""
    status: Text = ""
    test: bool = False
    date_created: Timestamp


class RefundRow(Read):
    """A row of the list of all refunds."""

    id: int
    order_id: int
    created: Timestamp


class RefundDeduction(Read):
    amount: Amount = ZERO


class RefundItemRow(Read):
    item_type: Text = ""
    item_id: Number = 0
    quantity: OptionalAmount = None
    requested_amount: OptionalAmount = None
    reason: Text = ""
    adjustments: Annotated[list[RefundDeduction], BeforeValidator(empty_to_list)] = Field(default_factory=list)


class RefundPaymentRow(Read):
    id: Text = ""
    provider_id: Text = ""
    amount: RequiredAmount
    offline: bool = False
    is_declined: bool = False
    transaction_id: Text = ""


class Refund(Read):
    """A refund. Source: Orders V3, GET /orders/payment_actions/refunds/{id}."""

    id: int
    order_id: int
    created: Timestamp
    reason: Text = ""
    total_amount: RequiredAmount
    total_tax: Amount = ZERO
    uses_merchant_override_values: bool = False
    items: Annotated[list[RefundItemRow], BeforeValidator(empty_to_list)] = Field(default_factory=list)
    payments: Annotated[list[RefundPaymentRow], BeforeValidator(empty_to_list)] = Field(default_factory=list)


class ShipmentItemRow(Read):
    order_product_id: int
    quantity: int


class Shipment(Read):
    id: int
    tracking_number: Text = ""
    items: list[ShipmentItemRow] = Field(default_factory=list)
