"""A sale as it will stand in Cin7 Core: header, lines, charges, totals, payments; before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from weighbridge.domain.orders.order import Address
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
    """Whether the supplier sends it; None where the product leaves no choice."""


@dataclass(frozen=True, slots=True)
class SaleCharge:
    """A charge without stock, carried by a Service product of that name. May be negative for a rounding line."""

    product_name: str
    price: Decimal
    tax: Decimal
    tax_rule: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class SaleTender:
    """Money received that the sale will show as paid."""

    reference: str
    amount: Decimal
    account: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Sale:
    """Everything that is posted for one order. Amounts in order currency."""

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
    """What the shopper owes for the order, with tax: the figure the sale must equal."""

    @property
    def tax(self) -> Decimal:
        return total(line.tax for line in self.lines) + total(charge.tax for charge in self.charges)

    @property
    def total(self) -> Decimal:
        """What Cin7 will make of lines and charges, with tax. Source: Cin7 Core API v2, order document totals."""
        goods = total(line.line_total for line in self.lines) + total(charge.price for charge in self.charges)
        return goods if self.tax_inclusive else goods + self.tax


@dataclass(frozen=True, slots=True)
class PricedQuantity:
    """Some units at one price, with the total Cin7 computes for them."""

    quantity: Decimal
    price: Decimal
    line_total: Decimal


def price_out(amount: Decimal, quantity: Decimal, digits: int, price_digits: int = 4) -> tuple[PricedQuantity, ...]:
    """`quantity` units that come to `amount`: one price where cents allow, else two prices one step apart.

    Cin7 checks a line's total against quantity x price, and prices have 4 decimals; 36,000 units of one line cannot
    in general meet their total with a single price. Of two neighbouring prices some division of the units meets it,
    since each unit moved changes the sum by one step. Quantities stay whole where `quantity` is whole; a part of a
    unit takes one price, and what that leaves is for the caller's rounding line.
    """
    price = round_half_up(amount / quantity, price_digits)
    reached = round_half_up(price * quantity, digits)
    if reached == amount or quantity < 2 or quantity != quantity.to_integral_value():
        return (PricedQuantity(quantity, price, reached),)
    step = Decimal(1).scaleb(-price_digits)
    low = (amount / quantity).quantize(step, rounding="ROUND_FLOOR")
    exact = int(((amount - low * quantity) / step).to_integral_value(rounding="ROUND_HALF_UP"))
    possible = range(max(0, exact - MOST_UNITS_MOVED), min(int(quantity), exact + MOST_UNITS_MOVED) + 1)
    divided = [
        _divided(quantity, low, step, Decimal(dearer), digits)
        for dearer in sorted(possible, key=lambda dearer: abs(dearer - exact))
    ]
    return min(divided, key=lambda parts: abs(total(part.line_total for part in parts) - amount))


MOST_UNITS_MOVED = 50
"""Far enough for the roundings of both parts to meet, near enough that the sum stays within half a cent by itself."""


def _divided(
    quantity: Decimal, low: Decimal, step: Decimal, dearer: Decimal, digits: int
) -> tuple[PricedQuantity, ...]:
    parts = ((quantity - dearer, low), (dearer, low + step))
    return tuple(
        PricedQuantity(count, price, round_half_up(count * price, digits)) for count, price in parts if count > ZERO
    )
