"""Causes: which exceptions an object belongs to, from its state and the findings of its last evaluation.

The same cause is the same exception: a hundred orders with one unknown SKU are one task for one person.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from weighbridge.domain.exceptions.kinds import CATALOGUE, ExceptionKind, Grouping
from weighbridge.domain.findings.finding import Severity
from weighbridge.domain.findings.kind import FindingKind

LONGEST_CAUSE = 200
_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_WORD_WITH_DIGITS = re.compile(r"\b(?!cin7\b)\w*\d[\w.,:-]*", re.IGNORECASE)
_INDEX = re.compile(r"\[[^\]]*\]")
_BLANKS = re.compile(r"\s+")
STOPS = (Severity.HOLD, Severity.REJECT)
RETRY_CAUSE_TEXT = {
    "throttled": "no calls were left",
    "unreachable": "the platform could not be reached",
    "answer_lost": "the platform's answers got lost",
    "credentials_refused": "the credentials were refused",
}
"""Why all retries failed, as people read it, by the cause in a retry schedule."""


@dataclass(frozen=True, slots=True, order=True)
class Cause:
    """One cause that one object belongs to, with the evidence from that object."""

    kind: FindingKind
    name: str
    """Equal for all objects with the same cause; unique within its kind and connection."""
    field: str
    value: str
    expected: str
    owner: str
    severity: str

    @property
    def entry(self) -> ExceptionKind:
        """Its entry in the catalogue of exceptions."""
        return CATALOGUE[self.kind]

    @property
    def identity(self) -> tuple[str, str]:
        """Kind and name, as text."""
        return str(self.kind), self.name


@dataclass(frozen=True, slots=True)
class ObjectStatus:
    """The state of an object, its reason and its findings."""

    flow: str
    key: str
    state: str
    reason_kind: str
    reason: str
    owner: str
    findings: Sequence[Mapping[str, str]]


def causes_of(status: ObjectStatus) -> tuple[Cause, ...]:
    """The causes that an object belongs to, each once, in a stable order; empty when nothing is open.

    A held or rejected object belongs to the cause of each finding that stops it, or to the cause of its reason when
    no finding explains the stop. An object that passed belongs to the causes of notes whose kind opens exceptions.
    """
    causes = [_of_finding(status, finding) for finding in status.findings]
    open_notes = [cause for cause in causes if cause.severity == Severity.NOTE and cause.entry.from_note]
    if status.state not in ("held", "rejected"):
        return _unique(open_notes)
    stopping = [cause for cause in causes if cause.severity in STOPS]
    if status.reason_kind not in {cause.kind for cause in stopping}:
        stopping = [_of_reason(status)]
    return _unique([*stopping, *open_notes])


def has_open_note(findings: Sequence[Mapping[str, str]]) -> bool:
    """Whether one of these findings opens an exception although its object passed."""
    notes = (finding for finding in findings if finding["severity"] == Severity.NOTE)
    return any(CATALOGUE[FindingKind(finding["kind"])].from_note for finding in notes)


def _unique(causes: Sequence[Cause]) -> tuple[Cause, ...]:
    first: dict[tuple[str, str], Cause] = {}
    for cause in causes:
        first.setdefault(cause.identity, cause)
    return tuple(first[identity] for identity in sorted(first))


def _of_finding(status: ObjectStatus, finding: Mapping[str, str]) -> Cause:
    kind = FindingKind(finding["kind"])
    field, value = finding["field"], finding["value"]
    name = _name(kind, status, field, value)
    return Cause(kind, name, field, value, finding["expected"], finding["owner"], finding["severity"])


def _of_reason(status: ObjectStatus) -> Cause:
    """The cause of a stop that has a kind and a reason but no finding, such as a failed last retry."""
    kind = FindingKind(status.reason_kind or FindingKind.UNEXPECTED_ERROR)
    value = _message_of(kind, status.reason)
    severity = Severity.REJECT if status.state == "rejected" else Severity.HOLD
    name = _name(kind, status, "", value)
    return Cause(kind, name, status.flow, value[:500], CATALOGUE[kind].advice, status.owner, severity)


def _message_of(kind: FindingKind, reason: str) -> str:
    """The message of `reason`, without the words that the title already has."""
    match kind:
        case FindingKind.RETRIES_EXHAUSTED:
            ended = reason.partition(" after ")[0]
            return RETRY_CAUSE_TEXT.get(ended, ended.replace("_", " "))
        case FindingKind.UNEXPECTED_ERROR:
            return reason.partition(" tries: ")[2] or reason
        case FindingKind.REFUSED_BY_CIN7 | FindingKind.REFUSED_BY_BIGCOMMERCE:
            return reason.partition(" refused: ")[2] or reason
        case _:
            return reason


def _name(kind: FindingKind, status: ObjectStatus, field: str, value: str) -> str:
    own = f"{status.flow} {status.key}"
    path = _INDEX.sub("[]", field)
    match CATALOGUE[kind].grouping:
        case Grouping.VALUE:
            name = value.strip()
        case Grouping.FIELD:
            name = f"{path}: {value}" if kind is not FindingKind.BACKORDERED else path
        case Grouping.MESSAGE:
            name = without_numbers(value)
        case Grouping.CONNECTION:
            name = "all"
        case Grouping.OBJECT:
            name = own
    return shortened(name or own)


def without_numbers(message: str) -> str:
    """`message` without the ids and numbers that differ between objects; the rest is unchanged."""
    plain = _WORD_WITH_DIGITS.sub("#", _GUID.sub("#", message))
    return _BLANKS.sub(" ", plain).strip()


def shortened(name: str) -> str:
    """`name` in at most LONGEST_CAUSE characters; a longer name ends with a digest, so that it stays unique."""
    if len(name) <= LONGEST_CAUSE:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:12]
    return f"{name[: LONGEST_CAUSE - 13]} {digest}"
