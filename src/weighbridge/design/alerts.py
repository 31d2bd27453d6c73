"""Alerts: who is notified of exceptions, by which channel, and when."""

from __future__ import annotations

from datetime import time
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from weighbridge.design.sections import Name, SecretReference, Section
from weighbridge.domain.exceptions.owners import Owner


class Channel(Section):
    """One way to notify people."""

    url: SecretReference
    """Where the channel's address is kept, in the form of Apprise: `mailtos://...`, `slack://...`, `msteams://...`, `pagerduty://...`."""
    owners: tuple[Owner, ...] = Field(default=(Owner.FINANCE, Owner.OPERATIONS, Owner.ECOMMERCE), min_length=1)
    """Owners whose exceptions are sent there; those past their deadline are also sent to the owner's backup."""


class Alerts(Section):
    """Who is notified of exceptions. Each cause is sent once, however many objects share it."""

    channels: dict[Name, Channel] = Field(default_factory=dict)
    """Name -> channel; without any, no alerts are sent."""
    quiet_from: time | None = None
    """Start of the quiet hours, such as `22:00`; alerts that can wait are sent together afterwards."""
    quiet_until: time | None = None
    """End of the quiet hours; critical exceptions are sent at any time."""
    time_zone: Name = "UTC"
    """Time zone of the quiet hours and of the digest, such as `America/New_York`."""
    digest: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "never"] = "monday"
    """Day of the weekly digest of open exceptions, sent from eight in the morning on."""

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"a time zone such as America/New_York; {name!r} is not one") from error
        return name
