"""BigCommerce's payloads, as far as we read and write them, decoded tolerantly where its own documents differ."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from weighbridge.domain.money import ZERO

T = TypeVar("T")


def _moment(value: Any) -> Any:
    """RFC 2822 in v2, ISO 8601 in v3, Unix seconds in hooks. Source: platform notes, bigcommerce 1.6."""
    if isinstance(value, str):
        try:
            parsed = parsedate_to_datetime(value) if "," in value else datetime.fromisoformat(value)
        except ValueError as error:
            raise PydanticCustomError("moment", "expected an RFC 2822 or ISO 8601 date") from error
        return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return value


def _empty_to_none(value: Any) -> Any:
    """`{}` and `''` stand for null here and there. Source: platform notes, bigcommerce trap 45."""
    return None if value in ({}, "") else value


def _text(value: Any) -> Any:
    if value is None or value == {}:
        return ""
    return str(value) if isinstance(value, (int, float)) else value


def _amount(value: Any) -> Any:
    """Amounts come as text, numbers or not at all; never as a truth value."""
    if value in (None, "", {}):
        return ZERO
    if isinstance(value, bool):
        raise PydanticCustomError("amount", "expected an amount")
    return value


Moment = Annotated[datetime, BeforeValidator(_moment)]
OptionalMoment = Annotated[datetime | None, BeforeValidator(lambda value: _moment(_empty_to_none(value)))]
Text = Annotated[str, BeforeValidator(_text)]
Amount = Annotated[Decimal, BeforeValidator(_amount), Field(allow_inf_nan=False)]
RequiredAmount = Annotated[Decimal, Field(allow_inf_nan=False)]
OptionalAmount = Annotated[RequiredAmount | None, BeforeValidator(_empty_to_none)]
Number = Annotated[int, BeforeValidator(lambda value: 0 if value in (None, "", {}) else value)]


class Read(BaseModel):
    """A payload of an answer: unknown fields are left out."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Sent(BaseModel):
    """A payload of a request."""

    model_config = ConfigDict(frozen=True, extra="forbid")


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


class OrderHeader(Read):
    """An order without its sub-resources. Source: Orders V2, GET /orders/{id}."""

    id: int
    status_id: int
    date_created: Moment
    date_modified: Moment
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
    fees: Annotated[list[OrderFee], BeforeValidator(lambda v: v if isinstance(v, list) else [])] = Field(
        default_factory=list
    )
    """Filled where the call asked for them; otherwise the platform sends a link."""

    @property
    def currency(self) -> str:
        """The currency of every amount. Source: platform notes, bigcommerce 2.2 (default_currency_code)."""
        return self.default_currency_code or self.currency_code


class UnreadableRow(Read):
    """A row of a list that is not what the platform documents; its id is all that is sure."""

    id: int
    digest: str
    """Of the row's bytes: the same trouble is not looked at twice."""


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
    applied_discounts: Annotated[list[AppliedDiscount], BeforeValidator(lambda v: v or [])] = Field(
        default_factory=list
    )
    order_address_id: Number = 0
    wrapping_cost_inc_tax: Amount = ZERO


class OrderTax(Read):
    """A tax on a part of the order. Source: Orders V2, GET /orders/{id}/taxes?details=true."""

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
    """A movement of money. Source: Orders V3, GET /orders/{id}/transactions."""

    id: Text
    event: Text
    method: Text = ""
    gateway: Text = ""
    amount: RequiredAmount
    currency: Text = ""
    status: Text = ""
    test: bool = False
    date_created: Moment


class InventorySettings(Read):
    """How the store treats stock. Source: Settings v3, GET /settings/inventory."""

    refund_order_stock_adjustment: bool = False


class RefundRow(Read):
    """A refund in the list of all refunds, as far as it is looked for."""

    id: int
    order_id: int
    created: Moment


class RefundDeduction(Read):
    amount: Amount = ZERO


class RefundItemRow(Read):
    item_type: Text = ""
    item_id: Number = 0
    quantity: OptionalAmount = None
    requested_amount: OptionalAmount = None
    reason: Text = ""
    adjustments: Annotated[list[RefundDeduction], BeforeValidator(lambda v: v or [])] = Field(default_factory=list)


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
    created: Moment
    reason: Text = ""
    total_amount: RequiredAmount
    total_tax: Amount = ZERO
    uses_merchant_override_values: bool = False
    items: Annotated[list[RefundItemRow], BeforeValidator(lambda v: v or [])] = Field(default_factory=list)
    payments: Annotated[list[RefundPaymentRow], BeforeValidator(lambda v: v or [])] = Field(default_factory=list)


class ShipmentItemRow(Read):
    order_product_id: int
    quantity: int


class Shipment(Read):
    id: int
    tracking_number: Text = ""
    items: list[ShipmentItemRow] = Field(default_factory=list)


class SentShipmentItem(Sent):
    order_product_id: int
    quantity: int


class ShipmentRequest(Sent):
    """POST /orders/{id}/shipments."""

    order_address_id: int
    items: list[SentShipmentItem]
    tracking_number: str | None = None
    tracking_link: str | None = None
    tracking_carrier: str | None = None
    shipping_provider: str | None = None
    shipping_method: str | None = None


class TrackingRequest(Sent):
    """PUT /orders/{id}/shipments/{id}: items cannot be changed."""

    tracking_number: str
    tracking_link: str | None = None
    tracking_carrier: str | None = None
    shipping_provider: str | None = None


class OrderUpdate(Sent):
    """PUT /orders/{id}: only members that recalculate nothing. Source: platform notes, bigcommerce 2.7."""

    status_id: int | None = None
    external_order_id: str | None = None


class VariantRow(Read):
    id: int
    sku: Text = ""
    inventory_level: Number = 0
    price: Decimal | None = None
    """Null where the product's own price holds."""
    purchasing_disabled: bool = False


class ProductRow(Read):
    id: int
    sku: Text = ""
    price: Decimal | None = None
    inventory_tracking: Text = "none"
    availability: Text = "available"
    is_visible: bool = True
    variants: Annotated[list[VariantRow], BeforeValidator(lambda v: v or [])] = Field(default_factory=list)


class InventoryIdentity(Read):
    sku: Text = ""
    product_id: Number = 0
    variant_id: Number = 0


class InventoryPlace(Read):
    """Where the store keeps stock. Source: Locations V3, GET /inventory/locations."""

    id: int
    label: Text = ""
    enabled: bool = True


class InventoryLocation(Read):
    location_id: int
    total_inventory_onhand: int = 0


class InventoryItem(Read):
    identity: InventoryIdentity
    locations: list[InventoryLocation] = Field(default_factory=list)


class SentLevel(Sent):
    location_id: int
    product_id: int | None = None
    variant_id: int | None = None
    quantity: int


class LevelsRequest(Sent):
    """PUT /inventory/adjustments/absolute."""

    reason: str
    items: list[SentLevel]


class Hook(Read):
    id: int
    scope: str
    destination: str
    is_active: bool = True


class HookRequest(Sent):
    """POST /hooks."""

    scope: str
    destination: str
    is_active: bool = True
    headers: dict[str, str] = Field(default_factory=dict)


class Pagination(Read):
    total_pages: int = 1
    current_page: int = 1


class Meta(Read):
    pagination: Pagination | None = None


class Enveloped(Read, Generic[T]):
    """The v3 envelope."""

    data: T
    meta: Meta | None = None
