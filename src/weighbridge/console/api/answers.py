"""What the API answers and takes. Money is text with its currency, moments are ISO 8601 in UTC."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from weighbridge.domain.exception_kinds import Remedy
from weighbridge.domain.finding import FindingKind, Owner
from weighbridge.domain.money import Money
from weighbridge.exceptions.cases import Case, CaseEvent, CaseObject
from weighbridge.exceptions.playbooks import Run


def _writable(text: str) -> str:
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("text without NUL and without halves of surrogate pairs")
    return text


Text = Annotated[str, Field(max_length=4000), AfterValidator(_writable)]
Short = Annotated[str, Field(max_length=256), AfterValidator(_writable)]


class Answer(BaseModel):
    """Read from values of ours by the names of their fields."""

    model_config = ConfigDict(from_attributes=True)


class Problem(BaseModel):
    """Why something was not done."""

    problem: str


class Me(BaseModel):
    """Whom the token acts for."""

    name: str
    role: str
    permissions: list[str]


class Amount(BaseModel):
    """An exact amount."""

    amount: str
    currency: str


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
    advice: str
    blocks: str
    proof: str
    remedies: list[Remedy]
    tags: list[str]
    opened_at: datetime
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
                "advice": entry.advice,
                "blocks": entry.blocks,
                "proof": entry.proof,
                "remedies": list(entry.remedies),
                "late": case.is_late(now),
            }
        )


class ObjectAnswer(Answer):
    """An object of an exception."""

    flow: str
    key: str
    field: str
    value: str
    expected: str
    state: str
    reason: str
    amount: Decimal | None
    currency: str
    opened_at: datetime
    closed_at: datetime | None
    accepted: bool


class EventAnswer(Answer):
    """A line of an exception's history."""

    at: datetime
    actor: str
    action: str
    words: str


class RunAnswer(Answer):
    """A run of a playbook."""

    id: int
    exception_id: int
    remedy: Remedy
    arguments: dict[str, str]
    reason: str
    plan: list[str]
    state: str
    outcome: str
    asked_by: str
    asked_at: datetime


class WholeCaseAnswer(BaseModel):
    """An exception with all that belongs to it."""

    case: CaseAnswer
    objects: list[ObjectAnswer]
    runs: list[RunAnswer]
    history: list[EventAnswer]


class CasesAnswer(BaseModel):
    """A page of exceptions."""

    cases: list[CaseAnswer]
    more: bool


class PlanAsked(BaseModel):
    """A playbook and what it asks for."""

    model_config = ConfigDict(extra="forbid")
    remedy: Remedy
    arguments: dict[Short, Short] = Field(default_factory=dict, max_length=10)


class RunAsked(PlanAsked):
    """A playbook to run."""

    reason: Text = ""


class PlanAnswer(BaseModel):
    """What a playbook would do; nothing has happened."""

    lines: list[str]
    problem: str
    can_be_undone: bool


class Deed(BaseModel):
    """Something to do to one exception that touches no platform."""

    model_config = ConfigDict(extra="forbid")
    action: Literal["assign", "comment", "snooze", "wake", "tag", "untag", "reopen"]
    text: Text = ""
    """The comment, the tag, or the reason."""
    assignee: Short | None = None
    owner: Owner | None = None
    until: AwareDatetime | None = None


class Reason(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")
    reason: Text


class Decision(BaseModel):
    """Whether what was prepared runs."""

    model_config = ConfigDict(extra="forbid")
    approve: bool


def amounts(money: Iterable[Money]) -> list[Amount]:
    return [Amount(amount=format(one.amount, "f"), currency=one.currency) for one in money]


def objects_of(found: Iterable[CaseObject]) -> list[ObjectAnswer]:
    return [ObjectAnswer.model_validate(one) for one in found]


def events_of(found: Iterable[CaseEvent]) -> list[EventAnswer]:
    return [EventAnswer.model_validate(one) for one in found]


def runs_of(found: Iterable[Run]) -> list[RunAnswer]:
    return [run_answer(one) for one in found]


def run_answer(run: Run) -> RunAnswer:
    names = RunAnswer.model_fields
    return RunAnswer.model_validate({name: getattr(run, name) for name in names} | {"plan": list(run.plan)})
