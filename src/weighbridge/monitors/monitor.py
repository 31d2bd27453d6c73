"""What a monitor is: what it watches, under which name its findings wait, and how it looks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from weighbridge.domain.findings.finding import Finding, FindingKind
from weighbridge.flows.context import Site

Worth = tuple[Decimal, str]
"""Money at risk and its currency."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look of a monitor found, by the key of the object that is wrong."""

    findings: Mapping[str, Finding] = field(default_factory=dict)
    worth: Mapping[str, Worth] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Monitor:
    """One thing that is watched."""

    name: str
    """Under this name its findings wait; at most 32 characters."""
    watches: str
    """In one sentence, for people."""
    kind: FindingKind
    look: Callable[[Site], Awaitable[Seen | None]]
    """Everything that is wrong now: what is not among it any more has come right. None when nobody can tell yet."""
