"""The desk of exceptions at a running console: the API's answers as the same values that the database gives."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from weighbridge.cli.context import fail
from weighbridge.cli.exception_backend import HISTORY_LINES, CaseDesk, Dossier, in_the_database
from weighbridge.cli.server import Server, ServerProblem
from weighbridge.domain.exceptions.kinds import Remedy, Urgency
from weighbridge.domain.values.money import Money
from weighbridge.exceptions.actions import Accept, Action, Assign, Comment, NotAllowed, Reopen, Snooze, Tag, Untag, Wake
from weighbridge.exceptions.evidence import Evidence
from weighbridge.exceptions.filters import Wanted
from weighbridge.exceptions.lifecycle import Effect
from weighbridge.exceptions.plan import Plan
from weighbridge.exceptions.playbooks import Run
from weighbridge.exceptions.records import Case, CaseEvent, CaseObject
from weighbridge.web.api.exception_requests import PlanAnswer
from weighbridge.web.api.exception_responses import (
    CaseAnswer,
    CasesAnswer,
    Done,
    EffectAnswer,
    Moved,
    RunAnswer,
    WholeCaseAnswer,
)
from weighbridge.web.api.responses import Amount
from weighbridge.web.api.users import Me

Answer = TypeVar("Answer")


class AtServer:
    """The desk of whom the token is for."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def now(self) -> datetime:
        me: Me = await self._server.get("/me", Me)
        return me.now

    async def listed(self, wanted: Wanted, limit: int) -> tuple[Sequence[Case], bool]:
        cases: list[Case] = []
        query, number, more = _filter(wanted), 1, True
        while more and len(cases) <= limit:
            page: CasesAnswer = await self._server.get("/exceptions", CasesAnswer, query | {"page": number})
            cases += [_case(one) for one in page.cases]
            number, more = number + 1, page.more
        return cases[:limit], more or len(cases) > limit

    async def dossier(self, number: int, objects: int) -> Dossier:
        whole: WholeCaseAnswer = await self._server.get(f"/exceptions/{number}", WholeCaseAnswer, {"objects": objects})
        return Dossier(
            case=_case(whole.case),
            objects=[CaseObject(**dict(one)) for one in whole.objects],
            history=[CaseEvent(**dict(one)) for one in reversed(whole.history)][:HISTORY_LINES],
            runs=[_run(one) for one in whole.runs],
            evidence=Evidence(**dict(whole.evidence)) if whole.evidence is not None else None,
        )

    async def act(self, numbers: Sequence[int], action: Action) -> int:
        done: Done = await self._server.post("/deeds", Done, {"exceptions": list(numbers), "deed": _deed(action)})
        return done.exceptions

    async def merge(self, numbers: Sequence[int], into: int) -> int:
        moved: Moved = await self._server.post("/merges", Moved, {"exceptions": list(numbers), "into": into})
        return moved.objects

    async def unmerge(self, number: int) -> int:
        moved: Moved = await self._server.post(f"/exceptions/{number}/unmerge", Moved)
        return moved.objects

    async def effect(self, wanted: Wanted, action: Action) -> Effect:
        asked = {"filter": _filter(wanted), "deed": _deed(action)}
        told: EffectAnswer = await self._server.post("/deeds/by-filter/preview", EffectAnswer, asked)
        return Effect(
            name=told.name, ids=tuple(told.ids), objects=told.objects, money=_money(told.money),
            titles=tuple(told.titles), refused=tuple(told.refused),
        )  # fmt: skip

    async def act_on_many(self, wanted: Wanted, action: Action, effect: Effect) -> int:
        asked = {"filter": _filter(wanted), "deed": _deed(action), "name": effect.name}
        done: Done = await self._server.post("/deeds/by-filter", Done, asked)
        return done.exceptions

    async def plan(self, number: int, remedy: Remedy, arguments: Mapping[str, str]) -> Plan:
        asked = {"remedy": str(remedy), "arguments": dict(arguments)}
        told: PlanAnswer = await self._server.post(f"/exceptions/{number}/preview", PlanAnswer, asked)
        return Plan(told.remedy, tuple(told.lines), (), {}, told.problem)

    async def run(self, number: int, remedy: Remedy, arguments: Mapping[str, str], reason: str) -> Run:
        asked = {"remedy": str(remedy), "arguments": dict(arguments), "reason": reason}
        return _run(await self._server.post(f"/exceptions/{number}/runs", RunAnswer, asked))

    async def undo(self, run: int, reason: str) -> Run:
        return _run(await self._server.post(f"/runs/{run}/undo", RunAnswer, {"reason": reason}))

    async def decide(self, run: int, *, approve: bool) -> int:
        decided: RunAnswer = await self._server.post(f"/runs/{run}/decision", RunAnswer, {"approve": approve})
        return decided.id


def at_the_desk(config: Path, server: str, by: str, work: Callable[[CaseDesk], Awaitable[Answer]]) -> Answer:
    """What `work` answers at the server, or at the database without one; a refusal ends the command with its reason."""
    if not server:
        return in_the_database(config, by, work)

    async def afar() -> Answer:
        return await work(AtServer(Server(server)))

    try:
        return asyncio.run(afar())
    except (ServerProblem, NotAllowed, LookupError) as problem:
        fail(str(problem.args[0]))


def _filter(wanted: Wanted) -> dict[str, Any]:
    """The filter as the API reads it."""
    told = {
        "connection": wanted.connection, "state": wanted.state, "owner": wanted.owner and str(wanted.owner),
        "assignee": wanted.assignee, "kind": [str(kind) for kind in wanted.kinds],
        "urgency": wanted.at_least.name.lower(), "tag": wanted.tag, "q": wanted.words,
        "snoozed": wanted.snoozed, "late": wanted.late,
    }  # fmt: skip
    return {name: value for name, value in told.items() if value is not None}


def _deed(action: Action) -> dict[str, Any]:
    match action:
        case Assign(assignee, owner):
            return {"action": "assign", "assignee": assignee, "owner": owner and str(owner)}
        case Snooze(until):
            return {"action": "snooze", "until": until.isoformat()}
        case Wake():
            return {"action": "wake"}
        case Comment(text):
            return {"action": "comment", "text": text}
        case Tag(tag):
            return {"action": "tag", "text": tag}
        case Untag(tag):
            return {"action": "untag", "text": tag}
        case Accept(reason):
            return {"action": "accept", "text": reason}
        case Reopen(reason):
            return {"action": "reopen", "text": reason}


def _case(told: CaseAnswer) -> Case:
    values = {name: value for name, value in told if name in Case.__dataclass_fields__}
    return Case(
        **values
        | {
            "cause": told.same_cause,
            "urgency": Urgency[told.urgency.upper()],
            "money": _money(told.money),
            "tags": tuple(told.tags),
        }
    )


def _run(told: RunAnswer) -> Run:
    return Run(**dict(told) | {"plan": tuple(told.plan), "transfers": tuple(told.transfers)})


def _money(told: Sequence[Amount]) -> tuple[Money, ...]:
    return tuple(Money(Decimal(one.amount), one.currency) for one in told)
