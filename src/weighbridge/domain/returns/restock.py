"""Restock: which of a refund's goods go back on a shelf, on which, and which should have and do not.

Money, goods and stock go back by clocks of their own. Units that never left need no shelf; units that left go where the
design says; the rest is told with its worth, since stock that nobody books is lost. Kits come back as their parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from weighbridge.domain.orders.sale import SaleLine
from weighbridge.domain.stock.kits import Bills, Units
from weighbridge.domain.values.money import ZERO


@dataclass(frozen=True, slots=True)
class RestockLine:
    """Units that a credit note puts back. Source: POST /sale/creditnote, Restock."""

    product_id: str
    """Empty for the parts of a kit, which are known by their SKU."""
    sku: str
    quantity: Decimal
    location: str


@dataclass(frozen=True, slots=True)
class RestockPolicy:
    """What the design decides about goods that were dispatched and then refunded."""

    location: str
    """Where they go back; empty: nowhere, a person books them when they arrive."""
    by_reason: Mapping[str, str]
    """Word of a refund's reason, in lower case -> another location, or empty for nowhere; the first match counts."""

    def place(self, reason: str) -> str:
        """The location for goods refunded for `reason`; empty for nowhere."""
        said = reason.lower()
        return next((place for word, place in self.by_reason.items() if word in said), self.location)


@dataclass(frozen=True, slots=True)
class Restock:
    """What becomes of the goods of one refund. Units by SKU of the sale, but for the lines."""

    lines: tuple[RestockLine, ...]
    never_left: Units
    missing: Units
    """Dispatched units that go on no shelf."""
    missing_worth: Decimal
    """What these were credited with, without tax unless prices include it."""


def restock_of(
    lines: Iterable[SaleLine],
    goods: frozenset[str],
    still_here: Units,
    bills: Bills,
    policy: RestockPolicy,
    reason: str,
) -> Restock:
    """Where the credited units of `lines` go.

    `goods` are the SKUs that have stock at all; `still_here` says how many units of each SKU had not left when the
    refund was made and were not refunded before. What has not left is refunded before what has.
    """
    left = dict(still_here)
    back: dict[tuple[str, str, str], Decimal] = {}
    never_left: dict[str, Decimal] = {}
    missing: dict[str, Decimal] = {}
    worth = ZERO
    for line in lines:
        if line.sku not in goods:
            continue
        kept = min(line.quantity, max(ZERO, left.get(line.sku, ZERO)))
        came = line.quantity - kept
        if kept:
            left[line.sku] -= kept
            never_left[line.sku] = never_left.get(line.sku, ZERO) + kept
        if not came:
            continue
        place = policy.place(line.comment or reason)
        if not place:
            missing[line.sku] = missing.get(line.sku, ZERO) + came
            worth += line.line_total * came / line.quantity
            continue
        for product_id, sku, units in _shelved(line, came, bills):
            back[product_id, sku, place] = back.get((product_id, sku, place), ZERO) + units
    made = tuple(RestockLine(product_id, sku, units, place) for (product_id, sku, place), units in back.items())
    return Restock(made, never_left, missing, worth)


def still_here(ordered: Units, dispatched: Units, refunded: Iterable[Units]) -> dict[str, Decimal]:
    """Units by SKU that are ordered, have not left, and were not refunded before they could."""
    here = {sku: units - dispatched.get(sku, ZERO) for sku, units in ordered.items()}
    for one in refunded:
        for sku, units in one.items():
            here[sku] = here.get(sku, ZERO) - units
    return {sku: max(ZERO, units) for sku, units in here.items()}


def _shelved(line: SaleLine, units: Decimal, bills: Bills) -> Iterable[tuple[str, str, Decimal]]:
    if line.sku not in bills:
        yield line.product_id, line.sku, units
        return
    waiting = [(line.sku, units)]
    while waiting:
        sku, number = waiting.pop()
        if sku not in bills:
            yield "", sku, number
            continue
        waiting += [(part.sku, (part.per_kit - part.wasted) * number) for part in bills[sku].components]
