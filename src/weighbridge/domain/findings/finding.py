"""Findings: what a check found. A finding names the field, the value, what was expected and who acts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from weighbridge.domain.exceptions.owners import Owner, default_owner
from weighbridge.domain.findings.kind import FindingKind


class Severity(StrEnum):
    """What a finding does to its object."""

    NOTE = "note"
    """Recorded; the object passes."""
    HOLD = "hold"
    """The object waits for a person."""
    REJECT = "reject"
    """The object can never pass in this form."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a check found."""

    kind: FindingKind
    severity: Severity
    field: str
    """Where: a path in the order of the store, such as `lines[2].sku`, or a name."""
    value: str
    """The value found, as text."""
    expected: str
    """The value that would pass, or what must be done."""
    owner: Owner

    def __str__(self) -> str:
        return f"{self.field} is {self.value or 'empty'}; expected {self.expected} ({self.owner} acts)"


def hold(kind: FindingKind, field: str, value: object, expected: str) -> Finding:
    """A finding that holds its object, with the kind's default owner."""
    return Finding(kind, Severity.HOLD, field, str(value), expected, default_owner(kind))


def note(kind: FindingKind, field: str, value: object, expected: str) -> Finding:
    """A finding that is recorded, while its object passes."""
    return Finding(kind, Severity.NOTE, field, str(value), expected, default_owner(kind))


def reject(kind: FindingKind, field: str, value: object, expected: str) -> Finding:
    """A finding that rejects its object, which can never pass in this form."""
    return Finding(kind, Severity.REJECT, field, str(value), expected, default_owner(kind))


def worst(findings: tuple[Finding, ...]) -> Severity:
    """The strongest severity among `findings`; NOTE when there are none."""
    order = (Severity.NOTE, Severity.HOLD, Severity.REJECT)
    return max((finding.severity for finding in findings), key=order.index, default=Severity.NOTE)


def deciding(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The findings that stop the object (holds and rejects), strongest first."""
    stopping = [finding for finding in findings if finding.severity is not Severity.NOTE]
    return tuple(sorted(stopping, key=lambda finding: finding.severity is not Severity.REJECT))
