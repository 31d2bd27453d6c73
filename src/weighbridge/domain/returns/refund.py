"""A refund of the store: its items, its total, and the payments that returned the money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from weighbridge.domain.orders.order import ChargeKind
from weighbridge.domain.returns.restock import RestockPolicy
from weighbridge.domain.values.money import ZERO, total


class RefundItemKind(StrEnum):
    """What an item of a refund is for. Source: Orders V3, refunds; platform notes, bigcommerce 3.3."""

    PRODUCT = "PRODUCT"
    WRAPPING = "GIFT_WRAPPING"
    SHIPPING = "SHIPPING"
    HANDLING = "HANDLING"
    FEE = "FEE"
    ORDER = "ORDER"
    """Goodwill on the whole order, without tax."""
    TAX = "TAX"


CHARGE_OF: Mapping[str, ChargeKind] = {
    RefundItemKind.WRAPPING: ChargeKind.WRAPPING,
    RefundItemKind.SHIPPING: ChargeKind.SHIPPING,
    RefundItemKind.HANDLING: ChargeKind.HANDLING,
    RefundItemKind.FEE: ChargeKind.FEE,
}
"""The charge of the order that each kind of item refunds: shipping refunds the shipping charge, and so on."""


@dataclass(frozen=True, slots=True)
class RefundItem:
    """One item of a refund."""

    kind: str
    """A `RefundItemKind`, or the store's own text if it is another kind."""
    item_id: int
    """Id of the order line for products and wrapping; otherwise of an address, a fee or the order."""
    quantity: Decimal = Decimal(1)
    amount: Decimal | None = None
    """With tax; None for products, whose amount the store does not report reliably."""
    deducted: Decimal = ZERO
    """Deducted from a product's amount, without tax; positive."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RefundPayment:
    """One payment of a refund."""

    id: str
    provider: str
    """The gateway, `storecredit`, `giftcertificate` or `custom`."""
    amount: Decimal
    offline: bool = False
    declined: bool = False
    transaction_id: str = ""


@dataclass(frozen=True, slots=True)
class Refund:
    """One refund of one order. Amounts are in order currency, with tax."""

    id: str
    order_id: int
    created_at: datetime
    total: Decimal
    total_tax: Decimal
    items: tuple[RefundItem, ...]
    payments: tuple[RefundPayment, ...]
    reason: str = ""
    uses_merchant_override: bool = False
    """True when staff typed the amounts over the computed ones."""

    @property
    def moved_money(self) -> bool:
        """False when every payment was declined. Source: platform notes, bigcommerce 3.3."""
        return not self.payments or any(not payment.declined for payment in self.payments)

    @property
    def paid_back(self) -> Decimal:
        """The money that was returned, with tax."""
        return total(payment.amount for payment in self.payments if not payment.declined)


METHOD_OF_PROVIDER: Mapping[str, str] = {"storecredit": "store_credit", "giftcertificate": "gift_certificate"}
"""Provider on a refund -> method on the payment, for the payment methods that the store manages itself."""


@dataclass(frozen=True, slots=True)
class RefundPolicy:
    """The design's decisions about refunds."""

    posts_credit_notes: bool
    goodwill_product: str
    """Service product for amounts that belong to no line: goodwill, deductions, tax alone."""
    restock: RestockPolicy


def account_of(
    payment: RefundPayment, methods: Mapping[str, str], payment_method: str, accounts: Mapping[str, str]
) -> str | None:
    """The account that a refund is paid from; None when the design names none.

    The first match counts: the method that this gateway was paid with, the gateway, `offline` for an offline payment,
    the order's payment method. `methods` are gateway -> method of the order's own tenders.
    """
    method = methods.get(payment.provider) or METHOD_OF_PROVIDER.get(payment.provider, "")
    names = [method, payment.provider, *(["offline"] if payment.offline else []), payment_method]
    return next((accounts[name.lower()] for name in names if name and name.lower() in accounts), None)
