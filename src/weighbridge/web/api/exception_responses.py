"""Exceptions as the API answers them: whole, so that a program can print what a person reads."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from weighbridge.domain.exceptions.kinds import Remedy
from weighbridge.domain.findings.finding import FindingKind, Owner
from weighbridge.exceptions.lifecycle import Effect
from weighbridge.exceptions.playbooks import Run
from weighbridge.exceptions.records import Case, CaseEvent, CaseObject
from weighbridge.web.api.responses import Amount, Answer, amounts


class CaseAnswer(BaseModel):
    """An exception as it stands."""

    id: int
    connection: str
    kind: FindingKind
    title: str
    state: str
    urgency: str
    owner: Owner
    assignee: str
    objects_open: int
    objects_ever: int
    money: list[Amount]
    field: str
    value: str
    expected: str
    same_cause: str
    """What its objects have in common; two open exceptions never share it."""
    cause: str
    advice: str
    blocks: str
    proof: str
    remedies: list[Remedy]
    tags: list[str]
    times_opened: int
    opened_at: datetime
    last_seen_at: datetime
    deadline_at: datetime
    snoozed_until: datetime | None
    closed_at: datetime | None
    merged_into: int | None
    late: bool

    @classmethod
    def of(cls, case: Case, now: datetime) -> CaseAnswer:
        names = set(cls.model_fields) & set(Case.__dataclass_fields__)
        values = {name: getattr(case, name) for name in names}
        entry = case.entry
        return cls.model_validate(
            values
            | {
                "urgency": case.urgency.name.lower(),
                "money": amounts(case.money),
                "tags": list(case.tags),
                "same_cause": case.cause,
                "cause": entry.cause,
                "advice": entry.advice,
                "blocks": entry.blocks,
                "proof": entry.proof,
                "remedies": list(entry.remedies),
                "late": case.is_late(now),
            }
        )


class ObjectAnswer(Answer):
    """An object of an exception."""

    id: int
    transfer_id: str
    flow: str
    key: str
    field: str
    value: str
    expected: str
    severity: str
    state: str
    reason: str
    amount: Decimal | None
    currency: str
    opened_at: datetime
    closed_at: datetime | None
    accepted: bool
    proof: dict[str, str] | None
    tries: int
    next_try_at: datetime | None


class EventAnswer(Answer):
    """A line of an exception's history."""

    id: int
    at: datetime
    actor: str
    action: str
    words: str
    detail: dict[str, Any]
    transfer_id: str | None


class RunAnswer(Answer):
    """A run of a playbook."""

    id: int
    exception_id: int
    remedy: Remedy
    arguments: dict[str, str]
    reason: str
    plan: list[str]
    transfers: list[str]
    state: str
    outcome: str
    asked_by: str
    asked_at: datetime
    decided_by: str
    started_at: datetime | None
    ended_at: datetime | None


class EvidenceAnswer(Answer):
    """The exchange that an exception rests on; its bodies only for those who may read payloads."""

    exchange_id: str
    platform: str
    call: str
    answer: str
    request: str
    response: str
    at: datetime


class WholeCaseAnswer(BaseModel):
    """An exception with all that belongs to it."""

    case: CaseAnswer
    objects: list[ObjectAnswer]
    runs: list[RunAnswer]
    history: list[EventAnswer]
    """Newest first."""
    evidence: EvidenceAnswer | None


class CasesAnswer(BaseModel):
    """A page of exceptions."""

    cases: list[CaseAnswer]
    more: bool


class EffectAnswer(BaseModel):
    """What an action would do to all that a filter finds; nothing has happened."""

    name: str
    """To be shown with the deed, which is then done to exactly these."""
    ids: list[int]
    objects: int
    money: list[Amount]
    titles: list[str]
    refused: list[str]

    @classmethod
    def of(cls, effect: Effect) -> EffectAnswer:
        return cls(
            name=effect.name,
            ids=list(effect.ids),
            objects=effect.objects,
            money=amounts(effect.money),
            titles=list(effect.titles),
            refused=list(effect.refused),
        )


class Done(BaseModel):
    """To how many exceptions something was done."""

    exceptions: int


class Moved(BaseModel):
    """How many objects are shown elsewhere now."""

    objects: int


def objects_of(found: Iterable[CaseObject]) -> list[ObjectAnswer]:
    return [ObjectAnswer.model_validate(one) for one in found]


def events_of(found: Iterable[CaseEvent]) -> list[EventAnswer]:
    return [EventAnswer.model_validate(one) for one in found]


def runs_of(found: Iterable[Run]) -> list[RunAnswer]:
    return [run_answer(one) for one in found]


def run_answer(run: Run) -> RunAnswer:
    values = {name: getattr(run, name) for name in RunAnswer.model_fields}
    return RunAnswer.model_validate(values | {"plan": list(run.plan), "transfers": list(run.transfers)})
