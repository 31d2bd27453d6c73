"""Rises: a figure falls at once, and rises only as far as two readings of the stock agree.

A row that a moving list showed twice, or a row of what is owed that it did not show, makes a figure too high; the same
mistake seldom happens twice. Too little at the shop for a moment is the lesser evil.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from weighbridge.domain.stock.available import Figure, Slot


@dataclass(frozen=True, slots=True)
class Agreed:
    """What a reading allows to be told."""

    figures: tuple[Figure, ...]
    """Those that may be told as they are; where two readings differ, with the lower level."""
    unconfirmed: tuple[Slot, ...]
    """Those that could show more if another reading agreed."""


def agreed(figures: Iterable[Figure], shown: Mapping[Slot, int], earlier: Mapping[Slot, int]) -> Agreed:
    """What may be told of `figures`, given what the shop was last told and what an earlier reading allowed.

    What is missing from `shown` was never told, or has changed at the shop since; what is missing from `earlier` was
    never read before. A level is left out where nothing higher than what is shown is agreed upon.
    """
    told: list[Figure] = []
    unconfirmed: list[Slot] = []
    for figure in figures:
        level = shown.get(figure.slot)
        if level is not None and figure.ats <= level:
            told.append(figure)
            continue
        before = earlier.get(figure.slot)
        if before is None or before < figure.ats:
            unconfirmed.append(figure.slot)
        if before is not None and (level is None or before > level):
            told.append(replace(figure, ats=min(before, figure.ats)))
    return Agreed(tuple(told), tuple(unconfirmed))
