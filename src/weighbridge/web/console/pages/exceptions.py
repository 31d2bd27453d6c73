"""Exceptions: the list, and one with its evidence, playbooks and history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import HTMLResponse

from weighbridge.access.roles import permission_to_run
from weighbridge.app.context import AppContext, app_context_of
from weighbridge.domain.exceptions.kinds import Playbook, Urgency
from weighbridge.domain.exceptions.owners import Owner
from weighbridge.exceptions.filters import ExceptionFilter
from weighbridge.exceptions.plan import ARGUMENTS, NEED_A_REASON
from weighbridge.exceptions.records import ExceptionRecord
from weighbridge.queries.exceptions import Area, ExceptionDetail, SortOrder, exception_detail, exception_page, kinds_in
from weighbridge.services.errors import InvalidRequest, NotFound, chosen
from weighbridge.web.console.auth import CurrentUser, requires
from weighbridge.web.console.templating import page

router = APIRouter()
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Reader = Annotated[CurrentUser, Depends(requires())]
STATES = ("open", "closed", "merged", "any")
ASSIGNED_TO_ME, UNASSIGNED = "me", "nobody"
PLAYBOOK_LABELS = {
    Playbook.RETRY: "Re-check",
    Playbook.REPLAY: "Post again as stored",
    Playbook.CORRECT: "Correct a value",
    Playbook.RELEASE: "Release",
    Playbook.MAP_TAX: "Map to a tax rule",
    Playbook.MAP_PAYMENT: "Map to an account",
    Playbook.MAP_SKU: "Map to a Cin7 SKU",
    Playbook.VOID_DUPLICATE: "Void duplicate sales",
    Playbook.PUSH_STOCK: "Publish stock again",
    Playbook.RESTOCK_BY_HAND: "Confirm restock",
    Playbook.ACCEPT: "Accept as it is",
}
DONE_MESSAGES = {
    "assigned": "Assigned.",
    "commented": "Comment added.",
    "snoozed": "Snoozed. The deadline stays.",
    "unsnoozed": "Unsnoozed.",
    "tagged": "Tag added.",
    "untagged": "Tag removed.",
    "reopened": "Reopened. Its objects are re-checked.",
    "run": "The playbook has started. The exception closes once its proof is seen.",
    "undone": "Undone.",
    "approved": "Approved. The playbook has started.",
    "refused": "Refused. The playbook will not run.",
    "merged": "Merged.",
    "unmerged": "Unmerged.",
    "bulk": "Done for all of them.",
}


@dataclass(frozen=True, slots=True)
class FilterQuery:
    """The filter of a list, as in its address."""

    state: str = "open"
    owner: str = ""
    area: str = ""
    assignee: str = ""
    urgency: str = ""
    connection: str = ""
    tag: str = ""
    q: str = ""
    late: bool = False
    snoozed: bool = False

    def to_filter(self, current_user: CurrentUser) -> ExceptionFilter:
        """The filter of the exception queries. Raises InvalidRequest."""
        if self.state not in STATES:
            raise InvalidRequest(f"state is {self.state!r}; expected one of {', '.join(STATES)}.")
        if self.urgency and self.urgency.upper() not in Urgency.__members__:
            raise InvalidRequest(f"urgency is {self.urgency!r}; expected low, normal, high or critical.")
        area = chosen(Area, self.area, "area")
        return ExceptionFilter(
            connection=self.connection,
            state=self.state,
            owner=chosen(Owner, self.owner, "owner"),
            assignee={ASSIGNED_TO_ME: current_user.name, UNASSIGNED: "", "": None}.get(self.assignee, self.assignee),
            kinds=kinds_in(area) if area is not None else (),
            at_least=Urgency[self.urgency.upper()] if self.urgency else Urgency.LOW,
            tag=self.tag.strip().lower(),
            text=self.q.strip(),
            snoozed=self.snoozed,
            late=self.late,
        )

    def address(self, **changes: str | int | bool) -> str:
        """The query of the list's address with some fields changed."""
        values = {name: getattr(self, name) for name in self.__slots__} | changes
        given = {name: value for name, value in values.items() if value and (name, value) != ("state", "open")}
        return urlencode({name: "1" if value is True else value for name, value in given.items()})


