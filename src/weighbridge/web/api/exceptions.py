"""Exceptions through the API: what the pages show, and the same deeds under the same roles."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from weighbridge.access.roles import Permission
from weighbridge.access.users import User
from weighbridge.app.context import Office, office_of
from weighbridge.queries.exceptions import OBJECTS_SHOWN, cases_of, whole_case
from weighbridge.services import exceptions as deeds
from weighbridge.web.api.auth import Reader, Worker
from weighbridge.web.api.exception_requests import (
    CaseListing,
    Decision,
    Deed,
    DeedToMany,
    DeedToSome,
    Merge,
    NamedDeedToMany,
    PlanAnswer,
    PlanAsked,
    Reason,
    RunAsked,
)
from weighbridge.web.api.exception_responses import (
    CaseAnswer,
    CasesAnswer,
    Done,
    EffectAnswer,
    EvidenceAnswer,
    Moved,
    RunAnswer,
    WholeCaseAnswer,
    events_of,
    objects_of,
    run_answer,
    runs_of,
)

router = APIRouter(tags=["exceptions"])
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("/exceptions")
async def list_exceptions(request: Request, _: Reader, asked: Annotated[CaseListing, Query()]) -> CasesAnswer:
    """Exceptions, 50 to a page."""
    office = office_of(request)
    found = await cases_of(office, asked.wanted(), asked.sort, asked.page)
    now = office.clock.now()
    return CasesAnswer(cases=[CaseAnswer.of(case, now) for case in found.cases], more=found.more)


@router.get("/exceptions/{number}")
async def show_exception(
    request: Request, user: Reader, number: Number, objects: Annotated[int, Query(ge=1, le=5000)] = OBJECTS_SHOWN
) -> WholeCaseAnswer:
    """One exception with its first objects, its runs, its history and the exchange that it rests on."""
    return await _whole(office_of(request), user, number, objects)


@router.post("/exceptions/{number}/deeds")
async def act(request: Request, user: Worker, number: Number, deed: Deed) -> WholeCaseAnswer:
    """Assigns, comments, lets sleep, wakes, tags, accepts or reopens."""
    office = office_of(request)
    await deeds.act(office, user, [number], deed.meant())
    return await _whole(office, user, number)


@router.post("/deeds")
async def act_on_some(request: Request, user: Worker, asked: DeedToSome) -> Done:
    """The same to several exceptions, all or none."""
    return Done(exceptions=await deeds.act(office_of(request), user, asked.exceptions, asked.deed.meant()))


@router.post("/deeds/by-filter/preview")
async def preview_many(request: Request, user: Worker, asked: DeedToMany) -> EffectAnswer:
    """What a deed would do to all that a filter finds; does nothing."""
    wanted, action = asked.filter.wanted(), asked.deed.meant()
    return EffectAnswer.of(await deeds.preview_many(office_of(request), user, wanted, action))


@router.post("/deeds/by-filter")
async def act_on_many(request: Request, user: Worker, asked: NamedDeedToMany) -> Done:
    """Does it, to exactly what the preview showed."""
    wanted, action = asked.filter.wanted(), asked.deed.meant()
    return Done(exceptions=await deeds.act_on_many(office_of(request), user, wanted, action, asked.name))


@router.post("/merges")
async def merge(request: Request, user: Worker, asked: Merge) -> Moved:
    """Shows exceptions with one cause as one, now and later."""
    return Moved(objects=await deeds.merge(office_of(request), user, asked.exceptions, asked.into))


@router.post("/exceptions/{number}/unmerge")
async def unmerge(request: Request, user: Worker, number: Number) -> Moved:
    """Takes a merge back."""
    return Moved(objects=await deeds.unmerge(office_of(request), user, number))


@router.post("/exceptions/{number}/preview")
async def preview(request: Request, _: Reader, number: Number, asked: PlanAsked) -> PlanAnswer:
    """What a playbook would do; does nothing."""
    plan = await office_of(request).playbooks.preview(number, asked.remedy, asked.arguments)
    return PlanAnswer(
        remedy=plan.remedy, lines=list(plan.lines), problem=plan.problem, can_be_undone=plan.can_be_undone
    )


@router.post("/exceptions/{number}/runs")
async def run(request: Request, user: Worker, number: Number, asked: RunAsked) -> RunAnswer:
    """Runs a playbook; the exception closes once its proof was seen."""
    done = await deeds.run(office_of(request), user, number, asked.remedy, asked.arguments, asked.reason)
    return run_answer(done)


@router.get("/runs/prepared")
async def list_prepared(request: Request, _: Reader) -> list[RunAnswer]:
    """What was prepared and nobody has decided, oldest first."""
    return runs_of(await office_of(request).playbooks.waiting_for_approval())


@router.post("/runs/{number}/undo")
async def undo(request: Request, user: Worker, number: Number, why: Reason) -> RunAnswer:
    """Takes back what a run stored."""
    return run_answer(await deeds.undo(office_of(request), user, number, why.reason))


@router.post("/runs/{number}/decision")
async def decide(request: Request, user: Worker, number: Number, decision: Decision) -> RunAnswer:
    """Runs what was prepared, or does not."""
    return run_answer(await deeds.decide(office_of(request), user, number, approve=decision.approve))


async def _whole(office: Office, user: User, number: int, objects: int = OBJECTS_SHOWN) -> WholeCaseAnswer:
    whole = await whole_case(office, number, objects)
    if whole is None:
        raise LookupError(f"no exception has the number {number}")
    evidence = EvidenceAnswer.model_validate(whole.evidence) if whole.evidence is not None else None
    if evidence is not None and not user.may(Permission.READ_PAYLOADS):
        evidence = evidence.model_copy(update={"request": "", "response": ""})
    return WholeCaseAnswer(
        case=CaseAnswer.of(whole.case, office.clock.now()),
        objects=objects_of(whole.objects),
        runs=runs_of(whole.runs),
        history=events_of(whole.history),
        evidence=evidence,
    )
