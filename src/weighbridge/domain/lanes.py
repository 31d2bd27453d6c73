"""Lanes: which waiting call is made next when the quota is short. `platforms/budget.py` applies these rules."""

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
"""Calls per window that a waiting lane gets, however busy the lanes of higher priority are."""


@dataclass(frozen=True, slots=True)
class GrantedCall:
    """A call that counts against the window."""

    lane: Lane
    frees_at: datetime
    """When it stops counting: the window after its answer, or the latest possible time while it is in flight."""
    in_flight: bool = False
    """True until its answer has arrived."""


@dataclass(frozen=True, slots=True)
class Waiter:
    """A call that waits for a call slot."""

    id: str
    lane: Lane
    since: datetime


def claim_order(waiters: tuple[Waiter, ...], used: Mapping[Lane, int], floors: Mapping[Lane, int]) -> list[Waiter]:
    """`waiters` in the order in which they are served.

    Lanes below their floor come first, by priority; then all others, by priority; within a lane, first come, first
    served. A floor counts only while its lane has waiters, so no capacity is reserved for an idle lane.
    """
    unused_floor = {lane: floors.get(lane, 0) - used.get(lane, 0) for lane in Lane}
    ordered: list[tuple[bool, Waiter]] = []
    for waiter in sorted(waiters, key=lambda waiter: (waiter.lane, waiter.since, waiter.id)):
        below_floor = unused_floor[waiter.lane] > 0
        unused_floor[waiter.lane] -= 1
        ordered.append((below_floor, waiter))
    return [waiter for below, waiter in sorted(ordered, key=lambda pair: not pair[0])]


def first_served(
    waiters: tuple[Waiter, ...],
    granted_calls: tuple[GrantedCall, ...],
    capacity: int,
    floors: Mapping[Lane, int],
    max_concurrent: int | None = None,
) -> list[Waiter]:
    """The waiters that may call now: as many of the first in claim order as there are free slots.

    `capacity` is in calls per window; `max_concurrent` limits the calls in flight (None: no limit but the capacity).
    """
    free = capacity - len(granted_calls)
    if max_concurrent is not None:
        free = min(free, max_concurrent - sum(call.in_flight for call in granted_calls))
    if free <= 0:
        return []
    used: dict[Lane, int] = {}
    for call in granted_calls:
        used[call.lane] = used.get(call.lane, 0) + 1
    return claim_order(waiters, used, floors)[:free]


MAX_SPARE = 8
SPARE_SHARE = 8
"""One in so many of the free slots may be granted in advance: none when slots are short."""


def spare_slots(free: int) -> int:
    """How many slots a process that is alone with its application takes in advance, of `free` ones."""
    return min(MAX_SPARE, max(0, free) // SPARE_SHARE)


def window_opens(granted_calls: tuple[GrantedCall, ...], capacity: int) -> datetime | None:
    """When the window allows one more call; None when it allows one now."""
    if len(granted_calls) < capacity:
        return None
    return sorted(call.frees_at for call in granted_calls)[len(granted_calls) - capacity]


def recovered_capacity(capacity: int, lowered_to: int, elapsed: float) -> int:
    """The capacity some time after it was lowered; `elapsed` is the share of the recovery that has passed."""
    return min(capacity, int(lowered_to + (capacity - lowered_to) * min(1.0, max(0.0, elapsed))))
