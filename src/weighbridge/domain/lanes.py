"""Lanes: who may use the next call when calls are scarce. Pure rules; budget.py keeps the book."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum


class Lane(IntEnum):
    """What a call is for, most important first."""

    ORDERS = 1
    RETURNS = 2
    FULFILMENT = 3
    STOCK = 4
    CATALOGUE = 5
    RECONCILIATION = 6
    BACKFILL = 7


DEFAULT_FLOORS: Mapping[Lane, int] = {
    Lane.ORDERS: 6,
    Lane.RETURNS: 2,
    Lane.FULFILMENT: 4,
    Lane.STOCK: 4,
    Lane.CATALOGUE: 2,
    Lane.RECONCILIATION: 2,
    Lane.BACKFILL: 1,
}
"""Calls per window that a lane keeps while it waits, however busy the lanes before it are."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A call that counts against the window."""

    lane: Lane
    frees_at: datetime
    """When it stops counting: its answer plus the window, or the latest that can be while it is under way."""
    under_way: bool = False
    """True while its answer has not come."""


@dataclass(frozen=True, slots=True)
class Waiter:
    """A call that wants a slot."""

    id: str
    lane: Lane
    since: datetime


def claim_order(waiters: tuple[Waiter, ...], used: Mapping[Lane, int], floors: Mapping[Lane, int]) -> list[Waiter]:
    """`waiters` in the order in which they are served.

    Lanes below their floor come first, by priority; then everyone by priority; first come, first served inside a
    lane. A floor matters only while its lane waits, so no capacity lies idle for a lane that wants nothing.
    """
    left = {lane: floors.get(lane, 0) - used.get(lane, 0) for lane in Lane}
    ordered: list[tuple[bool, Waiter]] = []
    for waiter in sorted(waiters, key=lambda one: (one.lane, one.since, one.id)):
        below_floor = left[waiter.lane] > 0
        left[waiter.lane] -= 1
        ordered.append((below_floor, waiter))
    return [waiter for below, waiter in sorted(ordered, key=lambda pair: not pair[0])]


def first_served(
    waiters: tuple[Waiter, ...],
    slots: tuple[Slot, ...],
    capacity: int,
    floors: Mapping[Lane, int],
    at_once: int | None = None,
) -> list[Waiter]:
    """The waiters that may call now: as many of the first in claim order as there are free slots.

    `capacity` is calls per window, `at_once` calls under way at the same moment (None: as many as there are slots).
    """
    free = capacity - len(slots)
    if at_once is not None:
        free = min(free, at_once - sum(slot.under_way for slot in slots))
    if free <= 0:
        return []
    used: dict[Lane, int] = {}
    for slot in slots:
        used[slot.lane] = used.get(slot.lane, 0) + 1
    return claim_order(waiters, used, floors)[:free]


def window_opens(slots: tuple[Slot, ...], capacity: int) -> datetime | None:
    """When the window has room for one more call; None when it has room now."""
    if len(slots) < capacity:
        return None
    return sorted(slot.frees_at for slot in slots)[len(slots) - capacity]


def recovered_capacity(capacity: int, lowered_to: int, elapsed: float) -> int:
    """The capacity some time after it was lowered; `elapsed` is the share of the recovery that has passed."""
    return min(capacity, int(lowered_to + (capacity - lowered_to) * min(1.0, max(0.0, elapsed))))
