"""Values that the HTTP client and the budget exchange: the slot for one call, and a platform's quota."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(slots=True)
class CallSlot:
    """The permission for one call. It counts unless it is released."""

    call_id: str
    ends_at: datetime
    """Until when the call may be sent; later it must not be."""
    is_released: bool = False

    def release(self) -> None:
        """Frees the slot, because nothing was sent."""
        self.is_released = True


@dataclass(frozen=True, slots=True)
class Quota:
    """The quota of an API account as an answer reports it."""

    calls: int
    """Calls per window, shared by all applications of the account."""
    left: int
    reset_seconds: float | None
    """Seconds until the next window; None when the platform does not say."""
