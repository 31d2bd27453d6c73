"""A sale as it will be posted to Cin7 Core: header, lines, charges, totals and payments; and its order's snapshot."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from weighbridge.domain.documents import WireForm, canonical_digest
from weighbridge.domain.orders.order import Address, OrderLine
from weighbridge.domain.orders.sale_policy import SalePolicy
from weighbridge.domain.values.money import ZERO, round_half_up, total


@dataclass(frozen=True, slots=True)
class SaleLine:
    """A line of goods. `line_total` excludes tax unless the sale is tax-inclusive."""

    order_line_id: int
    product_id: str
    sku: str
    name: str
    quantity: Decimal
    price: Decimal
    """Net of discounts, at most 4 decimals."""
    tax: Decimal
    tax_rule: str
    line_total: Decimal
    comment: str = ""
    drop_ship: bool | None = None
    """Whether the supplier ships it; None when the product leaves no choice."""


@dataclass(frozen=True, slots=True)
class SaleCharge:
    """A charge without stock, posted with the Service product of that name. A rounding line may be negative."""

    product_name: str
    price: Decimal
    tax: Decimal
    tax_rule: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class SaleTender:
    """Money received, posted as a payment of the sale."""

    reference: str
    amount: Decimal
    account: str
    paid_at: datetime


@dataclass(frozen=True, slots=True)
class Sale:
    """All documents that are posted for one order. Amounts are in order currency."""

    external_id: str
    order_number: str
    customer_id: str
    currency: str
    currency_rate: Decimal
    """Units of the company's base currency per unit of order currency."""
    ordered_at: datetime
    tax_inclusive: bool
    contact: str
    email: str
    phone: str
    billing: Address
    shipping: Address
    note: str
    lines: tuple[SaleLine, ...]
    charges: tuple[SaleCharge, ...]
    tenders: tuple[SaleTender, ...]
    value: Decimal
    """What the shopper owes for the order, with tax: the amount that the sale must equal."""

    @property
    def tax(self) -> Decimal:
        return total(line.tax for line in self.lines) + total(charge.tax for charge in self.charges)

    @property
    def total(self) -> Decimal:
        """The total that Cin7 computes from lines and charges, with tax.

        Source: Cin7 Core API v2, order document totals.
        """
        goods = total(line.line_total for line in self.lines) + total(charge.price for charge in self.charges)
        return goods if self.tax_inclusive else goods + self.tax


@dataclass(frozen=True, slots=True)
class PricedQuantity:
    """Units at one price, with the line total that Cin7 computes for them."""

    quantity: Decimal
    price: Decimal
    line_total: Decimal


def price_out(amount: Decimal, quantity: Decimal, digits: int, price_digits: int = 4) -> tuple[PricedQuantity, ...]:
    """`quantity` units that sum to `amount`: at one price if cents allow it, otherwise at two prices one step apart.

    Cin7 checks a line's total against quantity x price, and prices have 4 decimals, so a single price seldom meets the
    total of, say, 36,000 units. With two neighbouring prices, some division of the units meets it, since each unit
    moved changes the sum by one step. Quantities stay whole if `quantity` is whole. A fractional quantity takes one
    price; the caller posts the remainder as a rounding line.
    """
    price = round_half_up(amount / quantity, price_digits)
    line_total = round_half_up(price * quantity, digits)
    if line_total == amount or quantity < 2 or quantity != quantity.to_integral_value():
        return (PricedQuantity(quantity, price, line_total),)
    step = Decimal(1).scaleb(-price_digits)
    low = (amount / quantity).quantize(step, rounding="ROUND_FLOOR")
    exact = int(((amount - low * quantity) / step).to_integral_value(rounding="ROUND_HALF_UP"))
    candidates = range(max(0, exact - MAX_UNITS_MOVED), min(int(quantity), exact + MAX_UNITS_MOVED) + 1)
    divisions = [
        _divided(quantity, low, step, Decimal(dearer), digits)
        for dearer in sorted(candidates, key=lambda dearer: abs(dearer - exact))
    ]
    return min(divisions, key=lambda division: abs(total(priced.line_total for priced in division) - amount))


MAX_UNITS_MOVED = 50
"""How far the division of the units may differ from the exact one: enough for both rounded totals to meet the amount,
and few enough that the exact sum stays within half a cent."""


def _divided(
    quantity: Decimal, low: Decimal, step: Decimal, dearer: Decimal, digits: int
) -> tuple[PricedQuantity, ...]:
    priced = ((quantity - dearer, low), (dearer, low + step))
    return tuple(
        PricedQuantity(count, price, round_half_up(count * price, digits)) for count, price in priced if count > ZERO
    )


def external_id_of(policy: SalePolicy, order_id: int) -> str:
    """The permanent key of an order's sale in Cin7: prefix, store and order."""
    return f"{policy.external_id_prefix}:{policy.store}:{order_id}"


@dataclass(frozen=True, slots=True)
class OrderSnapshot:
    """The stored content of a captured order: the sale to post, and the order lines that parcels are matched with."""

    sale: Sale
    lines: tuple[OrderLine, ...]
    fingerprint: str
    """Of the sale as it was first mapped: distinguishes a change in the store from a rounding line added by us."""
    revision: int = 0
    """How often the order document was reverted and posted again."""
    rounding_revisions: int = 0
    """How many revisions since the last change of the order were for cents that Cin7 computed differently."""
    header_revision: int = 0
    """How often the sale's header was changed."""
    billing_revision: int = 0
    """How often invoice and payments were reverted and posted again."""
    void_invoices: tuple[str, ...] = ()
    """Task ids of the invoices that the invoice of `billing_revision` replaces."""
    remove_payments: tuple[str, ...] = ()
    """Ids of the payments that are posted again on that invoice."""
    seen_at: datetime | None = None
    """When the order had last changed in the store when it was read; None in documents of earlier versions."""
    parts_digest: str = ""
    """Of lines and shipping addresses, whose changes do not show in the order's own fields."""


TIMESTAMP_TOLERANCE = timedelta(seconds=2)
_SALE = WireForm(Sale)
_PARTS = WireForm(tuple[tuple[OrderLine, ...], tuple[Address, ...]])


def fingerprint(sale: Sale) -> str:
    """A digest that is equal for two sales with the same documents; payments and the note do not count."""
    return canonical_digest(_SALE.write(replace(sale, tenders=(), note="")))


def parts_digest(lines: tuple[OrderLine, ...], addresses: tuple[Address, ...]) -> str:
    """A digest of lines and shipping addresses. Shipped quantities do not count, since Weighbridge writes them."""
    unshipped = tuple(replace(line, quantity_shipped=line.quantity * 0) for line in lines)
    return canonical_digest(_PARTS.write((unshipped, addresses)))


def seen_until(modified_at: datetime, now: datetime) -> datetime:
    """The time up to which an order read now surely includes all changes; the store reports whole seconds."""
    return modified_at if now - modified_at > TIMESTAMP_TOLERANCE else modified_at - TIMESTAMP_TOLERANCE


def is_unchanged_since_read(snapshot: OrderSnapshot, modified_at: datetime) -> bool:
    """Whether the order is unchanged since it was read; True when it is not known when that was."""
    return snapshot.seen_at is None or modified_at <= snapshot.seen_at
