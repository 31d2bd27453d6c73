"""The design's decisions about sales."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from weighbridge.domain.orders.order import ChargeKind


class Depth(StrEnum):
    """How far an order is posted into Cin7."""

    ORDER = "order"
    INVOICE = "invoice"
    INVOICE_AND_PAYMENT = "invoice_and_payment"


class EditPolicy(StrEnum):
    """What happens when an order is edited after its sale was posted."""

    HOLD = "hold"
    """A person always decides."""
    AMEND = "amend"
    """The order is undone and posted again while nothing is picked or billed."""
    REBILL = "rebill"
    """Payments and invoice are reverted and posted again too, if Cin7 allows it."""


class CancelPolicy(StrEnum):
    """What happens when an order is cancelled after its sale was posted."""

    HOLD = "hold"
    VOID = "void"
    """The sale is voided while nothing is picked or paid."""


class StoreRate(StrEnum):
    """How to read the store's exchange rate of an order in a foreign currency; the vendor does not document it.

    Source: Orders V2, store_default_to_transactional_exchange_rate; platform notes, bigcommerce 10.8.
    """

    ORDER_PER_STORE = "order_per_store"
    """Units of the order's currency per unit of the store's currency."""
    STORE_PER_ORDER = "store_per_order"


@dataclass(frozen=True, slots=True)
class SalePolicy:
    """The parts of a connection's design that posting a sale needs."""

    external_id_prefix: str
    store: str
    """The store hash; part of every external id."""
    sale_type: str
    """`Advanced` or `Simple`."""
    location: str
    price_tier: str
    payment_terms: str
    revenue_account: str
    receivable_account: str
    untaxed_rule: str
    tax_rules: Mapping[str, str]
    """Store tax name (or names joined by ` + ` when they stack) -> Cin7 tax rule."""
    charge_products: Mapping[ChargeKind, str]
    """Kind of charge -> name of its Service product."""
    rounding_product: str
    gift_certificate_product: str
    """Service product for sold gift certificates; empty when the merchant sells none."""
    tolerance: Decimal
    """The largest residual, in order currency, that becomes a rounding line."""
    payment_accounts: Mapping[str, str]
    """Tender method, gateway or payment method (lower case) -> account code."""
    depth: Depth
    unusual_quantity: Decimal
    """A line above this many units is noted for operations."""

    auto_fulfil: str = "NOPICK"
    """How far Cin7 fulfils a Simple sale automatically. Source: POST /sale/order, AutoPickPackShipMode."""
    drop_ship: bool = False
    """Whether suppliers ship the products that Cin7 lets either the supplier or the company ship."""
    store_rate: StoreRate = StoreRate.ORDER_PER_STORE
    edits: EditPolicy = EditPolicy.AMEND
    cancelled: CancelPolicy = CancelPolicy.VOID
