"""Exceptions: the list, and one with its evidence, its safe actions and its history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import HTMLResponse

from weighbridge.access.roles import to_run
from weighbridge.app.context import Office, office_of
from weighbridge.domain.exceptions.kinds import Remedy, Urgency
from weighbridge.domain.findings.finding import Owner
from weighbridge.exceptions.filters import Wanted
from weighbridge.exceptions.plan import ARGUMENTS, NEED_A_REASON
from weighbridge.exceptions.records import Case
from weighbridge.queries.exceptions import Area, Order, WholeCase, cases_of, kinds_in, whole_case
from weighbridge.services.errors import NotFound, Unusable, chosen
from weighbridge.web.console.auth import Visitor, reads
from weighbridge.web.console.templating import page

router = APIRouter()
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Reader = Annotated[Visitor, Depends(reads())]
STATES = ("open", "closed", "merged", "any")
MINE, NOBODYS = "me", "nobody"
REMEDY_WORDS = {
    Remedy.RETRY: "Look again now",
    Remedy.REPLAY: "Send what is stored once more",
    Remedy.CORRECT: "Correct one text and try again",
    Remedy.RELEASE: "Let it pass as it is",
    Remedy.MAP_TAX: "Name the tax rule",
    Remedy.MAP_PAYMENT: "Name the account",
    Remedy.MAP_SKU: "Name the SKU in Cin7",
    Remedy.VOID_DUPLICATE: "Void the sales beyond the first",
    Remedy.PUSH_STOCK: "Read the stock and tell the shop again",
    Remedy.RESTOCK_BY_HAND: "State that the goods are back",
    Remedy.ACCEPT: "Leave it as it is",
}
DONE_WORDS = {
    "assigned": "It is assigned.",
    "commented": "Your comment is in the history.",
    "snoozed": "It sleeps; its deadline stays.",
    "woken": "It is awake.",
    "tagged": "The tag is on.",
    "untagged": "The tag is off.",
    "reopened": "It is open again, and looked at.",
    "run": "The action has begun. The exception closes once its proof was seen.",
    "undone": "That is taken back.",
    "approved": "What was prepared has begun.",
    "refused": "What was prepared will not run.",
    "merged": "They are one now.",
    "unmerged": "It stands for itself again.",
    "many": "Done for all of them.",
}


@dataclass(frozen=True, slots=True)
class Filter:
    """The filter of a list, as its address has it."""

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

    def wanted(self, visitor: Visitor) -> Wanted:
        """What it finds. Raises Unusable."""
        if self.state not in STATES:
            raise Unusable(f"state is {self.state!r}; expected one of {', '.join(STATES)}.")
        if self.urgency and self.urgency.upper() not in Urgency.__members__:
            raise Unusable(f"urgency is {self.urgency!r}; expected low, normal, high or critical.")
        area = chosen(Area, self.area, "area")
        return Wanted(
            connection=self.connection,
            state=self.state,
            owner=chosen(Owner, self.owner, "owner"),
            assignee={MINE: visitor.name, NOBODYS: "", "": None}.get(self.assignee, self.assignee),
            kinds=kinds_in(area) if area is not None else (),
            at_least=Urgency[self.urgency.upper()] if self.urgency else Urgency.LOW,
            tag=self.tag.strip().lower(),
            words=self.q.strip(),
            snoozed=self.snoozed,
            late=self.late,
        )

    def address(self, **changes: str | int | bool) -> str:
        """The list's address with some of it changed."""
        values = {name: getattr(self, name) for name in self.__slots__} | changes
        plain = {name: value for name, value in values.items() if value and (name, value) != ("state", "open")}
        return urlencode({name: "1" if value is True else value for name, value in plain.items()})


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
) -> Filter:
    return Filter(state or "open", owner, area, assignee, urgency, connection, tag, q, late, snoozed)


Filtered = Annotated[Filter, Depends(filter_of)]


@router.get("/exceptions")
async def exceptions(
    request: Request,
    visitor: Reader,
    kept: Filtered,
    sort: str = "",
    number: Annotated[int, Query(alias="page", ge=1, le=10_000)] = 1,
    done: str = "",
) -> HTMLResponse:
    office = office_of(request)
    order = chosen(Order, sort, "sort") or Order.URGENCY
    wanted = kept.wanted(visitor)
    return page(
        request,
        "exceptions.html",
        visitor,
        found=await cases_of(office, wanted, order, number),
        tally=await office.cases.tally(wanted),
        prepared=await office.playbooks.waiting_for_approval(),
        kept=kept,
        order=order,
        number=number,
        done=DONE_WORDS.get(done, ""),
    )


@router.get("/exceptions/{case_id}")
async def exception(request: Request, visitor: Reader, case_id: Number, done: str = "") -> HTMLResponse:
    office = office_of(request)
    whole = await found_case(office, case_id)
    return page(
        request,
        "exception.html",
        visitor,
        whole=whole,
        case=whole.case,
        remedies=offered(whole.case),
        allowed={remedy: visitor.may(to_run(remedy, whole.case.owner)) for remedy in Remedy},
        words=REMEDY_WORDS,
        people=[user.name for user in await office.access.users.all() if user.disabled_at is None],
        done=DONE_WORDS.get(done, ""),
    )


@router.get("/exceptions/{case_id}/act/{remedy}")
async def preview(request: Request, visitor: Reader, case_id: Number, remedy: Remedy) -> HTMLResponse:
    """What a safe action would do, to be read before it is done; nothing happens here."""
    office = office_of(request)
    whole = await found_case(office, case_id)
    arguments = arguments_of(remedy, request.query_params)
    return page(
        request,
        "act.html",
        visitor,
        case=whole.case,
        remedy=remedy,
        words=REMEDY_WORDS,
        arguments=arguments,
        asked=ARGUMENTS.get(remedy, ()),
        needs_reason=remedy in NEED_A_REASON,
        allowed=visitor.may(to_run(remedy, whole.case.owner)),
        plan=await office.playbooks.preview(case_id, remedy, arguments),
    )


def arguments_of(remedy: Remedy, told: Mapping[str, object]) -> dict[str, str]:
    """What was told of what a playbook asks for; empty answers are none."""
    values = {one.name: str(told.get(one.name) or "").strip() for one in ARGUMENTS.get(remedy, ())}
    return {name: value for name, value in values.items() if value}


def offered(case: Case) -> tuple[tuple[Remedy, bool], ...]:
    """The safe actions of an open exception, each with whether it asks for something first."""
    if case.state != "open":
        return ()
    return tuple((remedy, bool(ARGUMENTS.get(remedy))) for remedy in case.entry.remedies)


async def found_case(office: Office, case_id: int) -> WholeCase:
    """The exception with this number. Raises NotFound."""
    whole = await whole_case(office, case_id)
    if whole is None:
        raise NotFound(f"There is no exception number {case_id}.", "/exceptions", "All exceptions")
    return whole
