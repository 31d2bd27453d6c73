"""Exceptions by the API: requests and responses as the values of the domain."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from weighbridge.cli.api_client import ApiClient, with_api
from weighbridge.domain.exceptions.kinds import Playbook, Urgency
from weighbridge.domain.values.money import Money
from weighbridge.exceptions.actions import Accept, Action, Assign, Comment, Reopen, Snooze, Tag, Unsnooze, Untag
from weighbridge.exceptions.evidence import Evidence
from weighbridge.exceptions.filters import ExceptionFilter
from weighbridge.exceptions.lifecycle import Effect
from weighbridge.exceptions.plan import Plan
from weighbridge.exceptions.playbooks import PlaybookRun
from weighbridge.exceptions.records import ExceptionEvent, ExceptionObject, ExceptionRecord
from weighbridge.web.api.exception_requests import PlanResponse
from weighbridge.web.api.exception_responses import (
    Done,
    EffectResponse,
    ExceptionDetailResponse,
    ExceptionPageResponse,
    ExceptionResponse,
    Moved,
    RunResponse,
)
from weighbridge.web.api.responses import Amount
from weighbridge.web.api.users import Me

HISTORY_LINES = 200
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class ExceptionDetail:
    """One exception with everything that belongs to it."""

    exception_record: ExceptionRecord
    objects: Sequence[ExceptionObject]
    history: Sequence[ExceptionEvent]
    """Oldest first."""
    runs: Sequence[PlaybookRun]
    evidence: Evidence | None


class ExceptionClient:
    """Calls the API of exceptions. Every method raises ApiProblem."""

    def __init__(self, api: ApiClient) -> None:
        self._api = api

    async def now(self) -> datetime:
        """The time by which deadlines and snoozing count."""
        me: Me = await self._api.get("/me", Me)
        return me.now

    async def list_exceptions(
        self, exception_filter: ExceptionFilter, limit: int
    ) -> tuple[Sequence[ExceptionRecord], bool]:
        """Up to `limit` exceptions, most urgent first, and whether there are more."""
        exception_records: list[ExceptionRecord] = []
        query, number, has_more = _filter(exception_filter), 1, True
        while has_more and len(exception_records) <= limit:
            page: ExceptionPageResponse = await self._api.get(
                "/exceptions", ExceptionPageResponse, query | {"page": number}
            )
            exception_records += [_exception_record(response) for response in page.exceptions]
            number, has_more = number + 1, page.more
        return exception_records[:limit], has_more or len(exception_records) > limit

    async def detail(self, number: int, objects: int) -> ExceptionDetail:
        """One exception with its first `objects` objects."""
        response: ExceptionDetailResponse = await self._api.get(
            f"/exceptions/{number}", ExceptionDetailResponse, {"objects": objects}
        )
        return ExceptionDetail(
            exception_record=_exception_record(response.exception),
            objects=[ExceptionObject(**dict(item)) for item in response.objects],
            history=[ExceptionEvent(**dict(event)) for event in reversed(response.history)][:HISTORY_LINES],
            runs=[_run(run) for run in response.runs],
            evidence=Evidence(**dict(response.evidence)) if response.evidence is not None else None,
        )

    async def act(self, numbers: Sequence[int], action: Action) -> int:
        """Applies `action` to these exceptions; returns their number."""
        body = {"exceptions": list(numbers), "action": _action_body(action)}
        done: Done = await self._api.post("/actions", Done, body)
        return done.exceptions

    async def merge(self, numbers: Sequence[int], into: int) -> int:
        """Merges exceptions; returns how many objects moved."""
        moved: Moved = await self._api.post("/merges", Moved, {"exceptions": list(numbers), "into": into})
        return moved.objects

    async def unmerge(self, number: int) -> int:
        """Reverses a merge; returns how many objects moved."""
        moved: Moved = await self._api.post(f"/exceptions/{number}/unmerge", Moved)
        return moved.objects

    async def effect(self, exception_filter: ExceptionFilter, action: Action) -> Effect:
        """The preview of a bulk action."""
        body = {"filter": _filter(exception_filter), "action": _action_body(action)}
        response: EffectResponse = await self._api.post("/actions/by-filter/preview", EffectResponse, body)
        return Effect(
            name=response.name, ids=tuple(response.ids), objects=response.objects, money=_money(response.money),
            titles=tuple(response.titles), refused=tuple(response.refused),
        )  # fmt: skip

    async def act_on_many(self, exception_filter: ExceptionFilter, action: Action, effect: Effect) -> int:
        """Applies `action` to the exceptions of the preview; returns their number."""
        body = {"filter": _filter(exception_filter), "action": _action_body(action), "name": effect.name}
        done: Done = await self._api.post("/actions/by-filter", Done, body)
        return done.exceptions

    async def plan(self, number: int, playbook: Playbook, arguments: Mapping[str, str]) -> Plan:
        """The preview of a playbook on an exception."""
        body = {"playbook": str(playbook), "arguments": dict(arguments)}
        response: PlanResponse = await self._api.post(f"/exceptions/{number}/preview", PlanResponse, body)
        return Plan(response.playbook, tuple(response.lines), (), {}, response.problem)

    async def run(self, number: int, playbook: Playbook, arguments: Mapping[str, str], reason: str) -> PlaybookRun:
        """Runs a playbook on an exception."""
        body = {"playbook": str(playbook), "arguments": dict(arguments), "reason": reason}
        return _run(await self._api.post(f"/exceptions/{number}/runs", RunResponse, body))

    async def undo(self, run: int, reason: str) -> PlaybookRun:
        """Undoes a run."""
        return _run(await self._api.post(f"/runs/{run}/undo", RunResponse, {"reason": reason}))

    async def decide(self, run: int, *, approve: bool) -> int:
        """Approves or refuses a proposed run; returns the number of the started or refused run."""
        decided: RunResponse = await self._api.post(f"/runs/{run}/decision", RunResponse, {"approve": approve})
        return decided.id


def with_exceptions(
    config: Path, server: str, actor: str, work: Callable[[ExceptionClient], Awaitable[Answer]]
) -> Answer:
    """The result of `work` on the API of exceptions; see `with_api`."""
    return with_api(config, server, actor, lambda api: work(ExceptionClient(api)))


def _filter(exception_filter: ExceptionFilter) -> dict[str, Any]:
    """The filter as the API reads it."""
    owner = exception_filter.owner and str(exception_filter.owner)
    values = {
        "connection": exception_filter.connection, "state": exception_filter.state, "owner": owner,
        "assignee": exception_filter.assignee, "kind": [str(kind) for kind in exception_filter.kinds],
        "urgency": exception_filter.at_least.name.lower(), "tag": exception_filter.tag, "q": exception_filter.text,
        "snoozed": exception_filter.snoozed, "late": exception_filter.late,
    }  # fmt: skip
    return {name: value for name, value in values.items() if value is not None}


def _action_body(action: Action) -> dict[str, Any]:
    match action:
        case Assign(assignee, owner):
            return {"type": "assign", "assignee": assignee, "owner": owner and str(owner)}
        case Snooze(until):
            return {"type": "snooze", "until": until.isoformat()}
        case Unsnooze():
            return {"type": "unsnooze"}
        case Comment(text):
            return {"type": "comment", "text": text}
        case Tag(tag):
            return {"type": "tag", "text": tag}
        case Untag(tag):
            return {"type": "untag", "text": tag}
        case Accept(reason):
            return {"type": "accept", "text": reason}
        case Reopen(reason):
            return {"type": "reopen", "text": reason}


def _exception_record(response: ExceptionResponse) -> ExceptionRecord:
    values = {name: value for name, value in response if name in ExceptionRecord.__dataclass_fields__}
    values |= {
        "cause": response.same_cause,
        "urgency": Urgency[response.urgency.upper()],
        "money": _money(response.money),
        "tags": tuple(response.tags),
    }
    return ExceptionRecord(**values)


def _run(response: RunResponse) -> PlaybookRun:
    return PlaybookRun(**dict(response) | {"plan": tuple(response.plan), "transfers": tuple(response.transfers)})


def _money(amounts: Sequence[Amount]) -> tuple[Money, ...]:
    return tuple(Money(Decimal(amount.amount), amount.currency) for amount in amounts)
