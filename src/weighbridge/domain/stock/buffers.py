"""Buffers: units that the shop is not told of, so that a change of stock that comes late oversells nothing."""

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
    """What is sold while a change of stock is on its way to the shop."""


@dataclass(frozen=True, slots=True)
class Buffer:
    """Whole units held back from the shop, and why."""

    units: int = 0
    kind: BufferKind = BufferKind.NONE


@dataclass(frozen=True, slots=True)
class BufferPolicy:
    """The design's rules; the one that holds back most applies."""

    units: int = 0
    percent: Decimal = ZERO
    """Of the units available, 0 to 100."""
    sales_factor: Decimal = ZERO
    """Times the units sold during the latency."""


def buffer(policy: BufferPolicy, available: Decimal, sold_per_hour: Decimal, latency: timedelta) -> Buffer:
    """The buffer of one SKU, each rule rounded up to whole units.

    `latency` is the longest that a change in Cin7 took of late until the shop was told of it.
    """
    during = sold_per_hour * policy.sales_factor * (latency // MICROSECOND) / (HOUR // MICROSECOND)
    rules = (
        Buffer(policy.units, BufferKind.UNITS),
        Buffer(_up(max(ZERO, available) * policy.percent / HUNDRED), BufferKind.PERCENT),
        Buffer(_up(during), BufferKind.SALES),
    )
    largest = max(rules, key=lambda rule: rule.units)
    return largest if largest.units > 0 else Buffer()


def _up(units: Decimal) -> int:
    return int(units.to_integral_value(rounding=ROUND_CEILING))
