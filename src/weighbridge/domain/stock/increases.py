"""Increases: a decrease is published at once, an increase only as far as two readings of the stock agree.

A level is too high when a list that changes while it is read shows a row twice, or leaves out a row with negative
stock. The same error seldom occurs twice. A level that is too low for a short time does less harm.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from weighbridge.domain.stock.available import AvailableLevel, LevelKey


@dataclass(frozen=True, slots=True)
class PublishableLevels:
    """The levels that may be published after a reading."""

    levels: tuple[AvailableLevel, ...]
    """Levels to publish; where two readings differ, the lower level."""
    unconfirmed: tuple[LevelKey, ...]
    """Levels that could be higher if another reading agrees."""


def publishable_levels(
    levels: Iterable[AvailableLevel], published: Mapping[LevelKey, int], earlier: Mapping[LevelKey, int]
) -> PublishableLevels:
    """Which of `levels` may be published, given the last `published` levels and those of an `earlier` reading.

    A level that is missing in `published` was never published, or has changed in the store since; one that is missing
    in `earlier` was never read before. A level is left out if both readings agree on no increase.
    """
    publishable: list[AvailableLevel] = []
    unconfirmed: list[LevelKey] = []
    for level in levels:
        last_published = published.get(level.key)
        if last_published is not None and level.ats <= last_published:
            publishable.append(level)
            continue
        before = earlier.get(level.key)
        if before is None or before < level.ats:
            unconfirmed.append(level.key)
        if before is not None and (last_published is None or before > last_published):
            publishable.append(replace(level, ats=min(before, level.ats)))
    return PublishableLevels(tuple(publishable), tuple(unconfirmed))
