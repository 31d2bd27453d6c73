"""Restock: which refunded goods go back into stock, at which location, and which do not.

Money and goods come back at different times. Units that were never dispatched are not restocked. Dispatched units go
to the location that the design names. Units without a location are reported with their amount, since unbooked stock is
lost. Kits come back as their components.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from weighbridge.domain.orders.sale import SaleLine
from weighbridge.domain.stock.kits import BillsOfMaterials, Units
from weighbridge.domain.values.money import ZERO


@dataclass(frozen=True, slots=True)
class RestockLine:
    """Units that a credit note puts back. Source: POST /sale/creditnote, Restock."""

    product_id: str
    """Empty for the components of a kit, which are identified by their SKU."""
    sku: str
    quantity: Decimal
    location: str


@dataclass(frozen=True, slots=True)
class RestockPolicy:
    """The design's decisions about goods that were dispatched and then refunded."""

    location: str
    """The Cin7 location to restock to; empty when a person books the goods after they arrive."""
    by_reason: Mapping[str, str]
    """Text in a refund's reason, in lower case -> another location, or empty for none; the first match counts."""

    def location_for(self, reason: str) -> str:
        """The location for goods that were refunded for `reason`; empty for none."""
        folded = reason.lower()
        return next((location for text, location in self.by_reason.items() if text in folded), self.location)


@dataclass(frozen=True, slots=True)
class Restock:
    """What happens to the goods of one refund. Units are by SKU of the sale, except in `lines`."""

    lines: tuple[RestockLine, ...]
    never_dispatched: Units
    missing: Units
    """Dispatched units that are not restocked."""
    missing_amount: Decimal
    """The credited amount of the missing units, without tax unless prices include it."""


def restock_of(
    lines: Iterable[SaleLine],
    goods: frozenset[str],
    undispatched: Units,
    bills: BillsOfMaterials,
    policy: RestockPolicy,
    reason: str,
) -> Restock:
    """Where the credited units of `lines` go.

    `goods` are the SKUs that have stock; `undispatched` are the units of each SKU that had not been dispatched when
    the refund was made and were not refunded earlier. Undispatched units count as refunded first.
    """
    remaining = dict(undispatched)
    restocked: dict[tuple[str, str, str], Decimal] = {}
    never_dispatched: dict[str, Decimal] = {}
    missing: dict[str, Decimal] = {}
    amount = ZERO
    for line in lines:
        if line.sku not in goods:
            continue
        held_back = min(line.quantity, max(ZERO, remaining.get(line.sku, ZERO)))
        returned = line.quantity - held_back
        if held_back:
            remaining[line.sku] -= held_back
            never_dispatched[line.sku] = never_dispatched.get(line.sku, ZERO) + held_back
        if not returned:
            continue
        location = policy.location_for(line.comment or reason)
        if not location:
            missing[line.sku] = missing.get(line.sku, ZERO) + returned
            amount += line.line_total * returned / line.quantity
            continue
        for product_id, sku, units in _restock_units(line, returned, bills):
            restocked[product_id, sku, location] = restocked.get((product_id, sku, location), ZERO) + units
    restock_lines = tuple(
        RestockLine(product_id, sku, units, location) for (product_id, sku, location), units in restocked.items()
    )
    return Restock(restock_lines, never_dispatched, missing, amount)


def undispatched_units(ordered: Units, dispatched: Units, refunded: Iterable[Units]) -> dict[str, Decimal]:
    """Units by SKU that are ordered, not dispatched, and not refunded before dispatch."""
    remaining = {sku: units - dispatched.get(sku, ZERO) for sku, units in ordered.items()}
    for refunded_units in refunded:
        for sku, units in refunded_units.items():
            remaining[sku] = remaining.get(sku, ZERO) - units
    return {sku: max(ZERO, units) for sku, units in remaining.items()}


def _restock_units(line: SaleLine, units: Decimal, bills: BillsOfMaterials) -> Iterable[tuple[str, str, Decimal]]:
    if line.sku not in bills:
        yield line.product_id, line.sku, units
        return
    waiting = [(line.sku, units)]
    while waiting:
        sku, number = waiting.pop()
        if sku not in bills:
            yield "", sku, number
            continue
        waiting += [
            (component.sku, (component.per_kit - component.wasted) * number) for component in bills[sku].components
        ]
