"""Faults: how each is injected through the twins, and what the product must do about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from weighbridge.domain.exceptions.owners import Owner, default_owner
from weighbridge.domain.findings.kind import FindingKind
from weighbridge_simulation.week.scene import Scene
from weighbridge_simulation.week.script import Script

HOUR: timedelta = timedelta(hours=1)
DAY: timedelta = timedelta(days=1)
UNATTENDED_SALE_KINDS = (FindingKind.STALE_ALLOCATION, FindingKind.DISPATCH_LATE)
"""Kinds that follow for every sale that nobody ships for days."""


class Area(StrEnum):
    """The area of the business in which a fault occurs."""

    ORDERS = "orders"
    SALES = "sales"
    RETURNS = "returns"
    STOCK = "stock"
    PLATFORMS = "platforms"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault that can be injected."""

    name: str
    area: Area
    description: str
    """What happens, in one sentence."""
    script: Callable[[Scene, InjectedFault], Script]
    """Injects the fault step by step, and calls `InjectedFault.mark_occurred` when it has occurred."""
    kind: FindingKind | None = None
    """The kind of exception that must be opened; None where the product must tolerate the fault without a person."""
    within: timedelta = 3 * HOUR
    """The longest time from the fault to its exception."""
    expectation: str = ""
    """For tolerated faults: what must be true in the twins at the end, in words."""
    is_met: Callable[[Scene, InjectedFault], bool] | None = None
    """For tolerated faults: checks the expectation."""
    follows: tuple[FindingKind, ...] = ()
    """Further kinds of exceptions about the same objects that are no false alarm."""
    from_hour: float = 1.0
    """The earliest hour of the week at which the script starts."""
    to_hour: float = 120.0
    """The latest hour of the week at which the script starts."""
    takes: timedelta = timedelta(0)
    """The approximate time from the start of the script until the fault occurs."""

    @property
    def owner(self) -> Owner | None:
        """The owner that the exception must have; None for a tolerated fault."""
        return default_owner(self.kind) if self.kind else None


@dataclass(slots=True)
class InjectedFault:
    """A fault of one week: when it occurred, and the names of the objects that it affects."""

    fault: Fault
    begins: timedelta
    """When its script starts, counted from the opening of the store."""
    occurred_at: datetime | None = None
    problem: str = ""
    """Why the script failed; a week with such a fault does not pass."""
    names: list[str] = field(default_factory=list)
    """Numbers of orders and sales, SKUs, platforms; the first is the main object."""

    def mark_occurred(self, at: datetime, *names: object) -> None:
        """Records that the fault occurred at this time, and the objects that it affects."""
        self.occurred_at = self.occurred_at or at
        self.names += [str(name) for name in names]
