"""The forms of the exception pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from weighbridge.access.roles import Permission
from weighbridge.app.context import AppContext, app_context_of
from weighbridge.domain.exceptions.kinds import Playbook
from weighbridge.domain.exceptions.owners import Owner
from weighbridge.exceptions.actions import Accept, Action, Assign, Comment, Reopen, Snooze, Tag, Unsnooze, Untag
from weighbridge.services import exceptions as exception_service
from weighbridge.services.errors import InvalidRequest, chosen
from weighbridge.web.console.auth import CurrentUser, form_requires, requires
from weighbridge.web.console.pages.exceptions import FilterQueryParameters, Number, arguments_of
from weighbridge.web.console.templating import page

router = APIRouter()
Operator = Annotated[CurrentUser, Depends(form_requires(Permission.WORK))]
OperatorReader = Annotated[CurrentUser, Depends(requires(Permission.WORK))]
Text = Annotated[str, Form(max_length=4000)]
Short = Annotated[str, Form(max_length=200)]
OtherNumber = Annotated[int, Form(ge=1, le=2**31 - 1)]
SNOOZE_HOURS = {"1h": 1, "4h": 4, "1d": 24, "3d": 72, "7d": 168}
"""Hours of each snooze duration."""
BULK_ACTIONS = ("assign", "comment", "snooze", "unsnooze", "tag", "untag", "accept")


def _redirect(exception_id: int, done: str) -> Response:
    return RedirectResponse(f"/exceptions/{exception_id}?done={done}", 303)


@router.post("/exceptions/{exception_id}/assign")
async def assign(
    request: Request, current_user: Operator, exception_id: Number, to: Short = "", owner: Short = "", me: Short = ""
) -> Response:
    action = Assign(current_user.name) if me else Assign(to.strip(), chosen(Owner, owner, "owner"))
    await exception_service.act(app_context_of(request), current_user.user, [exception_id], action)
    return _redirect(exception_id, "assigned")


@router.post("/exceptions/{exception_id}/comment")
async def comment(request: Request, current_user: Operator, exception_id: Number, text: Text = "") -> Response:
    await exception_service.act(app_context_of(request), current_user.user, [exception_id], Comment(text.strip()))
    return _redirect(exception_id, "commented")


@router.post("/exceptions/{exception_id}/snooze")
async def snooze(request: Request, current_user: Operator, exception_id: Number, duration: Short = "") -> Response:
    app = app_context_of(request)
    await exception_service.act(app, current_user.user, [exception_id], _snooze_for(app, duration))
    return _redirect(exception_id, "snoozed")


@router.post("/exceptions/{exception_id}/unsnooze")
async def unsnooze(request: Request, current_user: Operator, exception_id: Number) -> Response:
    await exception_service.act(app_context_of(request), current_user.user, [exception_id], Unsnooze())
    return _redirect(exception_id, "unsnoozed")


@router.post("/exceptions/{exception_id}/tag")
async def tag(
    request: Request, current_user: Operator, exception_id: Number, tag: Short = "", off: Short = ""
) -> Response:
    await exception_service.act(
        app_context_of(request), current_user.user, [exception_id], Untag(off) if off else Tag(tag)
    )
    return _redirect(exception_id, "untagged" if off else "tagged")


@router.post("/exceptions/{exception_id}/reopen")
async def reopen(request: Request, current_user: Operator, exception_id: Number, reason: Text = "") -> Response:
    await exception_service.act(app_context_of(request), current_user.user, [exception_id], Reopen(reason.strip()))
    return _redirect(exception_id, "reopened")


@router.post("/exceptions/{exception_id}/merge")
async def merge(request: Request, current_user: Operator, exception_id: Number, into: OtherNumber) -> Response:
    """Merges an exception into another one with the same cause."""
    if into == exception_id:
        raise InvalidRequest(
            f"exception {exception_id} cannot be merged into itself; expected the number of another exception."
        )
    await exception_service.merge(app_context_of(request), current_user.user, [exception_id], into)
    return _redirect(into, "merged")


@router.post("/exceptions/{exception_id}/unmerge")
async def unmerge(request: Request, current_user: Operator, exception_id: Number) -> Response:
    await exception_service.unmerge(app_context_of(request), current_user.user, exception_id)
    return _redirect(exception_id, "unmerged")


@router.post("/exceptions/{exception_id}/playbooks/{playbook}")
async def run(
    request: Request, current_user: Operator, exception_id: Number, playbook: Playbook, reason: Text = ""
) -> Response:
    arguments = arguments_of(playbook, await request.form())
    await exception_service.run(
        app_context_of(request), current_user.user, exception_id, playbook, arguments, reason.strip()
    )
    return _redirect(exception_id, "run")


@router.post("/exceptions/{exception_id}/runs/{run_id}/undo")
async def undo(
    request: Request, current_user: Operator, exception_id: Number, run_id: Number, reason: Text = ""
) -> Response:
    await exception_service.undo(app_context_of(request), current_user.user, run_id, reason.strip())
    return _redirect(exception_id, "undone")


@router.post("/exceptions/{exception_id}/runs/{run_id}/decide")
async def decide(
    request: Request, current_user: Operator, exception_id: Number, run_id: Number, approve: Short = ""
) -> Response:
    await exception_service.decide(app_context_of(request), current_user.user, run_id, approve=bool(approve))
    return _redirect(exception_id, "approved" if approve else "refused")


@router.get("/exceptions-bulk")
async def preview_many(
    request: Request,
    current_user: OperatorReader,
    filter_query: FilterQueryParameters,
    action: str = "",
    value: str = "",
) -> HTMLResponse:
    """The preview of an action on every exception that the filter finds; changes nothing."""
    app = app_context_of(request)
    effect = await exception_service.preview_many(
        app, current_user.user, filter_query.to_filter(current_user), _action(app, action, value)
    )
    return page(
        request, "bulk_action.html", current_user, effect=effect, filter_query=filter_query, action=action, value=value
    )


@router.post("/exceptions-bulk")
async def act_on_many(
    request: Request,
    current_user: Operator,
    filter_query: FilterQueryParameters,
    action: Short,
    name: Short,
    value: Text = "",
) -> Response:
    """Does the action to exactly the exceptions of its preview."""
    app = app_context_of(request)
    bulk_action = _action(app, action, value)
    await exception_service.act_on_many(app, current_user.user, filter_query.to_filter(current_user), bulk_action, name)
    address = filter_query.address()
    return RedirectResponse(f"/exceptions?done=bulk{f'&{address}' if address else ''}", 303)


def _snooze_for(app: AppContext, duration: str) -> Snooze:
    if duration not in SNOOZE_HOURS:
        raise InvalidRequest(f"the snooze duration is {duration!r}; expected one of {', '.join(SNOOZE_HOURS)}.")
    return Snooze(app.clock.now() + timedelta(hours=SNOOZE_HOURS[duration]))


def _action(app: AppContext, action: str, value: str) -> Action:
    """The bulk action with this name. Raises InvalidRequest."""
    value = value.strip()
    match action:
        case "assign":
            return Assign(value)
        case "comment":
            return Comment(value)
        case "snooze":
            return _snooze_for(app, value)
        case "unsnooze":
            return Unsnooze()
        case "tag":
            return Tag(value)
        case "untag":
            return Untag(value)
        case "accept":
            return Accept(value)
        case _:
            raise InvalidRequest(f"action is {action!r}; expected one of {', '.join(BULK_ACTIONS)}.")
