"""Parity: whether the shop still shows what it was told, and what it means when it does not."""

from __future__ import annotations

from collections.abc import Mapping

from weighbridge.domain.findings.finding import Finding, FindingKind, hold
from weighbridge.domain.stock.available import Slot

MOST_TOLD = 200
"""Differences that are told one by one, those that offer too much first; more of them have one cause."""
ALL_TOGETHER = "(all)"


def differences(told: Mapping[Slot, int], there: Mapping[Slot, int]) -> dict[Slot, int]:
    """Units that the shop shows beyond what it was told, negative when fewer, where they differ; what is most beyond
    comes first. SKUs that were not told, or that the shop did not list, are no difference.
    """
    found = {slot: there[slot] - level for slot, level in told.items() if slot in there and there[slot] != level}
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


def parity_findings(told: Mapping[Slot, int], differing: Mapping[Slot, int]) -> dict[str, Finding]:
    """A finding for each of `differing` under its SKU, and its location where the shop has several; one for all beyond
    the first few hundred under `ALL_TOGETHER`."""
    if len(differing) <= MOST_TOLD:
        has_one = len({location for _, location in told}) == 1
        names = {(sku, at): sku if has_one else f"{sku} at location {at}" for sku, at in differing}
        return {names[slot]: _finding(names[slot], told[slot], more) for slot, more in differing.items()}
    beyond = sum(more > 0 for more in differing.values())
    most, _ = next(iter(differing))
    value = f"{len(differing)} of {len(told)} levels differ, {beyond} of them offer too much, {most} most"
    expected = "the levels that the shop was told; they are told again, find out what else writes levels of this shop"
    return {ALL_TOGETHER: hold(FindingKind.STOCK_DRIFT, "levels at the shop", value, expected)}


def _finding(name: str, told: int, more: int) -> Finding:
    expected = f"{told}, which it was told; it is told again, find out who or what else writes levels of this shop"
    return hold(FindingKind.STOCK_DRIFT, f"level of {name} at the shop", told + more, expected)
