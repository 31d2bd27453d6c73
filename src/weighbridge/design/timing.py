"""The timing of a design: how often sweeps run, how transfers are retried, and how many calls are made."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field, NonNegativeInt

from weighbridge.design.sections import Section

LaneName = Literal["orders", "returns", "fulfilment", "stock", "catalogue", "reconciliation", "backfill"]


class Cadence(Section):
    """How often each sweep runs, in seconds. Webhooks make Weighbridge faster, sweeps make it complete."""

    orders_seconds: float = Field(default=60, gt=0)
    """Between two sweeps for orders."""
    fulfilment_seconds: float = Field(default=120, gt=0)
    """Between two sweeps for parcels."""
    webhooks_seconds: float = Field(default=600, gt=0)
    """Between two checks that every webhook is active."""
    reference_data_seconds: float = Field(default=86400, gt=0)
    """Between two readings of tax rules, accounts, locations and the other reference data."""
    overlap_seconds: float = Field(default=300, ge=0)
    """How far before its watermark each sweep reads again."""
    first_sweep_seconds: float = Field(default=86400, ge=0)
    """How far back the first sweep reads."""

    @property
    def orders(self) -> timedelta:
        return timedelta(seconds=self.orders_seconds)

    @property
    def fulfilment(self) -> timedelta:
        return timedelta(seconds=self.fulfilment_seconds)

    @property
    def webhooks(self) -> timedelta:
        return timedelta(seconds=self.webhooks_seconds)

    @property
    def reference_data(self) -> timedelta:
        return timedelta(seconds=self.reference_data_seconds)

    @property
    def overlap(self) -> timedelta:
        return timedelta(seconds=self.overlap_seconds)

    @property
    def first_sweep(self) -> timedelta:
        return timedelta(seconds=self.first_sweep_seconds)


class Monitors(Section):
    """How often monitors run, and when they report."""

    cadence_seconds: float = Field(default=900, gt=0)
    """Between two runs of all monitors."""
    dispatch_days: int = Field(default=3, ge=0)
    """Days after which an order without any dispatch is reported to operations; 0 reports none."""
    tracking_hours: int = Field(default=24, ge=0)
    """Hours after which a parcel without a tracking number is reported to operations; 0 reports none."""

    @property
    def cadence(self) -> timedelta:
        return timedelta(seconds=self.cadence_seconds)


class Quota(Section):
    """The API budget. Source: platform notes, cin7 1.2 (60 calls a minute) and bigcommerce 1.3 (limits in headers)."""

    cin7_calls_per_minute: int = Field(default=60, ge=1)
    """Calls to Cin7 Core in any 60 seconds; lower it when other software uses the same account."""
    bigcommerce_reserve: float = Field(default=0.2, ge=0, lt=1)
    """Share of the store's quota that is left to other applications."""
    bigcommerce_in_flight: int = Field(default=4, ge=1)
    """Concurrent calls to one store."""
    floors: dict[LaneName, NonNegativeInt] = Field(default_factory=dict)
    """Lane -> calls per minute that are reserved for it while it waits; other lanes keep the default."""
