"""What a person can do about exceptions without touching a platform: assign, comment, snooze, tag, accept, reopen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from weighbridge.domain.findings.finding import Owner


@dataclass(frozen=True, slots=True)
class Assign:
    """Gives it to a person, to another owner, or to both; an empty assignee takes it from its person."""

    assignee: str | None = None
    owner: Owner | None = None

    @property
    def words(self) -> str:
        told = []
        if self.owner is not None:
            told.append(f"for {self.owner}")
        if self.assignee is not None:
            told.append(f"to {self.assignee}" if self.assignee else "to nobody")
        return f"assigned {' '.join(told)}"


@dataclass(frozen=True, slots=True)
class Comment:
    """Says something that stays in the history."""

    text: str

    @property
    def words(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Snooze:
    """Keeps it out of the lists until a moment; its deadline stays."""

    until: datetime

    @property
    def words(self) -> str:
        return f"sleeps until {self.until:%Y-%m-%d %H:%M} UTC"


@dataclass(frozen=True, slots=True)
class Wake:
    """Ends its sleep."""

    @property
    def words(self) -> str:
        return "woken"


@dataclass(frozen=True, slots=True)
class Tag:
    """Puts a tag on it."""

    tag: str

    @property
    def words(self) -> str:
        return f"tagged {self.tag}"


@dataclass(frozen=True, slots=True)
class Untag:
    """Takes a tag off it."""

    tag: str

    @property
    def words(self) -> str:
        return f"no longer tagged {self.tag}"


@dataclass(frozen=True, slots=True)
class Accept:
    """Leaves its objects as they are, on a named person's word; only for kinds whose safe actions say so."""

    reason: str

    @property
    def words(self) -> str:
        return f"accepted as it is: {self.reason}"


@dataclass(frozen=True, slots=True)
class Reopen:
    """Opens what was closed last again, because somebody does not believe it."""

    reason: str

    @property
    def words(self) -> str:
        return f"reopened: {self.reason}"


Action = Assign | Comment | Snooze | Wake | Tag | Untag | Accept | Reopen


class NotAllowed(Exception):
    """What was asked for cannot be done to this exception; its text says why and what can be done."""
