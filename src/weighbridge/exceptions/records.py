"""Exceptions as people read them: one case, its objects, its history, and the pages of a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from weighbridge.domain.exceptions.kinds import CATALOGUE, ExceptionKind, Urgency
from weighbridge.domain.findings.finding import FindingKind, Owner
from weighbridge.domain.values.money import Money


@dataclass(frozen=True, slots=True)
class Case:
    """One exception as it stands. Kept texts are those of the object that opened it last."""

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
    """What its open objects come to, by currency. One order may be counted in several exceptions."""
    times_opened: int
    opened_at: datetime
    last_seen_at: datetime
    deadline_at: datetime
    snoozed_until: datetime | None
    closed_at: datetime | None
    tags: tuple[str, ...] = ()

    @property
    def entry(self) -> ExceptionKind:
        """What the catalogue says about its kind."""
        return CATALOGUE[self.kind]

    def is_late(self, now: datetime) -> bool:
        """Whether it is open beyond its deadline."""
        return self.state == "open" and self.deadline_at < now

    def as_json(self) -> dict[str, Any]:
        """The case for machines; moments in ISO 8601, UTC, money as text."""
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
            "money": {one.currency: format(one.amount, "f") for one in self.money},
            "field": self.field,
            "value": self.value,
            "expected": self.expected,
            "cause": self.entry.cause,
            "blocks": self.entry.blocks,
            "advice": self.entry.advice,
            "proof": self.entry.proof,
            "remedies": list(self.entry.remedies),
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
class CaseObject:
    """One object of an exception: what was found on it, where it stands, and what closed it."""

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
    """The transfer's state now."""
    reason: str
    tries: int
    next_try_at: datetime | None


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """One line of an exception's history."""

    id: int
    at: datetime
    actor: str
    action: str
    words: str
    detail: Mapping[str, Any]
    transfer_id: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list, most urgent first and oldest first among equals."""

    cases: tuple[Case, ...]
    after: tuple[int, int] | None
    """Where the next page begins; None when this is the last."""


def money_of(stored: Mapping[str, str]) -> tuple[Money, ...]:
    """Money by currency, as it is stored with an exception."""
    return tuple(Money(Decimal(amount), currency) for currency, amount in sorted(stored.items()))


def read_case(row: sa.Row[Any], tags: tuple[str, ...] = ()) -> Case:
    """A case from its row."""
    values = dict(row._mapping)
    rank = values.pop("rank")
    values |= {
        "kind": FindingKind(values["kind"]),
        "owner": Owner(values["owner"]),
        "urgency": Urgency(Urgency.CRITICAL - rank),
        "money": money_of(values["money"]),
    }
    return Case(**values, tags=tags)
