"""An order as the shop took it: the parts that money, stock and the warehouse need, free of any payload's oddities."""

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
    """What an order charges for beside its lines."""

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
    """Where something goes or who pays; every part may be empty text."""

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
    """One line. Totals are for the whole line, in order currency."""

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
    """After every discount, with tax: the figure the books start from. Source: Orders V2, discounted_total_inc_tax."""
    total_tax: Decimal
    """As the line states it; the tax rows are the truth where they exist."""
    address_id: int
    quantity_shipped: Decimal = ZERO
    wrapping_inc_tax: Decimal = ZERO
    """What gift wrapping of the whole line costs, with tax; part of the order's wrapping charge."""


@dataclass(frozen=True, slots=True)
class TaxRow:
    """One tax on one part of the order; several rows per line when taxes stack."""

    line_id: int | None
    """The order line, None for charges or where the tax provider does not say."""
    applies_to: str
    """`item`, `shipping`, `handling` or `gift-wrapping`; empty where the tax provider does not say."""
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
    """One movement of money at the shop. Source: Orders V3, transactions."""

    id: str
    event: str
    """`purchase`, `authorization`, `capture`, `refund`, `void`, `pending`, `settled`."""
    method: str
    gateway: str
    amount: Decimal
    currency: str
    succeeded: bool
    is_test: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Order:
    """One order of one store, read at one moment."""

    id: int
    status_id: int
    placed_at: datetime
    modified_at: datetime
    currency: str
    """The currency of every amount on the order (the transactional one)."""
    tax_inclusive: bool
    """True when the with-tax figures are real and the without-tax ones estimates."""
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
    """Between the store's currency and the order's, as the shop states it; see `SalePolicy.shop_rate`."""
    store_currency: str = ""
    """The store's default currency; empty where the shop does not say."""
    staff_notes: str = ""
    shopper_message: str = ""
    external_order_id: str = ""

    @property
    def lines_value(self) -> Decimal:
        """What the lines come to after discounts, with tax."""
        return total(line.discounted_inc_tax for line in self.lines)

    @property
    def charges_value(self) -> Decimal:
        """What the charges come to, with tax."""
        return total(charge.inc_tax for charge in self.charges)

    @property
    def value(self) -> Decimal:
        """What the shopper owes for the order, with tax, before gift certificates and store credit.

        The vendor does not say whether `total_inc_tax` is before or after these tenders; where the parts come to the
        total plus the tenders, it was after. Source: platform notes, bigcommerce 2.3 and 10 (question 2).
        """
        parts = self.lines_value + self.charges_value
        tenders = self.gift_certificate_amount + self.store_credit_amount
        if tenders and abs(parts - (self.total_inc_tax + tenders)) < abs(parts - self.total_inc_tax):
            return self.total_inc_tax + tenders
        return self.total_inc_tax

    @property
    def is_test(self) -> bool:
        return bool(self.tenders) and all(tender.is_test for tender in self.tenders)
