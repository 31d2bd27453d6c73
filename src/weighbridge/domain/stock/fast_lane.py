"""The fast lane: SKUs whose stock is read separately and often, since a flash sale sells them out faster than a full
reading takes."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field

from weighbridge.domain.findings.finding import Finding, hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.stock.kits import BillsOfMaterials

FIELD = "design.stock.fast_lane"


@dataclass(frozen=True, slots=True)
class FastLane:
    """The SKUs of the fast lane and the stock to read for them."""

    skus: frozenset[str] = frozenset()
    """The named SKUs and those that share components with them, since their levels depend on each other."""
    read: tuple[str, ...] = ()
    """The SKUs whose stock is read, in the order of the names; one call each."""
    findings: Mapping[str, Finding] = field(default_factory=dict)
    """By SKU: named SKUs that the lane cannot read; the full reading still computes their levels."""


def fast_lane(named: Iterable[str], sold: Container[str], bills: BillsOfMaterials, max_calls: int) -> FastLane:
    """The lane for the SKUs `named`, within `max_calls` calls; SKUs that are not in `sold` are findings.

    A kit's level depends on its components, which are shared among all SKUs that need them, so a group is read as a
    whole or not at all. SKUs named first come first. Source: GET /ref/productavailability, which takes one SKU a call.
    """
    groups = bills.groups()
    skus: set[str] = set()
    read: dict[str, None] = {}
    findings: dict[str, Finding] = {}
    for sku in named:
        if sku in skus:
            continue
        if sku not in sold:
            expected = (
                "a SKU that the store sells and tracks and that Cin7 stocks; upper and lower case and spaces count"
            )
            findings[sku] = hold(FindingKind.FAST_LANE_UNUSABLE, FIELD, sku, expected)
            continue
        group = next((group for group in groups if sku in group), frozenset({sku}))
        components = {component for member in group for component in bills.components_of(member)}
        to_read = components - bills.kits - read.keys()
        if len(read) + len(to_read) > max_calls:
            value = f"{sku}, which needs {len(to_read)} calls besides the {len(read)} of the SKUs before it"
            expected = (
                f"SKUs that {max_calls} calls together can read; a SKU, or each component of a group of kits, takes one"
            )
            findings[sku] = hold(FindingKind.FAST_LANE_UNUSABLE, FIELD, value, expected)
            continue
        skus |= group
        read |= dict.fromkeys(sorted(to_read))
    return FastLane(frozenset(skus), tuple(read), findings)
