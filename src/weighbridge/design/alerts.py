"""Who is told of exceptions, by which channel, and when not."""

from __future__ import annotations

from datetime import time
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from weighbridge.design.sections import Name, Part, SecretReference
from weighbridge.domain.findings.finding import Owner


class Channel(Part):
    """One way to reach people."""

    url: SecretReference
    """Where the address is kept, in the form of Apprise: `mailtos://...`, `slack://...`, `msteams://...`, `pagerduty://...`."""
    owners: tuple[Owner, ...] = Field(default=(Owner.FINANCE, Owner.OPERATIONS, Owner.ECOMMERCE), min_length=1)
    """Whose exceptions are told there; those past their deadline are told their owner's backup too."""


class Alerts(Part):
    """Who is told of exceptions without looking. Each cause is told once, whatever number of objects share it."""

    channels: dict[Name, Channel] = Field(default_factory=dict)
    """Name -> channel; none tells nobody."""
    quiet_from: time | None = None
    """From when on nobody is told of what can wait, such as `22:00`; what comes meanwhile is told together later."""
    quiet_until: time | None = None
    """Until when; critical exceptions are told at any time."""
    time_zone: Name = "UTC"
    """Zone of these hours and of the digest, such as `America/New_York`."""
    digest: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "never"] = "monday"
    """Day of the weekly digest of what is open, sent from eight in the morning on."""

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"a time zone such as America/New_York; {name!r} is none") from error
        return name
