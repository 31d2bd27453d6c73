"""Money: an exact amount in a currency, with one function and one mode for rounding."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from babel.numbers import get_currency_precision

ZERO = Decimal(0)
UNIT_PRICE_DIGITS = 4
"""Decimals of a unit price at Cin7 Core. Source: Cin7 Core API v2, sale line models ("Price", 4 dp)."""


@cache
def minor_digits(currency: str) -> int:
    """Decimals of a currency's smallest coin: 2 for USD, 0 for JPY, 3 for KWD. Source: Unicode CLDR."""
    return get_currency_precision(currency)


def round_half_up(amount: Decimal, digits: int) -> Decimal:
    """`amount` with `digits` decimals, halves away from zero: the only rounding mode of this product."""
    return amount.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency. Adding two currencies raises ValueError."""

    amount: Decimal
    currency: str

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other).amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other).amount, self.currency)

    def rounded(self) -> Money:
        """This amount at the currency's smallest coin."""
        return Money(round_half_up(self.amount, minor_digits(self.currency)), self.currency)

    def _same(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise ValueError(f"cannot combine {self.currency} with {other.currency}")
        return other

    def __str__(self) -> str:
        return f"{self.rounded().amount:,f} {self.currency}"


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum; 0 for nothing."""
    return sum(amounts, ZERO)


def apportion(whole: Decimal, weights: Sequence[Decimal], digits: int) -> tuple[Decimal, ...]:
    """`whole` split over `weights` in coins of `digits` decimals, so that the shares sum to `whole` exactly.

    Each share is within one coin of the proportional share (largest remainder; ties go to the earlier share).
    `whole` must be a whole number of coins. When all weights are 0, the first share is `whole`.
    Raises ValueError when `weights` is empty and `whole` is not 0.
    """
    coin = Decimal(1).scaleb(-digits)
    if whole != round_half_up(whole, digits):
        raise ValueError(f"{whole} is not a whole number of {coin}")
    if not weights:
        if whole:
            raise ValueError(f"nothing to split {whole} over")
        return ()
    sum_of_weights = total(weights)
    if sum_of_weights == 0:
        return (whole, *([ZERO] * (len(weights) - 1)))
    exact = [whole * weight / sum_of_weights for weight in weights]
    floors = [(share / coin).to_integral_value(rounding="ROUND_FLOOR") for share in exact]
    missing = int(whole / coin - sum(floors))
    by_remainder = sorted(range(len(weights)), key=lambda i: (floors[i] - exact[i] / coin, i))
    for index in by_remainder[:missing]:
        floors[index] += 1
    return tuple(count * coin for count in floors)


def round_to_sum(amounts: Sequence[Decimal], whole: Decimal, digits: int) -> tuple[Decimal, ...]:
    """`amounts` rounded to `digits` decimals so that they sum to `whole`; each amount changes as little as possible.

    Used where a platform states amounts with more decimals than their total. If the exact sum differs from `whole` by
    more than half a coin per amount, the amounts are only rounded: such a gap must be reported, not hidden.
    """
    coin = Decimal(1).scaleb(-digits)
    if abs(total(amounts) - whole) > coin * max(1, len(amounts)) / 2:
        return tuple(round_half_up(amount, digits) for amount in amounts)
    rounded = [round_half_up(amount, digits) for amount in amounts]
    gap = int((whole - total(rounded)) / coin)
    step = coin if gap > 0 else -coin
    by_error = sorted(range(len(amounts)), key=lambda i: ((rounded[i] - amounts[i]) * (1 if gap > 0 else -1), i))
    for index in by_error[: abs(gap)]:
        rounded[index] += step
    return tuple(rounded)
