"""Buffers: units that are not published, so that a late change of stock oversells nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum

from weighbridge.domain.values.money import ZERO

HUNDRED = Decimal(100)
HOUR = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)


class BufferKind(StrEnum):
    """Which of the design's rules gave the buffer of a SKU."""

    NONE = "none"
    UNITS = "units"
    PERCENT = "percent"
    SALES = "sales"
    """The units sold while a change of stock is on its way to the store."""


@dataclass(frozen=True, slots=True)
class Buffer:
    """Whole units that are not published, and the rule that decided it."""

    units: int = 0
    kind: BufferKind = BufferKind.NONE


@dataclass(frozen=True, slots=True)
class BufferPolicy:
    """The design's rules; the largest resulting buffer applies."""

    units: int = 0
    percent: Decimal = ZERO
    """Of the available units, 0 to 100."""
    sales_factor: Decimal = ZERO
    """Factor on the units sold during the latency."""


def buffer(policy: BufferPolicy, available: Decimal, sold_per_hour: Decimal, latency: timedelta) -> Buffer:
    """The buffer of one SKU, each rule rounded up to whole units.

    `latency` is the longest recent time from a change in Cin7 until it was published.
    """
    sold_meanwhile = sold_per_hour * policy.sales_factor * (latency // MICROSECOND) / (HOUR // MICROSECOND)
    rules = (
        Buffer(policy.units, BufferKind.UNITS),
        Buffer(_rounded_up(max(ZERO, available) * policy.percent / HUNDRED), BufferKind.PERCENT),
        Buffer(_rounded_up(sold_meanwhile), BufferKind.SALES),
    )
    largest = max(rules, key=lambda rule: rule.units)
    return largest if largest.units > 0 else Buffer()


def _rounded_up(units: Decimal) -> int:
    return int(units.to_integral_value(rounding=ROUND_CEILING))
