"""A refund as the shop made it: what it is for, what it comes to, and by which tenders the money went back."""

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
    """What a part of a refund is for. Source: Orders V3, refunds; platform notes, bigcommerce 3.3."""

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


@dataclass(frozen=True, slots=True)
class RefundItem:
    """One part of a refund."""

    kind: str
    """A `RefundItemKind`, or what the shop wrote where it wrote something else."""
    item_id: int
    """The order line for products and wrapping; otherwise an address, a fee or the order."""
    quantity: Decimal = Decimal(1)
    amount: Decimal | None = None
    """With tax; None for products, whose worth the shop does not tell reliably."""
    deducted: Decimal = ZERO
    """Kept back from a product's worth, without tax; positive."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RefundPayment:
    """Money of a refund on its way back."""

    id: str
    provider: str
    """The gateway, `storecredit`, `giftcertificate` or `custom`."""
    amount: Decimal
    offline: bool = False
    declined: bool = False
    transaction_id: str = ""


@dataclass(frozen=True, slots=True)
class Refund:
    """One refund of one order. Amounts in order currency, with tax."""

    id: str
    order_id: int
    created_at: datetime
    total: Decimal
    total_tax: Decimal
    items: tuple[RefundItem, ...]
    payments: tuple[RefundPayment, ...]
    reason: str = ""
    merchant_figures: bool = False
    """True when staff typed the amounts over the computed ones."""

    @property
    def moved_money(self) -> bool:
        """False when every payment was declined. Source: platform notes, bigcommerce 3.3."""
        return not self.payments or any(not payment.declined for payment in self.payments)

    @property
    def paid_back(self) -> Decimal:
        """What really went back, with tax."""
        return total(payment.amount for payment in self.payments if not payment.declined)


METHOD_OF_PROVIDER: Mapping[str, str] = {"storecredit": "store_credit", "giftcertificate": "gift_certificate"}
"""How the shop's own tenders are called on a refund, and on the payment they came in by."""


@dataclass(frozen=True, slots=True)
class RefundPolicy:
    """What the design decides about refunds."""

    posts_credit_notes: bool
    goodwill_product: str
    """Service product that carries what no line bears: goodwill, deductions, tax alone."""
    restock: RestockPolicy


def account_of(
    payment: RefundPayment, methods: Mapping[str, str], payment_method: str, accounts: Mapping[str, str]
) -> str | None:
    """The account that money of a refund leaves from: by the method its gateway was paid with, by the gateway, as an
    offline payment, or by the order's payment method; first match. None where the design names none.

    `methods` are gateway -> method of the order's own tenders.
    """
    method = methods.get(payment.provider) or METHOD_OF_PROVIDER.get(payment.provider, "")
    names = [method, payment.provider, *(["offline"] if payment.offline else []), payment_method]
    return next((accounts[name.lower()] for name in names if name and name.lower() in accounts), None)
