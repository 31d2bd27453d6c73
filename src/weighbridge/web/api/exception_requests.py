"""What the API is asked about exceptions: which ones, and what to do to them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from weighbridge.domain.exceptions.kinds import Remedy, Urgency
from weighbridge.domain.findings.finding import FindingKind, Owner
from weighbridge.exceptions.actions import Accept, Action, Assign, Comment, Reopen, Snooze, Tag, Untag, Wake
from weighbridge.exceptions.filters import Wanted
from weighbridge.queries.exceptions import Area, Order, kinds_in
from weighbridge.services.errors import Unusable
from weighbridge.web.api.responses import Asked, Short, Text

Number = Annotated[int, Field(ge=1, le=2**31 - 1)]
Numbers = Annotated[list[Number], Field(min_length=1, max_length=5000)]


class CaseFilter(Asked):
    """Which exceptions are meant; what is left out does not restrict."""

    state: Literal["open", "closed", "merged", "any"] = "open"
    owner: Owner | None = None
    area: Area | None = None
    kind: list[FindingKind] = Field(default_factory=list)
    assignee: Annotated[Short | None, Field(description="A name; empty: nobody.")] = None
    urgency: Literal["low", "normal", "high", "critical"] = "low"
    connection: Short = ""
    tag: Short = ""
    q: Short = ""
    late: bool = False
    snoozed: bool = False

    def wanted(self) -> Wanted:
        """The filter as the desk knows it."""
        kinds = tuple(self.kind) or (kinds_in(self.area) if self.area is not None else ())
        return Wanted(
            connection=self.connection, state=self.state, owner=self.owner, assignee=self.assignee, kinds=kinds,
            at_least=Urgency[self.urgency.upper()], tag=self.tag.strip().lower(), words=self.q.strip(),
            snoozed=self.snoozed, late=self.late,
        )  # fmt: skip


class CaseListing(CaseFilter):
    """A page of a list."""

    sort: Order = Order.URGENCY
    page: int = Field(default=1, ge=1, le=10_000)


class Deed(Asked):
    """Something to do to an exception that touches no platform."""

    action: Literal["assign", "comment", "snooze", "wake", "tag", "untag", "reopen", "accept"]
    text: Text = ""
    """The comment, the tag, or the reason."""
    assignee: Short | None = None
    owner: Owner | None = None
    until: AwareDatetime | None = None

    def meant(self) -> Action:
        """The action as the desk knows it. Raises Unusable."""
        match self.action:
            case "assign":
                if self.assignee is None and self.owner is None:
                    raise Unusable("say an assignee, an owner, or both")
                return Assign(self.assignee, self.owner)
            case "snooze":
                if self.until is None:
                    raise Unusable("say until when it sleeps")
                return Snooze(self.until)
            case "comment":
                return Comment(self.text)
            case "wake":
                return Wake()
            case "tag":
                return Tag(self.text)
            case "untag":
                return Untag(self.text)
            case "reopen":
                return Reopen(self.text)
            case "accept":
                return Accept(self.text)


class DeedToSome(Asked):
    """Something to do to these exceptions, all or none."""

    exceptions: Numbers
    deed: Deed


class DeedToMany(Asked):
    """Something to do to all that a filter finds."""

    filter: CaseFilter
    deed: Deed


class NamedDeedToMany(DeedToMany):
    """The same, once its preview was read."""

    name: Short
    """Of the preview; when the filter finds others by now, nothing is done."""


class Merge(Asked):
    """Exceptions with one cause, to be shown as one."""

    exceptions: Numbers
    into: Number


class PlanAsked(Asked):
    """A playbook and what it asks for."""

    remedy: Remedy
    arguments: dict[Short, Short] = Field(default_factory=dict, max_length=10)


class RunAsked(PlanAsked):
    """A playbook to run."""

    reason: Text = ""


class PlanAnswer(Asked):
    """What a playbook would do; nothing has happened."""

    remedy: Remedy
    lines: list[str]
    problem: str
    can_be_undone: bool


class Reason(Asked):
    """Why."""

    reason: Text


class Decision(Asked):
    """Whether what was prepared runs."""

    approve: bool
