"""Retry schedules: how long a transfer waits before each retry, by the cause of the failure."""

from __future__ import annotations

from datetime import timedelta
from difflib import get_close_matches
from typing import Self

from pydantic import Field, NonNegativeFloat, field_validator, model_validator

from weighbridge.design.sections import Section

DEFAULT_SCHEDULES: dict[str, tuple[float, ...]] = {
    "throttled": (10, 20, 40, 60, 120, 300, 600, 1800, 3600),
    "unreachable": (5, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200),
    "answer_lost": (10, 30, 60, 120, 300, 600, 1800, 3600),
    "credentials_refused": (60, 300, 900, 3600, 3600, 3600),
    "order_gone": (10, 30, 120),
    "unexpected_error": (5, 30, 120, 600),
}


class Retry(Section):
    """How a transfer is retried, by cause."""

    schedules: dict[str, tuple[NonNegativeFloat, ...]] = Field(default_factory=dict)
    """Cause -> seconds before each retry; after the last one the transfer is held."""
    settle_seconds: float = Field(default=120, ge=0)
    """How long a sale whose answer was lost may take to appear in Cin7's list."""
    call_settle_seconds: float = Field(default=75, ge=0)
    """How long the platform may still process a lost call to a document; must be above the call's time-out."""
    call_timeout_seconds: float = Field(default=60, gt=0, le=70)
    """How long a write may take before its answer counts as lost; a read takes at most 30."""
    lease_seconds: float = Field(default=180, gt=0)
    """How long a run may hold a transfer's lease without renewing it."""

    @model_validator(mode="after")
    def _settles_after_the_timeout(self) -> Self:
        if self.call_settle_seconds <= self.call_timeout_seconds:
            raise ValueError(
                f"call_settle_seconds above call_timeout_seconds ({self.call_timeout_seconds}), "
                f"not {self.call_settle_seconds}: the platform may still process a call that timed out"
            )
        return self

    @field_validator("schedules")
    @classmethod
    def _known_causes(cls, schedules: dict[str, tuple[float, ...]]) -> dict[str, tuple[float, ...]]:
        for cause, waits in schedules.items():
            if cause not in DEFAULT_SCHEDULES:
                near = get_close_matches(cause, DEFAULT_SCHEDULES, n=1)
                hint = f", perhaps {near[0]}" if near else ""
                raise ValueError(f"causes out of {', '.join(DEFAULT_SCHEDULES)}; {cause!r} is not one{hint}")
            if not waits:
                raise ValueError(f"at least one wait for cause {cause!r}")
        return schedules

    def schedule(self, cause: str) -> tuple[float, ...]:
        """Seconds before each retry after `cause`; an unknown cause has the schedule of an unexpected error."""
        return self.schedules.get(cause) or DEFAULT_SCHEDULES.get(cause) or DEFAULT_SCHEDULES["unexpected_error"]

    @property
    def settle(self) -> timedelta:
        return timedelta(seconds=self.settle_seconds)
