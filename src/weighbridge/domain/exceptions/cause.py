"""Causes: which exceptions an object belongs to, from its state and what its last weighing found.

Same cause, same exception: a hundred orders with one unknown SKU are one thing for one person to do.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from weighbridge.domain.exceptions.kinds import CATALOGUE, ExceptionKind, Grouping
from weighbridge.domain.findings.finding import FindingKind, Severity

LONGEST_CAUSE = 200
_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_WORD_WITH_DIGITS = re.compile(r"\b(?!cin7\b)\w*\d[\w.,:-]*", re.IGNORECASE)
_INDEX = re.compile(r"\[[^\]]*\]")
_BLANKS = re.compile(r"\s+")
STOPS = (Severity.HOLD, Severity.REJECT)
IN_VAIN = {
    "throttled": "no calls were left",
    "unreachable": "the platform could not be reached",
    "answer_lost": "the platform's answers got lost",
    "credentials_refused": "our credentials were refused",
}
"""Why something was tried in vain, in the words of people, by the cause that a retry schedule has."""


@dataclass(frozen=True, slots=True, order=True)
class Cause:
    """One cause that one object belongs to, with the evidence found on it."""

    kind: FindingKind
    name: str
    """Equal for all objects with the same cause, unique among those of its kind and connection."""
    field: str
    value: str
    expected: str
    owner: str
    severity: str

    @property
    def entry(self) -> ExceptionKind:
        """What the catalogue says about it."""
        return CATALOGUE[self.kind]

    @property
    def identity(self) -> tuple[str, str]:
        """Kind and name, as text."""
        return str(self.kind), self.name


@dataclass(frozen=True, slots=True)
class Standing:
    """An object as it stands after a change of its state."""

    flow: str
    key: str
    state: str
    reason_kind: str
    reason: str
    owner: str
    findings: Sequence[Mapping[str, str]]


def causes(standing: Standing) -> tuple[Cause, ...]:
    """The causes that an object belongs to as it stands, each once, in a stable order; empty when nothing is open.

    An object that is held or rejected belongs to the cause of each finding that stops it, or of its reason where it
    was stopped by something that no weighing found. Of one that passed, the notes count whose kind says so.
    """
    found = [_of_finding(standing, one) for one in standing.findings]
    open_notes = [one for one in found if one.severity == Severity.NOTE and one.entry.from_note]
    if standing.state not in ("held", "rejected"):
        return _each_once(open_notes)
    stopping = [one for one in found if one.severity in STOPS]
    if standing.reason_kind not in {one.kind for one in stopping}:
        stopping = [_of_reason(standing)]
    return _each_once([*stopping, *open_notes])


def has_open_note(findings: Sequence[Mapping[str, str]]) -> bool:
    """Whether one of these findings opens an exception although its object passed."""
    return any(one["severity"] == Severity.NOTE and CATALOGUE[FindingKind(one["kind"])].from_note for one in findings)


def _each_once(found: Sequence[Cause]) -> tuple[Cause, ...]:
    first: dict[tuple[str, str], Cause] = {}
    for one in found:
        first.setdefault(one.identity, one)
    return tuple(first[identity] for identity in sorted(first))


def _of_finding(standing: Standing, finding: Mapping[str, str]) -> Cause:
    kind = FindingKind(finding["kind"])
    field, value = finding["field"], finding["value"]
    name = _name(kind, standing, field, value)
    return Cause(kind, name, field, value, finding["expected"], finding["owner"], finding["severity"])


def _of_reason(standing: Standing) -> Cause:
    """The cause of a stop that is told by kind and reason alone, as after the last try."""
    kind = FindingKind(standing.reason_kind or FindingKind.UNEXPECTED_ERROR)
    value = _said(kind, standing.reason)
    severity = Severity.REJECT if standing.state == "rejected" else Severity.HOLD
    name = _name(kind, standing, "", value)
    return Cause(kind, name, standing.flow, value[:500], CATALOGUE[kind].advice, standing.owner, severity)


def _said(kind: FindingKind, reason: str) -> str:
    """What was said, without the words that the title has already."""
    match kind:
        case FindingKind.RETRIES_EXHAUSTED:
            ended = reason.partition(" after ")[0]
            return IN_VAIN.get(ended, ended.replace("_", " "))
        case FindingKind.UNEXPECTED_ERROR:
            return reason.partition(" tries: ")[2] or reason
        case FindingKind.REFUSED_BY_CIN7 | FindingKind.REFUSED_BY_BIGCOMMERCE:
            return reason.partition(" refused: ")[2] or reason
        case _:
            return reason


def _name(kind: FindingKind, standing: Standing, field: str, value: str) -> str:
    own = f"{standing.flow} {standing.key}"
    place = _INDEX.sub("[]", field)
    match CATALOGUE[kind].grouping:
        case Grouping.VALUE:
            name = value.strip()
        case Grouping.PLACE:
            name = f"{place}: {value}" if kind is not FindingKind.BACKORDERED else place
        case Grouping.MESSAGE:
            name = without_numbers(value)
        case Grouping.CONNECTION:
            name = "all"
        case Grouping.OBJECT:
            name = own
    return fitted(name or own)


def without_numbers(message: str) -> str:
    """`message` without the ids and numbers that differ from object to object; nothing else of it changes."""
    plain = _WORD_WITH_DIGITS.sub("#", _GUID.sub("#", message))
    return _BLANKS.sub(" ", plain).strip()


def fitted(name: str) -> str:
    """`name` in at most LONGEST_CAUSE characters; a longer one ends with a digest, so that two stay two."""
    if len(name) <= LONGEST_CAUSE:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:12]
    return f"{name[: LONGEST_CAUSE - 13]} {digest}"
