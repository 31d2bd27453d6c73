"""Exceptions as users see them: one exception, its objects, its history, and the pages of a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from weighbridge.domain.exceptions.kinds import CATALOGUE, ExceptionKind, Urgency
from weighbridge.domain.exceptions.owners import Owner
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.values.money import Money


@dataclass(frozen=True, slots=True)
class ExceptionRecord:
    """One exception. Its texts are those of the object that opened it last."""

    id: int
    connection: str
    kind: FindingKind
    cause: str
    title: str
    field: str
    value: str
    expected: str
    owner: Owner
    assignee: str
    urgency: Urgency
    state: str
    """open, closed, or merged."""
    merged_into: int | None
    objects_open: int
    objects_ever: int
    money: tuple[Money, ...]
    """Total of its open objects by currency. An order may count in several exceptions."""
    times_opened: int
    opened_at: datetime
    last_seen_at: datetime
    deadline_at: datetime
    snoozed_until: datetime | None
    closed_at: datetime | None
    tags: tuple[str, ...] = ()

    @property
    def entry(self) -> ExceptionKind:
        """The entry of its kind in the catalogue of exceptions."""
        return CATALOGUE[self.kind]

    def is_late(self, now: datetime) -> bool:
        """Whether it is open and past its deadline."""
        return self.state == "open" and self.deadline_at < now

    def as_json(self) -> dict[str, Any]:
        """The exception as JSON: timestamps in ISO 8601, UTC, money as text."""
        return {
            "id": self.id,
            "connection": self.connection,
            "kind": self.kind,
            "title": self.title,
            "state": self.state,
            "urgency": self.urgency.name.lower(),
            "owner": self.owner,
            "assignee": self.assignee,
            "objects_open": self.objects_open,
            "objects_ever": self.objects_ever,
            "money": {money.currency: format(money.amount, "f") for money in self.money},
            "field": self.field,
            "value": self.value,
            "expected": self.expected,
            "cause": self.entry.cause,
            "blocks": self.entry.blocks,
            "advice": self.entry.advice,
            "proof": self.entry.proof,
            "playbooks": list(self.entry.playbooks),
            "tags": list(self.tags),
            "times_opened": self.times_opened,
            "opened_at": self.opened_at.isoformat(),
            "last_seen_at": self.last_seen_at.isoformat(),
            "deadline_at": self.deadline_at.isoformat(),
            "snoozed_until": self.snoozed_until.isoformat() if self.snoozed_until else None,
            "closed_at": self.closed_at.isoformat() if self.closed_at else None,
            "merged_into": self.merged_into,
        }


@dataclass(frozen=True, slots=True)
class ExceptionObject:
    """One object of an exception: its finding, its status, and the proof that closed it."""

    id: int
    transfer_id: str
    flow: str
    key: str
    field: str
    value: str
    expected: str
    severity: str
    amount: Decimal | None
    currency: str
    opened_at: datetime
    closed_at: datetime | None
    accepted: bool
    proof: Mapping[str, str] | None
    state: str
    """Current state of the transfer."""
    reason: str
    tries: int
    next_try_at: datetime | None


@dataclass(frozen=True, slots=True)
class ExceptionEvent:
    """One line of an exception's history."""

    id: int
    at: datetime
    actor: str
    action: str
    text: str
    detail: Mapping[str, Any]
    transfer_id: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list, most urgent first, then oldest first."""

    exception_records: tuple[ExceptionRecord, ...]
    after: tuple[int, int] | None
    """Position behind which the next page starts; None on the last page."""


def money_of(stored: Mapping[str, str]) -> tuple[Money, ...]:
    """Money by currency, from the form in which an exception stores it."""
    return tuple(Money(Decimal(amount), currency) for currency, amount in sorted(stored.items()))


def read_exception_record(row: sa.Row[Any], tags: tuple[str, ...] = ()) -> ExceptionRecord:
    """The exception of a row."""
    values = dict(row._mapping)
    rank = values.pop("rank")
    values |= {
        "kind": FindingKind(values["kind"]),
        "owner": Owner(values["owner"]),
        "urgency": Urgency(Urgency.CRITICAL - rank),
        "money": money_of(values["money"]),
    }
    return ExceptionRecord(**values, tags=tags)
