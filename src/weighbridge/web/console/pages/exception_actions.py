"""What the forms of the exceptions' pages do."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from weighbridge.access.roles import Permission
from weighbridge.app.context import Office, office_of
from weighbridge.domain.exceptions.kinds import Remedy
from weighbridge.domain.findings.finding import Owner
from weighbridge.exceptions.actions import Accept, Action, Assign, Comment, Reopen, Snooze, Tag, Untag, Wake
from weighbridge.services import exceptions as deeds
from weighbridge.services.errors import Unusable, chosen
from weighbridge.web.console.auth import Visitor, acts, reads
from weighbridge.web.console.pages.exceptions import Filtered, Number, arguments_of
from weighbridge.web.console.templating import page

router = APIRouter()
Worker = Annotated[Visitor, Depends(acts(Permission.WORK))]
WorkingReader = Annotated[Visitor, Depends(reads(Permission.WORK))]
Text = Annotated[str, Form(max_length=4000)]
Short = Annotated[str, Form(max_length=200)]
Other = Annotated[int, Form(ge=1, le=2**31 - 1)]
SPANS = {"1h": 1, "4h": 4, "1d": 24, "3d": 72, "7d": 168}
"""Hours of each span that a sleep may have."""
MANY = ("assign", "comment", "snooze", "wake", "tag", "untag", "accept")


def _back(case_id: int, done: str) -> Response:
    return RedirectResponse(f"/exceptions/{case_id}?done={done}", 303)


@router.post("/exceptions/{case_id}/assign")
async def assign(
    request: Request, visitor: Worker, case_id: Number, to: Short = "", owner: Short = "", me: Short = ""
) -> Response:
    given = Assign(visitor.name) if me else Assign(to.strip(), chosen(Owner, owner, "owner"))
    await deeds.act(office_of(request), visitor.user, [case_id], given)
    return _back(case_id, "assigned")


@router.post("/exceptions/{case_id}/comment")
async def comment(request: Request, visitor: Worker, case_id: Number, text: Text = "") -> Response:
    await deeds.act(office_of(request), visitor.user, [case_id], Comment(text.strip()))
    return _back(case_id, "commented")


@router.post("/exceptions/{case_id}/snooze")
async def snooze(request: Request, visitor: Worker, case_id: Number, span: Short = "") -> Response:
    office = office_of(request)
    await deeds.act(office, visitor.user, [case_id], _sleep(office, span))
    return _back(case_id, "snoozed")


@router.post("/exceptions/{case_id}/wake")
async def wake(request: Request, visitor: Worker, case_id: Number) -> Response:
    await deeds.act(office_of(request), visitor.user, [case_id], Wake())
    return _back(case_id, "woken")


@router.post("/exceptions/{case_id}/tag")
async def tag(request: Request, visitor: Worker, case_id: Number, tag: Short = "", off: Short = "") -> Response:
    await deeds.act(office_of(request), visitor.user, [case_id], Untag(off) if off else Tag(tag))
    return _back(case_id, "untagged" if off else "tagged")


@router.post("/exceptions/{case_id}/reopen")
async def reopen(request: Request, visitor: Worker, case_id: Number, reason: Text = "") -> Response:
    await deeds.act(office_of(request), visitor.user, [case_id], Reopen(reason.strip()))
    return _back(case_id, "reopened")


@router.post("/exceptions/{case_id}/merge")
async def merge(request: Request, visitor: Worker, case_id: Number, into: Other) -> Response:
    """From now on it is shown as part of another, where people know that both have one cause."""
    if into == case_id:
        raise Unusable(f"exception {case_id} cannot become part of itself; name the other one.")
    await deeds.merge(office_of(request), visitor.user, [case_id], into)
    return _back(into, "merged")


@router.post("/exceptions/{case_id}/unmerge")
async def unmerge(request: Request, visitor: Worker, case_id: Number) -> Response:
    await deeds.unmerge(office_of(request), visitor.user, case_id)
    return _back(case_id, "unmerged")


@router.post("/exceptions/{case_id}/act/{remedy}")
async def run(request: Request, visitor: Worker, case_id: Number, remedy: Remedy, reason: Text = "") -> Response:
    arguments = arguments_of(remedy, await request.form())
    await deeds.run(office_of(request), visitor.user, case_id, remedy, arguments, reason.strip())
    return _back(case_id, "run")


@router.post("/exceptions/{case_id}/runs/{run_id}/undo")
async def undo(request: Request, visitor: Worker, case_id: Number, run_id: Number, reason: Text = "") -> Response:
    await deeds.undo(office_of(request), visitor.user, run_id, reason.strip())
    return _back(case_id, "undone")


@router.post("/exceptions/{case_id}/runs/{run_id}/decide")
async def decide(request: Request, visitor: Worker, case_id: Number, run_id: Number, approve: Short = "") -> Response:
    await deeds.decide(office_of(request), visitor.user, run_id, approve=bool(approve))
    return _back(case_id, "approved" if approve else "refused")


@router.get("/exceptions-many")
async def preview_many(
    request: Request, visitor: WorkingReader, kept: Filtered, action: str = "", told: str = ""
) -> HTMLResponse:
    """What an action would do to all that a filter finds, to be read before it is done."""
    office = office_of(request)
    effect = await deeds.preview_many(office, visitor.user, kept.wanted(visitor), _action(office, action, told))
    return page(request, "many.html", visitor, effect=effect, kept=kept, action=action, told=told)


@router.post("/exceptions-many")
async def act_on_many(
    request: Request, visitor: Worker, kept: Filtered, action: Short, name: Short, told: Text = ""
) -> Response:
    """Does it, to exactly what the preview showed."""
    office = office_of(request)
    meant = _action(office, action, told)
    await deeds.act_on_many(office, visitor.user, kept.wanted(visitor), meant, name)
    address = kept.address()
    return RedirectResponse(f"/exceptions?done=many{f'&{address}' if address else ''}", 303)


def _sleep(office: Office, span: str) -> Snooze:
    if span not in SPANS:
        raise Unusable(f"a sleep is {', '.join(SPANS)}, not {span!r}.")
    return Snooze(office.clock.now() + timedelta(hours=SPANS[span]))


def _action(office: Office, action: str, told: str) -> Action:
    """What to do with many, by its name. Raises Unusable."""
    told = told.strip()
    match action:
        case "assign":
            return Assign(told)
        case "comment":
            return Comment(told)
        case "snooze":
            return _sleep(office, told)
        case "wake":
            return Wake()
        case "tag":
            return Tag(told)
        case "untag":
            return Untag(told)
        case "accept":
            return Accept(told)
        case _:
            raise Unusable(f"cannot {action!r}; expected one of {', '.join(MANY)}.")
