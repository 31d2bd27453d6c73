"""Exceptions in responses: complete, so that a program can print everything a page shows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from weighbridge.domain.exceptions.kinds import Playbook
from weighbridge.domain.exceptions.owners import Owner
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.exceptions.lifecycle import Effect
from weighbridge.exceptions.playbooks import PlaybookRun
from weighbridge.exceptions.records import ExceptionEvent, ExceptionObject, ExceptionRecord
from weighbridge.web.api.responses import Amount, ResponseModel, amounts


class ExceptionResponse(BaseModel):
    """An exception."""

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
    """The cause that its objects have in common; two open exceptions never share it."""
    cause: str
    advice: str
    blocks: str
    proof: str
    playbooks: list[Playbook]
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
    def of(cls, exception_record: ExceptionRecord, now: datetime) -> ExceptionResponse:
        names = set(cls.model_fields) & set(ExceptionRecord.__dataclass_fields__)
        values = {name: getattr(exception_record, name) for name in names}
        entry = exception_record.entry
        return cls.model_validate(
            values
            | {
                "urgency": exception_record.urgency.name.lower(),
                "money": amounts(exception_record.money),
                "tags": list(exception_record.tags),
                "same_cause": exception_record.cause,
                "cause": entry.cause,
                "advice": entry.advice,
                "blocks": entry.blocks,
                "proof": entry.proof,
                "playbooks": list(entry.playbooks),
                "late": exception_record.is_late(now),
            }
        )


class ObjectResponse(ResponseModel):
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


class EventResponse(ResponseModel):
    """A line of an exception's history."""

    id: int
    at: datetime
    actor: str
    action: str
    text: str
    detail: dict[str, Any]
    transfer_id: str | None


class RunResponse(ResponseModel):
    """A run of a playbook."""

    id: int
    exception_id: int
    playbook: Playbook
    arguments: dict[str, str]
    reason: str
    plan: list[str]
    transfers: list[str]
    state: str
    outcome: str
    requested_by: str
    requested_at: datetime
    decided_by: str
    started_at: datetime | None
    finished_at: datetime | None


class EvidenceResponse(ResponseModel):
    """The exchange behind an exception; its bodies only for users who may read payloads."""

    exchange_id: str
    platform: str
    call: str
    answer: str
    request: str
    response: str
    at: datetime


class ExceptionDetailResponse(BaseModel):
    """An exception with its objects, runs, history and evidence."""

    exception: ExceptionResponse
    objects: list[ObjectResponse]
    runs: list[RunResponse]
    history: list[EventResponse]
    """Newest first."""
    evidence: EvidenceResponse | None


class ExceptionPageResponse(BaseModel):
    """A page of exceptions."""

    exceptions: list[ExceptionResponse]
    more: bool


class EffectResponse(BaseModel):
    """The effect of an action by filter; nothing has happened."""

    name: str
    """Name of the preview; sent with the action, which is then done to exactly these exceptions."""
    ids: list[int]
    objects: int
    money: list[Amount]
    titles: list[str]
    refused: list[str]

    @classmethod
    def of(cls, effect: Effect) -> EffectResponse:
        return cls(
            name=effect.name,
            ids=list(effect.ids),
            objects=effect.objects,
            money=amounts(effect.money),
            titles=list(effect.titles),
            refused=list(effect.refused),
        )


class Done(BaseModel):
    """The number of exceptions that an action changed."""

    exceptions: int


class Moved(BaseModel):
    """The number of objects that moved to another exception."""

    objects: int


def objects_of(objects: Iterable[ExceptionObject]) -> list[ObjectResponse]:
    return [ObjectResponse.model_validate(item) for item in objects]


def events_of(events: Iterable[ExceptionEvent]) -> list[EventResponse]:
    return [EventResponse.model_validate(event) for event in events]


def runs_of(runs: Iterable[PlaybookRun]) -> list[RunResponse]:
    return [run_response(run) for run in runs]


def run_response(run: PlaybookRun) -> RunResponse:
    values = {name: getattr(run, name) for name in RunResponse.model_fields}
    return RunResponse.model_validate(values | {"plan": list(run.plan), "transfers": list(run.transfers)})
