"""The parts of a monitor: what it watches, the flow that holds its findings, and its check."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from weighbridge.domain.findings.finding import Finding
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.flows.context import ConnectionContext

AmountAtRisk = tuple[Decimal, str]
"""Amount at risk and its currency."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of one check, by the key of the affected object."""

    findings: Mapping[str, Finding] = field(default_factory=dict)
    amounts_at_risk: Mapping[str, AmountAtRisk] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Monitor:
    """One scheduled check."""

    name: str
    """The flow under which its findings are held; at most 32 characters."""
    watches: str
    """The watched condition in one sentence, for users."""
    kind: FindingKind
    check: Callable[[ConnectionContext], Awaitable[CheckResult | None]]
    """Returns everything that is wrong now; findings that are no longer returned are closed. None if unknown yet."""
