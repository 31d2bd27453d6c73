"""The stock proposal: the levels that a dry run would publish, for a person to read and accept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from weighbridge.domain.documents import canonical_digest
from weighbridge.domain.stock.available import AvailableLevel, LevelKey

MAX_STORED_CHANGES = 10_000


class LevelChange(NamedTuple):
    """One level that would be published. It is stored as a list, since a proposal may hold thousands."""

    sku: str
    before: int | None
    """None when the store's level is unknown."""
    after: int
    location: int


@dataclass(frozen=True, slots=True)
class StockProposal:
    """The result of a dry run: counts, the first changes, and a fingerprint of all changes."""

    fingerprint: str
    """12 hex digits, by which a person accepts exactly these changes."""
    levels: int
    to_change: int
    decreases: int
    to_zero: int
    changes: tuple[LevelChange, ...]
    """The largest decreases first, at most MAX_STORED_CHANGES."""


def stock_proposal(levels: Sequence[AvailableLevel], current_levels: Mapping[LevelKey, int]) -> StockProposal:
    """Compares the store's levels with the computed levels.

    A SKU that is missing from `current_levels` has an unknown level and would be published.
    """
    changes = [
        LevelChange(level.sku, current_levels.get(level.key), level.ats, level.store_location)
        for level in levels
        if current_levels.get(level.key) != level.ats
    ]
    changes.sort(key=lambda change: (change.after - (change.before or 0), change.sku, change.location))
    return StockProposal(
        fingerprint=canonical_digest([list(change) for change in changes])[:12],
        levels=len(levels),
        to_change=len(changes),
        decreases=sum(change.before is not None and change.after < change.before for change in changes),
        to_zero=sum(bool(change.before) and change.after == 0 for change in changes),
        changes=tuple(changes[:MAX_STORED_CHANGES]),
    )
