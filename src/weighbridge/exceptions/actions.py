"""Actions of users on exceptions that touch no platform: assign, comment, snooze, tag, accept, reopen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from weighbridge.domain.exceptions.kinds import CATALOGUE, Playbook
from weighbridge.domain.exceptions.owners import Owner
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.persistence.repositories.exception_records import CLOSED, OPEN

LONGEST_TAG = 40


@dataclass(frozen=True, slots=True)
class Assign:
    """Assigns an exception to a user, to another owner, or to both; an empty assignee unassigns it."""

    assignee: str | None = None
    owner: Owner | None = None

    @property
    def description(self) -> str:
        changes = []
        if self.owner is not None:
            changes.append(f"for {self.owner}")
        if self.assignee is not None:
            changes.append(f"to {self.assignee}" if self.assignee else "to nobody")
        return f"assigned {' '.join(changes)}"


@dataclass(frozen=True, slots=True)
class Comment:
    """Adds a comment to the history."""

    text: str

    @property
    def description(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Snooze:
    """Hides an exception from the lists until a time; its deadline stays."""

    until: datetime

    @property
    def description(self) -> str:
        return f"snoozed until {self.until:%Y-%m-%d %H:%M} UTC"


@dataclass(frozen=True, slots=True)
class Unsnooze:
    """Shows a snoozed exception in the lists again."""

    @property
    def description(self) -> str:
        return "unsnoozed"


@dataclass(frozen=True, slots=True)
class Tag:
    """Adds a tag to an exception."""

    tag: str

    @property
    def description(self) -> str:
        return f"tagged {self.tag}"


@dataclass(frozen=True, slots=True)
class Untag:
    """Removes a tag from an exception."""

    tag: str

    @property
    def description(self) -> str:
        return f"untagged {self.tag}"


@dataclass(frozen=True, slots=True)
class Accept:
    """Closes an exception with its objects as they are, because a user accepts them; only kinds that allow it."""

    reason: str

    @property
    def description(self) -> str:
        return f"accepted as it is: {self.reason}"


@dataclass(frozen=True, slots=True)
class Reopen:
    """Reopens the objects that were closed last, because a user doubts that they are resolved."""

    reason: str

    @property
    def description(self) -> str:
        return f"reopened: {self.reason}"


Action = Assign | Comment | Snooze | Unsnooze | Tag | Untag | Accept | Reopen


class NotAllowed(Exception):
    """The action is not possible on this exception; the message says why and what is possible."""


def problem_with(action: Action, kind: FindingKind, state: str) -> str:
    """Why `action` is not possible on an exception of this kind and state; empty if it is possible."""
    match action:
        case Accept(reason):
            if not reason.strip():
                return "accepting needs a reason"
            if state != OPEN:
                return f"it is {state}"
            if Playbook.ACCEPT not in CATALOGUE[kind].playbooks:
                return f"{kind} closes only by proof: {CATALOGUE[kind].proof}"
        case Reopen(reason):
            if not reason.strip():
                return "reopening needs a reason"
            if state != CLOSED:
                return f"it is {state}"
        case Snooze() | Unsnooze() | Assign():
            if state != OPEN:
                return f"it is {state}"
        case Comment(text):
            if not text.strip():
                return "the comment is empty; expected text"
        case Tag(tag):
            if not 0 < len(clean_tag(tag)) <= LONGEST_TAG:
                return f"tag is {tag!r}; expected 1 to {LONGEST_TAG} characters"
    return ""


def clean_tag(tag: str) -> str:
    """The tag as it is stored: in lower case, with single spaces."""
    return " ".join(tag.lower().split())
