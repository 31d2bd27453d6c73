"""What a fault is: how it is injected through the twins, and what must come of it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from weighbridge.domain.findings.finding import FindingKind, Owner, default_owner

if TYPE_CHECKING:
    from weighbridge_simulation.week.scene import Scene

Wait = Callable[[], bool] | timedelta
"""Until something is so in the twins, or for a while of their time."""
Script = Generator[Wait, None, None]
HOUR: timedelta = timedelta(hours=1)
DAY: timedelta = timedelta(days=1)


LEFT_STANDING = (FindingKind.GHOST_ALLOCATION, FindingKind.DISPATCH_LATE)
"""What follows for every sale that nobody takes care of for days."""


class Area(StrEnum):
    """Where a fault comes from."""

    ORDERS = "orders"
    SALES = "sales"
    RETURNS = "returns"
    STOCK = "stock"
    PLATFORMS = "platforms"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong."""

    name: str
    area: Area
    what: str
    """What happens, in one sentence."""
    script: Callable[[Scene, Injected], Script]
    """Makes it happen, step by step, and calls `Injected.struck` once it has."""
    kind: FindingKind | None = None
    """The exception that must be found; None: the product must bear it without a person."""
    within: timedelta = 3 * HOUR
    """How long after it struck it must be found at the latest."""
    then: str = ""
    """For faults that are borne: what must be true in the twins at the end."""
    holds: Callable[[Scene, Injected], bool] | None = None
    """The same as a question."""
    follows: tuple[FindingKind, ...] = ()
    """Further exceptions that name the same object and are no false alarm."""
    from_hour: float = 1.0
    """Not before so many hours of the week."""
    to_hour: float = 120.0
    takes: timedelta = timedelta(0)
    """From the beginning of the script until it strikes, about."""

    @property
    def owner(self) -> Owner | None:
        """Whose exception it must be."""
        return default_owner(self.kind) if self.kind else None


@dataclass(slots=True)
class Injected:
    """A fault of a week: when it struck, and under which names its objects may be found."""

    fault: Fault
    begins: timedelta
    """After the opening of the shop."""
    struck_at: datetime | None = None
    problem: str = ""
    """Why it could not be made to happen; a week with such a fault is not passed."""
    names: list[str] = field(default_factory=list)
    """Numbers of orders and sales, SKUs, platforms: the first is the one that must be found."""

    def struck(self, at: datetime, *names: object) -> None:
        """Notes that it happened now, to these."""
        self.struck_at = self.struck_at or at
        self.names += [str(name) for name in names]
