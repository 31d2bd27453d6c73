"""The fast lane: which SKUs are read by themselves, often: a flash sale empties them before a full reading ends."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field

from weighbridge.domain.findings.finding import Finding, FindingKind, hold
from weighbridge.domain.stock.kits import Bills

FIELD = "design.stock.fast_lane"


@dataclass(frozen=True, slots=True)
class FastLane:
    """What the fast lane reads and tells."""

    told: frozenset[str] = frozenset()
    """The SKUs named, and those that share parts with them: what one may show depends on the others."""
    read: tuple[str, ...] = ()
    """The SKUs whose stock decides about them, in the order of the names; one call each."""
    findings: Mapping[str, Finding] = field(default_factory=dict)
    """By SKU: names that cannot be read so; the full reading goes on figuring them."""


def fast_lane(named: Iterable[str], sold: Container[str], bills: Bills, most_calls: int) -> FastLane:
    """The lane for the SKUs `named`, of which those in `sold` can be figured, at most `most_calls` calls long.

    A kit is figured from its parts, and parts are shared out among all that need them, so a whole group is read or none
    of it. SKUs named first come first. Source: GET /ref/productavailability, which takes one SKU a call.
    """
    groups = bills.groups()
    told: set[str] = set()
    read: dict[str, None] = {}
    findings: dict[str, Finding] = {}
    for sku in named:
        if sku in told:
            continue
        if sku not in sold:
            expected = "a SKU that the shop sells and tracks, and that Cin7 stocks; case and spaces count"
            findings[sku] = hold(FindingKind.FAST_LANE_UNUSABLE, FIELD, sku, expected)
            continue
        group = next((one for one in groups if sku in one), frozenset({sku}))
        parts = {part for one in group for part in bills.parts_of(one)} - bills.kits - read.keys()
        if len(read) + len(parts) > most_calls:
            value = f"{sku}, which needs {len(parts)} calls beside the {len(read)} of those before it"
            expected = (
                f"SKUs that {most_calls} calls together can read; a SKU, or each part of a group of kits, takes one"
            )
            findings[sku] = hold(FindingKind.FAST_LANE_UNUSABLE, FIELD, value, expected)
            continue
        told |= group
        read |= dict.fromkeys(sorted(parts))
    return FastLane(frozenset(told), tuple(read), findings)
