"""What the design decides about sales, in the domain's own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from weighbridge.domain.orders.order import ChargeKind


class Depth(StrEnum):
    """How far an order is posted into the books."""

    ORDER = "order"
    INVOICE = "invoice"
    INVOICE_AND_PAYMENT = "invoice_and_payment"


class EditPolicy(StrEnum):
    """What is done about an order that was edited after its sale was posted."""

    HOLD = "hold"
    """A person decides, always."""
    AMEND = "amend"
    """The order is undone and posted anew while nothing is picked or billed."""
    REBILL = "rebill"
    """Payments and invoice are taken back and made again too, where Cin7's gates allow it."""


class CancelPolicy(StrEnum):
    """What is done about an order that was cancelled after its sale was posted."""

    HOLD = "hold"
    VOID = "void"
    """The sale is voided while nothing is picked or paid."""


class ShopRate(StrEnum):
    """What the shop's rate of an order in a foreign currency says. The vendor's documents leave it open.

    Source: Orders V2, store_default_to_transactional_exchange_rate; platform notes, bigcommerce 10.8.
    """

    ORDER_PER_STORE = "order_per_store"
    """Units of the order's currency for one of the store's."""
    STORE_PER_ORDER = "store_per_order"


@dataclass(frozen=True, slots=True)
class SalePolicy:
    """The agreed operating model of a connection, as far as posting a sale needs it."""

    external_id_prefix: str
    store: str
    """The store's hash: part of every external id."""
    sale_type: str
    """`Advanced` or `Simple`."""
    location: str
    price_tier: str
    payment_terms: str
    revenue_account: str
    receivable_account: str
    untaxed_rule: str
    tax_rules: Mapping[str, str]
    """Shop tax name (or names joined by ` + ` when they stack) -> Cin7 tax rule."""
    charge_products: Mapping[ChargeKind, str]
    """Kind of charge -> name of the Service product that carries it."""
    rounding_product: str
    gift_certificate_product: str
    """Service product that carries sold gift certificates; empty when the merchant sells none."""
    tolerance: Decimal
    """The largest residual, in order currency, that is posted as the rounding line."""
    payment_accounts: Mapping[str, str]
    """Tender method, gateway or payment method (lower case) -> account code."""
    depth: Depth
    unusual_quantity: Decimal
    """A line above this many units is noted for operations."""

    auto_fulfil: str = "NOPICK"
    """How far Cin7 fulfils a Simple sale by itself. Source: POST /sale/order, AutoPickPackShipMode."""
    drop_ship: bool = False
    """Whether suppliers send what Cin7 lets either side send."""
    shop_rate: ShopRate = ShopRate.ORDER_PER_STORE
    edits: EditPolicy = EditPolicy.AMEND
    cancelled: CancelPolicy = CancelPolicy.VOID

    def external_id(self, order_id: int) -> str:
        """The key that a sale carries for ever: prefix, store, order."""
        return f"{self.external_id_prefix}:{self.store}:{order_id}"
