"""Exceptions through the API: what the pages show, and the same deeds under the same roles."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from weighbridge.console import deeds
from weighbridge.console.api.answers import (
    CaseAnswer,
    CasesAnswer,
    Decision,
    Deed,
    PlanAnswer,
    PlanAsked,
    Reason,
    RunAnswer,
    RunAsked,
    WholeCaseAnswer,
    events_of,
    objects_of,
    run_answer,
    runs_of,
)
from weighbridge.console.api.callers import Reader, Worker
from weighbridge.console.office import Office, office_of
from weighbridge.console.problems import Unusable
from weighbridge.console.readings.exceptions import Area, Order, cases_of, kinds_in, whole_case
from weighbridge.domain.exception_kinds import Urgency
from weighbridge.domain.finding import FindingKind, Owner
from weighbridge.exceptions.actions import Action, Assign, Comment, Reopen, Snooze, Tag, Untag, Wake
from weighbridge.exceptions.wanted import Wanted

router = APIRouter(tags=["exceptions"])
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Word = Annotated[str, Query(max_length=200)]


@router.get("/exceptions")
async def list_exceptions(
    request: Request,
    _: Reader,
    state: Annotated[str, Query(pattern="^(open|closed|merged|any)$")] = "open",
    owner: Owner | None = None,
    area: Area | None = None,
    kind: FindingKind | None = None,
    assignee: Annotated[str | None, Query(max_length=80)] = None,
    urgency: Annotated[str, Query(pattern="^(low|normal|high|critical)$")] = "low",
    connection: Word = "",
    tag: Word = "",
    q: Word = "",
    late: bool = False,
    snoozed: bool = False,
    sort: Order = Order.URGENCY,
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> CasesAnswer:
    """Exceptions, 50 to a page."""
    office = office_of(request)
    kinds = (kind,) if kind is not None else kinds_in(area) if area is not None else ()
    wanted = Wanted(
        connection=connection, state=state, owner=owner, assignee=assignee, kinds=kinds,
        at_least=Urgency[urgency.upper()], tag=tag.strip().lower(), words=q.strip(), snoozed=snoozed, late=late,
    )  # fmt: skip
    found = await cases_of(office, wanted, sort, page)
    now = office.clock.now()
    return CasesAnswer(cases=[CaseAnswer.of(case, now) for case in found.cases], more=found.more)


@router.get("/exceptions/{number}")
async def show_exception(request: Request, _: Reader, number: Number) -> WholeCaseAnswer:
    """One exception with its objects, runs and history."""
    return await _whole(office_of(request), number)


@router.post("/exceptions/{number}/deeds")
async def act(request: Request, user: Worker, number: Number, deed: Deed) -> WholeCaseAnswer:
    """Assigns, comments, lets sleep, wakes, tags or reopens."""
    office = office_of(request)
    await deeds.act(office, user, [number], _action(deed))
    return await _whole(office, number)


@router.post("/exceptions/{number}/preview")
async def preview(request: Request, _: Reader, number: Number, asked: PlanAsked) -> PlanAnswer:
    """What a playbook would do; does nothing."""
    plan = await office_of(request).playbooks.preview(number, asked.remedy, asked.arguments)
    return PlanAnswer(lines=list(plan.lines), problem=plan.problem, can_be_undone=plan.can_be_undone)


@router.post("/exceptions/{number}/runs")
async def run(request: Request, user: Worker, number: Number, asked: RunAsked) -> RunAnswer:
    """Runs a playbook; the exception closes once its proof was seen."""
    done = await deeds.run(office_of(request), user, number, asked.remedy, asked.arguments, asked.reason)
    return run_answer(done)


@router.post("/runs/{number}/undo")
async def undo(request: Request, user: Worker, number: Number, why: Reason) -> RunAnswer:
    """Takes back what a run stored."""
    return run_answer(await deeds.undo(office_of(request), user, number, why.reason))


@router.post("/runs/{number}/decision")
async def decide(request: Request, user: Worker, number: Number, decision: Decision) -> RunAnswer:
    """Runs what was prepared, or does not."""
    return run_answer(await deeds.decide(office_of(request), user, number, approve=decision.approve))


async def _whole(office: Office, number: int) -> WholeCaseAnswer:
    whole = await whole_case(office, number)
    if whole is None:
        raise LookupError(f"no exception has the number {number}")
    return WholeCaseAnswer(
        case=CaseAnswer.of(whole.case, office.clock.now()),
        objects=objects_of(whole.objects),
        runs=runs_of(whole.runs),
        history=events_of(whole.history),
    )


def _action(deed: Deed) -> Action:
    match deed.action:
        case "assign":
            if deed.assignee is None and deed.owner is None:
                raise Unusable("say an assignee, an owner, or both")
            return Assign(deed.assignee, deed.owner)
        case "comment":
            return Comment(deed.text)
        case "snooze":
            if deed.until is None:
                raise Unusable("say until when it sleeps")
            return Snooze(deed.until)
        case "wake":
            return Wake()
        case "tag":
            return Tag(deed.text)
        case "untag":
            return Untag(deed.text)
        case "reopen":
            return Reopen(deed.text)
