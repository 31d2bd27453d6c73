"""Random orders as the store computes them, with the store's arithmetic implemented a second time from its rules.

Prices and tax rows have four decimals, lines are rounded to the coin of the currency, and the totals are rounded once
from exact sums, which leaves the residual cents. Source: platform notes, bigcommerce 2.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from hypothesis import strategies as st

from tests.domain.builders import GOODS, charge, line, order, paid, tax_row
from weighbridge.domain.orders.order import ChargeKind, Order, TaxRow

TAXES: tuple[tuple[tuple[str, str], ...], ...] = (
    (),
    (("Zero Rate", "0"),),
    (("Sales Tax", "8.25"),),
    (("Sales Tax", "20"),),
    (("Sales Tax", "6.25"), ("City Tax", "2")),
)
DIGITS = {"USD": 2, "JPY": 0, "KWD": 3}


@dataclass(frozen=True, slots=True)
class Priced:
    """A line with exact amounts, before rounding."""

    sku: str
    quantity: int
    gross: Decimal
    saved: Decimal
    taxes: tuple[tuple[str, str], ...]


def at_coin(amount: Decimal, digits: int) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


@st.composite
def priced(draw: st.DrawFn, digits: int, most: int) -> Priced:
    quantity = draw(st.one_of(st.integers(1, 12), st.integers(0, most)))
    price = Decimal(draw(st.integers(0, 90_000_000))).scaleb(-4).quantize(Decimal("0.0001"))
    if draw(st.booleans()):
        price = at_coin(price, digits)
    gross = price * quantity
    share = draw(st.sampled_from(["0", "0", "0.1", "0.333", "1"]))
    saved = (gross * Decimal(share)).quantize(Decimal("0.0001"))
    taxes = draw(st.sampled_from(TAXES)) if quantity else ()
    return Priced(draw(st.sampled_from(GOODS)), quantity, gross, saved, taxes)


@st.composite
def store_orders(draw: st.DrawFn, *, most_lines: int = 6, most_units: int = 300) -> Order:
    """An order whose totals are computed as the store does: every residual cent comes from rounding."""
    currency = draw(st.sampled_from(["USD", "USD", "JPY", "KWD"]))
    digits, inclusive = DIGITS[currency], draw(st.booleans())
    rows: list[TaxRow] = []
    lines = []
    exact = exact_tax = Decimal(0)
    items = draw(st.lists(priced(digits, most_units), min_size=1, max_size=most_lines))
    if not any(item.quantity for item in items):
        items.append(Priced("MUG", 1, Decimal("12.5"), Decimal(0), TAXES[2]))
    for number, item in enumerate(items, 1):
        net, tax = item.gross - item.saved, Decimal(0)
        rates = sum((Decimal(rate) for _, rate in item.taxes), Decimal(0))
        for priority, (name, rate) in enumerate(item.taxes):
            base = net / (1 + rates / 100) if inclusive else net
            amount = (base * Decimal(rate) / 100).quantize(Decimal("0.0001"))
            rows.append(tax_row(number, str(amount), name, priority=priority, rate=Decimal(rate)))
            tax += amount
        inc = net if inclusive else net + tax
        exact, exact_tax = exact + inc, exact_tax + tax
        before = item.gross if inclusive else item.gross + tax
        order_line = line(number, item.sku, str(item.quantity), str(at_coin(inc, digits)), total_inc_tax=before)
        lines.append(order_line)
    charges = []
    for kind in draw(st.sets(st.sampled_from(sorted(ChargeKind)), max_size=3)):
        amount = at_coin(Decimal(draw(st.integers(1, 9_999))).scaleb(-2), digits)
        if amount:
            charges.append(charge(kind, str(amount)))
            exact += amount
    total_inc = at_coin(exact, digits)
    return order(
        currency=currency,
        tax_inclusive=inclusive,
        lines=tuple(lines),
        taxes=tuple(rows),
        charges=tuple(charges),
        total_inc_tax=total_inc,
        total_tax=at_coin(exact_tax, digits),
        coupon_codes=("SPRING",) if any(item.saved for item in items) else (),
        tenders=(paid(str(total_inc), currency=currency),) if total_inc else (),
    )
