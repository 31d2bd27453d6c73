"""Retention: how long each kind of record is kept, and what is kept longer because something still rests on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from weighbridge.domain.job_types import RECURRING


class RecordKind(StrEnum):
    """Records that are removed once they are old enough."""

    HTTP_BODIES = "http_bodies"
    HTTP_CALLS = "http_calls"
    WEBHOOKS = "webhooks"
    ATTEMPTS = "attempts"
    ALERTS = "alerts"
    STOCK_DECREASES = "stock_decreases"


DEFAULT_DAYS: Mapping[RecordKind, int] = {
    RecordKind.HTTP_BODIES: 30,
    RecordKind.HTTP_CALLS: 400,
    RecordKind.WEBHOOKS: 30,
    RecordKind.ATTEMPTS: 400,
    RecordKind.ALERTS: 400,
    RecordKind.STOCK_DECREASES: 30,
}
UNFINISHED_STATES = frozenset({"new", "waiting", "held"})
"""States of a transfer that is still to be posted, or that waits for a person."""
GOOD_OUTCOME = "answered"
"""The outcome of a call that the platform answered usably."""


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """For how long an installation keeps each kind of record."""

    days: Mapping[RecordKind, int]
    """0 keeps them for good."""

    def cutoff(self, kind: RecordKind, now: datetime) -> datetime | None:
        """Records from before this time may be removed; None keeps all.

        It is the beginning of a day (UTC): bodies of one day may be stored as changes of each other, so that they are
        kept or removed together.
        """
        days = self.days[kind]
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight - timedelta(days=days) if days else None


@dataclass(frozen=True, slots=True)
class RecordOwner:
    """The transfer that a record belongs to, as far as the retention asks about it."""

    flow: str
    state: str
    has_open_exception: bool


def is_kept(kind: RecordKind, owner: RecordOwner | None, outcome: str = GOOD_OUTCOME) -> bool:
    """Whether a record is kept although it is old enough. `owner` is None for a record that belongs to no transfer.

    The record of an object is kept until the object is finished and its exceptions are closed. A recurring job is never
    finished, and most of its calls have nothing to do with its exception, so only its failed calls are kept, which
    are the evidence of the exception; `outcome` is that of the call.
    """
    if owner is None:
        return False
    if owner.flow in RECURRING:
        is_call = kind in (RecordKind.HTTP_BODIES, RecordKind.HTTP_CALLS)
        return is_call and owner.has_open_exception and outcome != GOOD_OUTCOME
    return owner.has_open_exception or owner.state in UNFINISHED_STATES