def filter_of(
    state: str = "open",
    owner: str = "",
    area: str = "",
    assignee: str = "",
    urgency: str = "",
    connection: str = "",
    tag: str = "",
    q: Annotated[str, Query(max_length=200)] = "",
    late: bool = False,
    snoozed: bool = False,
) -> FilterQuery:
    return FilterQuery(state or "open", owner, area, assignee, urgency, connection, tag, q, late, snoozed)


FilterQueryParameters = Annotated[FilterQuery, Depends(filter_of)]


@router.get("/exceptions")
async def exceptions(
    request: Request,
    current_user: Reader,
    filter_query: FilterQueryParameters,
    sort: str = "",
    number: Annotated[int, Query(alias="page", ge=1, le=10_000)] = 1,
    done: str = "",
) -> HTMLResponse:
    app = app_context_of(request)
    order = chosen(SortOrder, sort, "sort") or SortOrder.URGENCY
    exception_filter = filter_query.to_filter(current_user)
    return page(
        request,
        "exceptions.html",
        current_user,
        listed=await exception_page(app, exception_filter, order, number),
        tally=await app.exception_queries.tally(exception_filter),
        prepared=await app.playbook_runner.waiting_for_approval(),
        filter_query=filter_query,
        order=order,
        number=number,
        done=DONE_MESSAGES.get(done, ""),
    )


@router.get("/exceptions/{exception_id}")
async def exception(request: Request, current_user: Reader, exception_id: Number, done: str = "") -> HTMLResponse:
    app = app_context_of(request)
    detail = await find_exception(app, exception_id)
    return page(
        request,
        "exception.html",
        current_user,
        detail=detail,
        exception_record=detail.exception_record,
        playbooks=offered_playbooks(detail.exception_record),
        allowed={
            playbook: current_user.may(permission_to_run(playbook, detail.exception_record.owner))
            for playbook in Playbook
        },
        labels=PLAYBOOK_LABELS,
        users=[user.name for user in await app.access.users.all() if user.disabled_at is None],
        done=DONE_MESSAGES.get(done, ""),
    )


@router.get("/exceptions/{exception_id}/playbooks/{playbook}")
async def preview(request: Request, current_user: Reader, exception_id: Number, playbook: Playbook) -> HTMLResponse:
    """The preview of a playbook; changes nothing."""
    app = app_context_of(request)
    detail = await find_exception(app, exception_id)
    arguments = arguments_of(playbook, request.query_params)
    return page(
        request,
        "playbook.html",
        current_user,
        exception_record=detail.exception_record,
        playbook=playbook,
        labels=PLAYBOOK_LABELS,
        arguments=arguments,
        parameters=ARGUMENTS.get(playbook, ()),
        needs_reason=playbook in NEED_A_REASON,
        allowed=current_user.may(permission_to_run(playbook, detail.exception_record.owner)),
        plan=await app.playbook_runner.preview(exception_id, playbook, arguments),
    )


def arguments_of(playbook: Playbook, submitted: Mapping[str, object]) -> dict[str, str]:
    """The submitted arguments of a playbook without the empty ones."""
    values = {
        argument.name: str(submitted.get(argument.name) or "").strip() for argument in ARGUMENTS.get(playbook, ())
    }
    return {name: value for name, value in values.items() if value}


def offered_playbooks(exception_record: ExceptionRecord) -> tuple[tuple[Playbook, bool], ...]:
    """The playbooks of an open exception, each with whether it takes arguments."""
    if exception_record.state != "open":
        return ()
    return tuple((playbook, bool(ARGUMENTS.get(playbook))) for playbook in exception_record.entry.playbooks)


async def find_exception(app: AppContext, exception_id: int) -> ExceptionDetail:
    """The exception with this number. Raises NotFound."""
    detail = await exception_detail(app, exception_id)
    if detail is None:
        raise NotFound(f"There is no exception number {exception_id}.", "/exceptions", "All exceptions")
    return detail
