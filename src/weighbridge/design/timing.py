"""The rhythm of a design: how often it looks, how patiently it tries again, how many calls it may make."""

from __future__ import annotations

from datetime import timedelta
from difflib import get_close_matches
from typing import Literal, Self

from pydantic import Field, NonNegativeFloat, NonNegativeInt, field_validator, model_validator

from weighbridge.design.sections import Part

LaneName = Literal["orders", "returns", "fulfilment", "stock", "catalogue", "reconciliation", "backfill"]


class Cadence(Part):
    """How often each sweep looks, in seconds. Hooks make it quicker, sweeps make it certain."""

    orders_seconds: float = Field(default=60, gt=0)
    """Between two sweeps for orders."""
    fulfilment_seconds: float = Field(default=120, gt=0)
    """Between two sweeps for parcels."""
    hooks_seconds: float = Field(default=600, gt=0)
    """Between two checks that every hook is alive."""
    references_seconds: float = Field(default=86400, gt=0)
    """Between two readings of tax rules, accounts, locations and the other reference books."""
    overlap_seconds: float = Field(default=300, ge=0)
    """How far back of its watermark each sweep reads again."""
    first_sweep_seconds: float = Field(default=86400, ge=0)
    """How far back the very first sweep reads."""

    @property
    def orders(self) -> timedelta:
        return timedelta(seconds=self.orders_seconds)

    @property
    def fulfilment(self) -> timedelta:
        return timedelta(seconds=self.fulfilment_seconds)

    @property
    def hooks(self) -> timedelta:
        return timedelta(seconds=self.hooks_seconds)

    @property
    def references(self) -> timedelta:
        return timedelta(seconds=self.references_seconds)

    @property
    def overlap(self) -> timedelta:
        return timedelta(seconds=self.overlap_seconds)

    @property
    def first_sweep(self) -> timedelta:
        return timedelta(seconds=self.first_sweep_seconds)


class Monitors(Part):
    """What is watched although nothing failed, and how patiently."""

    cadence_seconds: float = Field(default=900, gt=0)
    """Between two rounds of all monitors."""
    dispatch_days: int = Field(default=3, ge=0)
    """After how many days an order of which nothing has left is told to operations; 0 tells of none."""
    tracking_hours: int = Field(default=24, ge=0)
    """After how many hours a parcel without a tracking number is told to operations; 0 tells of none."""

    @property
    def cadence(self) -> timedelta:
        return timedelta(seconds=self.cadence_seconds)


DEFAULT_SCHEDULES: dict[str, tuple[float, ...]] = {
    "throttled": (10, 20, 40, 60, 120, 300, 600, 1800, 3600),
    "unreachable": (5, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200),
    "answer_lost": (10, 30, 60, 120, 300, 600, 1800, 3600),
    "credentials_refused": (60, 300, 900, 3600, 3600, 3600),
    "order_gone": (10, 30, 120),
    "unexpected_error": (5, 30, 120, 600),
}


class Retry(Part):
    """How patiently a transfer is tried again, by cause."""

    schedules: dict[str, tuple[NonNegativeFloat, ...]] = Field(default_factory=dict)
    """Cause -> seconds before each next try; after the last one the transfer is held."""
    settle_seconds: float = Field(default=120, ge=0)
    """How long a sale whose answer was lost may take to show in Cin7's list."""
    call_settle_seconds: float = Field(default=75, ge=0)
    """How long a lost call to a document may still be worked on by the platform; above the call's time-out."""
    call_timeout_seconds: float = Field(default=60, gt=0, le=70)
    """How long a call that writes may take before its answer counts as lost; one that reads, at most 30."""
    lease_seconds: float = Field(default=180, gt=0)
    """How long one run may hold a transfer without a sign of life."""

    @model_validator(mode="after")
    def _settles_after_the_timeout(self) -> Self:
        if self.call_settle_seconds <= self.call_timeout_seconds:
            raise ValueError(
                f"call_settle_seconds above call_timeout_seconds ({self.call_timeout_seconds}), "
                f"not {self.call_settle_seconds}: a call given up may still be worked on"
            )
        return self

    @field_validator("schedules")
    @classmethod
    def _known_causes(cls, schedules: dict[str, tuple[float, ...]]) -> dict[str, tuple[float, ...]]:
        for cause, waits in schedules.items():
            if cause not in DEFAULT_SCHEDULES:
                near = get_close_matches(cause, DEFAULT_SCHEDULES, n=1)
                hint = f", perhaps {near[0]}" if near else ""
                raise ValueError(f"causes out of {', '.join(DEFAULT_SCHEDULES)}; {cause!r} is none{hint}")
            if not waits:
                raise ValueError(f"at least one wait for cause {cause!r}")
        return schedules

    def schedule(self, cause: str) -> tuple[float, ...]:
        """Seconds before each next try after `cause`; an unknown cause is treated as an unexpected error."""
        return self.schedules.get(cause) or DEFAULT_SCHEDULES.get(cause) or DEFAULT_SCHEDULES["unexpected_error"]

    @property
    def settle(self) -> timedelta:
        return timedelta(seconds=self.settle_seconds)


class Quota(Part):
    """The API budget. Source: platform notes, cin7 1.2 (60 calls a minute) and bigcommerce 1.3 (limits in headers)."""

    cin7_calls_per_minute: int = Field(default=60, ge=1)
    """Calls to Cin7 Core in any 60 seconds; lower it when other software uses the same account."""
    bigcommerce_reserve: float = Field(default=0.2, ge=0, lt=1)
    """Share of the store's quota that is left to others."""
    bigcommerce_in_flight: int = Field(default=4, ge=1)
    """Calls to one store at the same time."""
    floors: dict[LaneName, NonNegativeInt] = Field(default_factory=dict)
    """Lane -> calls a minute that it keeps while it waits, whatever comes before it; others keep the default."""
