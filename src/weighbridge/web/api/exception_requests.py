"""Requests about exceptions: filters, actions, merges and playbooks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from weighbridge.domain.exceptions.kinds import Playbook, Urgency
from weighbridge.domain.exceptions.owners import Owner
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.exceptions.actions import Accept, Action, Assign, Comment, Reopen, Snooze, Tag, Unsnooze, Untag
from weighbridge.exceptions.filters import ExceptionFilter
from weighbridge.queries.exceptions import Area, SortOrder, kinds_in
from weighbridge.services.errors import InvalidRequest
from weighbridge.web.api.responses import RequestBody, Short, Text

Number = Annotated[int, Field(ge=1, le=2**31 - 1)]
Numbers = Annotated[list[Number], Field(min_length=1, max_length=5000)]


class ExceptionFilterRequest(RequestBody):
    """A filter of exceptions; a field that is left out does not restrict."""

    state: Literal["open", "closed", "merged", "any"] = "open"
    owner: Owner | None = None
    area: Area | None = None
    kind: list[FindingKind] = Field(default_factory=list)
    assignee: Annotated[Short | None, Field(description="A user's name; empty: exceptions without an assignee.")] = None
    urgency: Literal["low", "normal", "high", "critical"] = "low"
    connection: Short = ""
    tag: Short = ""
    q: Short = ""
    late: bool = False
    snoozed: bool = False

    def to_filter(self) -> ExceptionFilter:
        """The filter of the exception queries."""
        kinds = tuple(self.kind) or (kinds_in(self.area) if self.area is not None else ())
        return ExceptionFilter(
            connection=self.connection, state=self.state, owner=self.owner, assignee=self.assignee, kinds=kinds,
            at_least=Urgency[self.urgency.upper()], tag=self.tag.strip().lower(), text=self.q.strip(),
            snoozed=self.snoozed, late=self.late,
        )  # fmt: skip


class ExceptionListRequest(ExceptionFilterRequest):
    """A page of a list."""

    sort: SortOrder = SortOrder.URGENCY
    page: int = Field(default=1, ge=1, le=10_000)


class ActionRequest(RequestBody):
    """An action on an exception that touches no platform."""

    type: Literal["assign", "comment", "snooze", "unsnooze", "tag", "untag", "reopen", "accept"]
    text: Text = ""
    """The comment, the tag, or the reason."""
    assignee: Short | None = None
    owner: Owner | None = None
    until: AwareDatetime | None = None

    def to_action(self) -> Action:
        """The action of the exception lifecycle. Raises InvalidRequest."""
        match self.type:
            case "assign":
                if self.assignee is None and self.owner is None:
                    raise InvalidRequest("assign needs an assignee, an owner, or both")
                return Assign(self.assignee, self.owner)
            case "snooze":
                if self.until is None:
                    raise InvalidRequest("snooze needs until, a time with its zone")
                return Snooze(self.until)
            case "comment":
                return Comment(self.text)
            case "unsnooze":
                return Unsnooze()
            case "tag":
                return Tag(self.text)
            case "untag":
                return Untag(self.text)
            case "reopen":
                return Reopen(self.text)
            case "accept":
                return Accept(self.text)


class ActionOnSomeRequest(RequestBody):
    """An action on these exceptions, all or none."""

    exceptions: Numbers
    action: ActionRequest


class ActionByFilterRequest(RequestBody):
    """An action on every exception that the filter finds."""

    filter: ExceptionFilterRequest
    action: ActionRequest


class ConfirmedActionByFilterRequest(ActionByFilterRequest):
    """An action by filter after its preview."""

    name: Short
    """Name of the preview; if the filter finds other exceptions by now, nothing is done."""


class MergeRequest(RequestBody):
    """Exceptions with one cause, to be merged into one."""

    exceptions: Numbers
    into: Number


class PlaybookPreviewRequest(RequestBody):
    """A playbook and its arguments."""

    playbook: Playbook
    arguments: dict[Short, Short] = Field(default_factory=dict, max_length=10)


class PlaybookRunRequest(PlaybookPreviewRequest):
    """A playbook to run."""

    reason: Text = ""


class PlanResponse(RequestBody):
    """The plan of a playbook; nothing has happened."""

    playbook: Playbook
    lines: list[str]
    problem: str
    can_be_undone: bool


class ReasonRequest(RequestBody):
    """A reason."""

    reason: Text


class DecisionRequest(RequestBody):
    """The decision about a prepared run."""

    approve: bool
