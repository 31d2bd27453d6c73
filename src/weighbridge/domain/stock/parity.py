"""Parity: whether the store still shows the published levels, and the findings where it does not."""

from __future__ import annotations

from collections.abc import Mapping

from weighbridge.domain.findings.finding import Finding, hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.stock.available import LevelKey

MAX_SINGLE_FINDINGS = 200
"""Up to this many differences are reported one by one; more of them have one cause and are one finding."""
ALL_TOGETHER = "(all)"


def differences(published: Mapping[LevelKey, int], current: Mapping[LevelKey, int]) -> dict[LevelKey, int]:
    """Units that the store shows above the published level, negative when below; the largest first.

    Only levels that were published and that the store lists are compared.
    """
    differing = {
        key: current[key] - level for key, level in published.items() if key in current and current[key] != level
    }
    return dict(sorted(differing.items(), key=lambda pair: (-pair[1], pair[0])))


def parity_findings(published: Mapping[LevelKey, int], differing: Mapping[LevelKey, int]) -> dict[str, Finding]:
    """A finding for each of `differing` by SKU, and by location if the store has several; a single finding under
    `ALL_TOGETHER` if there are more than MAX_SINGLE_FINDINGS."""
    if len(differing) <= MAX_SINGLE_FINDINGS:
        has_one_location = len({location for _, location in published}) == 1
        names = {
            (sku, location): sku if has_one_location else f"{sku} at location {location}" for sku, location in differing
        }
        return {names[key]: _finding(names[key], published[key], more) for key, more in differing.items()}
    too_high = sum(more > 0 for more in differing.values())
    most, _ = next(iter(differing))
    value = f"{len(differing)} of {len(published)} levels differ, {too_high} of them are too high, {most} most"
    expected = "the published levels; they are published again, find out what else changes levels in this store"
    return {ALL_TOGETHER: hold(FindingKind.STOCK_DRIFT, "levels in the store", value, expected)}


def _finding(name: str, published: int, more: int) -> Finding:
    expected = (
        f"{published}, the published level; it is published again, find out what else changes levels in this store"
    )
    return hold(FindingKind.STOCK_DRIFT, f"level of {name} in the store", published + more, expected)
