"""Exceptions through the API: the data of the pages, and the same actions under the same roles."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from weighbridge.access.roles import Permission
from weighbridge.access.users import User
from weighbridge.app.context import AppContext, app_context_of
from weighbridge.queries.exceptions import MAX_OBJECTS, exception_detail, exception_page
from weighbridge.services import exceptions as exception_service
from weighbridge.web.api.auth import Operator, Reader
from weighbridge.web.api.exception_requests import (
    ActionByFilterRequest,
    ActionOnSomeRequest,
    ActionRequest,
    ConfirmedActionByFilterRequest,
    DecisionRequest,
    ExceptionListRequest,
    MergeRequest,
    PlanResponse,
    PlaybookPreviewRequest,
    PlaybookRunRequest,
    ReasonRequest,
)
from weighbridge.web.api.exception_responses import (
    Done,
    EffectResponse,
    EvidenceResponse,
    ExceptionDetailResponse,
    ExceptionPageResponse,
    ExceptionResponse,
    Moved,
    RunResponse,
    events_of,
    objects_of,
    run_response,
    runs_of,
)

router = APIRouter(tags=["exceptions"])
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("/exceptions")
async def list_exceptions(
    request: Request, _: Reader, query: Annotated[ExceptionListRequest, Query()]
) -> ExceptionPageResponse:
    """Exceptions, 50 to a page."""
    app = app_context_of(request)
    page = await exception_page(app, query.to_filter(), query.sort, query.page)
    now = app.clock.now()
    return ExceptionPageResponse(
        exceptions=[ExceptionResponse.of(exception_record, now) for exception_record in page.exception_records],
        more=page.more,
    )


@router.get("/exceptions/{number}")
async def show_exception(
    request: Request, user: Reader, number: Number, objects: Annotated[int, Query(ge=1, le=5000)] = MAX_OBJECTS
) -> ExceptionDetailResponse:
    """One exception with its first objects, its runs, its history and its evidence."""
    return await _detail(app_context_of(request), user, number, objects)


@router.post("/exceptions/{number}/actions")
async def act(request: Request, user: Operator, number: Number, action: ActionRequest) -> ExceptionDetailResponse:
    """Assigns, comments, snoozes, unsnoozes, tags, accepts or reopens an exception."""
    app = app_context_of(request)
    await exception_service.act(app, user, [number], action.to_action())
    return await _detail(app, user, number)


@router.post("/actions")
async def act_on_some(request: Request, user: Operator, body: ActionOnSomeRequest) -> Done:
    """Does an action to several exceptions, all or none."""
    return Done(
        exceptions=await exception_service.act(app_context_of(request), user, body.exceptions, body.action.to_action())
    )


@router.post("/actions/by-filter/preview")
async def preview_many(request: Request, user: Operator, body: ActionByFilterRequest) -> EffectResponse:
    """The effect of an action on every exception that the filter finds; changes nothing."""
    exception_filter, action = body.filter.to_filter(), body.action.to_action()
    return EffectResponse.of(
        await exception_service.preview_many(app_context_of(request), user, exception_filter, action)
    )


@router.post("/actions/by-filter")
async def act_on_many(request: Request, user: Operator, body: ConfirmedActionByFilterRequest) -> Done:
    """Does an action to exactly the exceptions of its preview."""
    exception_filter, action = body.filter.to_filter(), body.action.to_action()
    return Done(
        exceptions=await exception_service.act_on_many(
            app_context_of(request), user, exception_filter, action, body.name
        )
    )


@router.post("/merges")
async def merge(request: Request, user: Operator, body: MergeRequest) -> Moved:
    """Merges exceptions with one cause; their later objects are merged too."""
    return Moved(objects=await exception_service.merge(app_context_of(request), user, body.exceptions, body.into))


@router.post("/exceptions/{number}/unmerge")
async def unmerge(request: Request, user: Operator, number: Number) -> Moved:
    """Undoes a merge."""
    return Moved(objects=await exception_service.unmerge(app_context_of(request), user, number))


@router.post("/exceptions/{number}/preview")
async def preview(request: Request, _: Reader, number: Number, body: PlaybookPreviewRequest) -> PlanResponse:
    """The plan of a playbook; changes nothing."""
    plan = await app_context_of(request).playbook_runner.preview(number, body.playbook, body.arguments)
    return PlanResponse(
        playbook=plan.playbook, lines=list(plan.lines), problem=plan.problem, can_be_undone=plan.can_be_undone
    )


@router.post("/exceptions/{number}/runs")
async def run(request: Request, user: Operator, number: Number, body: PlaybookRunRequest) -> RunResponse:
    """Runs a playbook; the exception closes once its proof is seen."""
    playbook_run = await exception_service.run(
        app_context_of(request), user, number, body.playbook, body.arguments, body.reason
    )
    return run_response(playbook_run)


@router.get("/runs/prepared")
async def list_prepared(request: Request, _: Reader) -> list[RunResponse]:
    """Prepared runs without a decision, oldest first."""
    return runs_of(await app_context_of(request).playbook_runner.waiting_for_approval())


@router.post("/runs/{number}/undo")
async def undo(request: Request, user: Operator, number: Number, body: ReasonRequest) -> RunResponse:
    """Undoes a run."""
    return run_response(await exception_service.undo(app_context_of(request), user, number, body.reason))


@router.post("/runs/{number}/decision")
async def decide(request: Request, user: Operator, number: Number, decision: DecisionRequest) -> RunResponse:
    """Approves or refuses a prepared run."""
    return run_response(await exception_service.decide(app_context_of(request), user, number, approve=decision.approve))


async def _detail(app: AppContext, user: User, number: int, objects: int = MAX_OBJECTS) -> ExceptionDetailResponse:
    detail = await exception_detail(app, number, objects)
    if detail is None:
        raise LookupError(f"there is no exception number {number}")
    evidence = EvidenceResponse.model_validate(detail.evidence) if detail.evidence is not None else None
    if evidence is not None and not user.may(Permission.READ_PAYLOADS):
        evidence = evidence.model_copy(update={"request": "", "response": ""})
    return ExceptionDetailResponse(
        exception=ExceptionResponse.of(detail.exception_record, app.clock.now()),
        objects=objects_of(detail.objects),
        runs=runs_of(detail.runs),
        history=events_of(detail.history),
        evidence=evidence,
    )
