"""An order of the store, reduced to what money, stock and the warehouse need; independent of payload formats."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from weighbridge.domain.values.money import ZERO, total


class LineKind(StrEnum):
    PHYSICAL = "physical"
    DIGITAL = "digital"
    GIFT_CERTIFICATE = "giftcertificate"


class ChargeKind(StrEnum):
    """What an order charges for besides its lines."""

    SHIPPING = "shipping"
    HANDLING = "handling"
    WRAPPING = "wrapping"
    FEE = "fee"


class OrderStatus:
    """Ids of the order statuses; merchants rename the labels, never the ids. Source: Orders V2, order statuses."""

    INCOMPLETE = 0
    PENDING = 1
    SHIPPED = 2
    PARTIALLY_SHIPPED = 3
    REFUNDED = 4
    CANCELLED = 5
    DECLINED = 6
    AWAITING_PAYMENT = 7
    AWAITING_PICKUP = 8
    AWAITING_SHIPMENT = 9
    COMPLETED = 10
    AWAITING_FULFILMENT = 11
    MANUAL_VERIFICATION = 12
    DISPUTED = 13
    PARTIALLY_REFUNDED = 14


@dataclass(frozen=True, slots=True)
class Address:
    """A shipping or billing address; every field may be empty."""

    id: int = 0
    first_name: str = ""
    last_name: str = ""
    company: str = ""
    street_1: str = ""
    street_2: str = ""
    city: str = ""
    state: str = ""
    postcode: str = ""
    country: str = ""
    country_code: str = ""
    phone: str = ""
    email: str = ""

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One order line. Totals are for the whole line, in order currency."""

    id: int
    product_id: int
    variant_id: int
    sku: str
    name: str
    kind: LineKind
    quantity: Decimal
    total_ex_tax: Decimal
    """Before discounts, without tax."""
    total_inc_tax: Decimal
    """Before discounts, with tax."""
    discounted_inc_tax: Decimal
    """After every discount, with tax: the amount that the sale line starts from.

    Source: Orders V2, discounted_total_inc_tax.
    """
    total_tax: Decimal
    """As the line states it; the tax rows take precedence where they exist."""
    address_id: int
    quantity_shipped: Decimal = ZERO
    wrapping_inc_tax: Decimal = ZERO
    """The gift wrapping of the whole line, with tax; included in the order's wrapping charge."""


@dataclass(frozen=True, slots=True)
class TaxRow:
    """One tax on one line or charge of the order; several rows per line when taxes stack."""

    line_id: int | None
    """The order line; None for charges, or when the tax provider does not name it."""
    applies_to: str
    """`item`, `shipping`, `handling` or `gift-wrapping`; empty when the tax provider does not name it."""
    name: str
    tax_class: str
    rate: Decimal
    """Percent."""
    amount: Decimal
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Charge:
    """Shipping, handling, wrapping or a fee, for the whole order."""

    kind: ChargeKind
    name: str
    ex_tax: Decimal
    inc_tax: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class Tender:
    """One payment transaction in the store. Source: Orders V3, transactions."""

    id: str
    event: str
    """`purchase`, `authorization`, `capture`, `refund`, `void`, `pending`, `settled`."""
    method: str
    gateway: str
    amount: Decimal
    currency: str
    succeeded: bool
    is_test: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Order:
    """One order of one store, as it was at one time."""

    id: int
    status_id: int
    placed_at: datetime
    modified_at: datetime
    currency: str
    """The currency of every amount on the order (the transactional currency)."""
    tax_inclusive: bool
    """True when amounts with tax are exact and amounts without tax are estimates."""
    customer_id: int
    """0 for a guest."""
    channel_id: int
    billing: Address
    shipping: tuple[Address, ...]
    lines: tuple[OrderLine, ...]
    taxes: tuple[TaxRow, ...]
    charges: tuple[Charge, ...]
    coupon_codes: tuple[str, ...]
    tenders: tuple[Tender, ...]
    total_inc_tax: Decimal
    total_tax: Decimal
    gift_certificate_amount: Decimal
    store_credit_amount: Decimal
    payment_method: str
    payment_status: str
    items_total: Decimal
    exchange_rate: Decimal = Decimal(1)
    """Exchange rate between the currencies of store and order, as the store states it; see `SalePolicy.store_rate`."""
    store_currency: str = ""
    """The store's default currency; empty when the order does not name it."""
    staff_notes: str = ""
    shopper_message: str = ""
    external_order_id: str = ""

    @property
    def paid_back(self) -> tuple[Tender, ...]:
        """The refunds among the order's tenders that the gateway carried out."""
        return tuple(tender for tender in self.tenders if tender.event == "refund" and tender.succeeded)

    @property
    def lines_value(self) -> Decimal:
        """The sum of the lines after discounts, with tax."""
        return total(line.discounted_inc_tax for line in self.lines)

    @property
    def charges_value(self) -> Decimal:
        """The sum of the charges, with tax."""
        return total(charge.inc_tax for charge in self.charges)

    @property
    def value(self) -> Decimal:
        """What the shopper owes for the order, with tax, before gift certificates and store credit.

        The vendor does not say whether `total_inc_tax` is before or after these tenders. If lines and charges sum to
        the total plus the tenders, it is after. Source: platform notes, bigcommerce 2.3 and 10 (question 2).
        """
        items = self.lines_value + self.charges_value
        tenders = self.gift_certificate_amount + self.store_credit_amount
        if tenders and abs(items - (self.total_inc_tax + tenders)) < abs(items - self.total_inc_tax):
            return self.total_inc_tax + tenders
        return self.total_inc_tax

    @property
    def is_test(self) -> bool:
        return bool(self.tenders) and all(tender.is_test for tender in self.tenders)
