"""The retention of an installation: how many days each kind of record is kept."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from weighbridge.design.sections import Section
from weighbridge.domain.retention import DEFAULT_DAYS, RecordKind, RetentionPolicy

Days = Annotated[int, Field(ge=0, le=36500)]


class Retention(Section):
    """Days for which records are kept; 0 keeps them for good.

    What an open exception or an unfinished object rests on is kept longer. Orders, sales, exceptions with their
    history, and the audit log are always kept.
    """

    http_bodies: Days = DEFAULT_DAYS[RecordKind.HTTP_BODIES]
    """Bodies of requests and answers; an order's page then shows its calls without them."""
    http_calls: Days = DEFAULT_DAYS[RecordKind.HTTP_CALLS]
    """Calls to the platforms without their bodies: address, status, time and duration."""
    webhooks: Days = DEFAULT_DAYS[RecordKind.WEBHOOKS]
    """Webhooks as received; their jobs are done long before."""
    attempts: Days = DEFAULT_DAYS[RecordKind.ATTEMPTS]
    """Attempts: when each step of an order and each scheduled job ran, and how it ended."""
    alerts: Days = DEFAULT_DAYS[RecordKind.ALERTS]
    """Alerts that were sent; those of open exceptions are kept, so that none is sent twice."""
    stock_decreases: Days = DEFAULT_DAYS[RecordKind.STOCK_DECREASES]
    """Decreases of stock that no order explains, from which the oversell bound is computed."""

    @field_validator("http_bodies", "stock_decreases")
    @classmethod
    def _outlasts_its_readers(cls, days: int) -> int:
        if 0 < days < 7:
            raise ValueError("at least 7 days, or 0 to keep them for good")
        return days

    @property
    def policy(self) -> RetentionPolicy:
        return RetentionPolicy({kind: getattr(self, kind) for kind in RecordKind})
