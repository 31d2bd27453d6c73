"""Parity: whether the shop still shows what it was told, and what it means when it does not."""

from __future__ import annotations

from collections.abc import Mapping

from weighbridge.domain.finding import Finding, FindingKind, hold

MOST_TOLD = 200
"""Differences that are told one by one, those that offer too much first; more of them have one cause."""
ALL_TOGETHER = "(all)"


def differences(told: Mapping[str, int], there: Mapping[str, int]) -> dict[str, int]:
    """Units that the shop shows beyond what it was told, negative when fewer, of each SKU that differs; what is most
    beyond comes first. SKUs that were not told, or that the shop did not list, are no difference.
    """
    found = {sku: there[sku] - level for sku, level in told.items() if sku in there and there[sku] != level}
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


def parity_findings(told: Mapping[str, int], differing: Mapping[str, int]) -> dict[str, Finding]:
    """A finding for each SKU of `differing`, one for all beyond the first few hundred under `ALL_TOGETHER`."""
    if len(differing) <= MOST_TOLD:
        return {sku: _finding(sku, told[sku], more) for sku, more in differing.items()}
    beyond = sum(more > 0 for more in differing.values())
    value = (
        f"{len(differing)} of {len(told)} levels differ, {beyond} of them offer too much, {next(iter(differing))} most"
    )
    expected = "the levels that the shop was told; they are told again, find out what else writes levels of this shop"
    return {ALL_TOGETHER: hold(FindingKind.STOCK_DRIFT, "levels at the shop", value, expected)}


def _finding(sku: str, told: int, more: int) -> Finding:
    expected = f"{told}, which it was told; it is told again, find out who or what else writes levels of this shop"
    return hold(FindingKind.STOCK_DRIFT, f"level of {sku} at the shop", told + more, expected)
