"""Monitoring of the installation: what readiness and metrics need to know."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from weighbridge.design.sections import SecretReference, Section


class Monitoring(Section):
    """Health checks and metrics for your monitoring system. See [monitoring](../operate/monitoring.md)."""

    late_minutes: float = Field(default=15, gt=0, le=1440)
    """How long a due job may wait for its start before the process is not ready and the watchdog reports it."""
    free_megabytes: int = Field(default=200, ge=0)
    """Free space that the disk of an SQLite database needs; with less, the process is not ready."""
    metrics_token: SecretReference | None = None
    """Token that `/metrics` asks for; without one, there is no `/metrics`."""

    @property
    def late_after(self) -> timedelta:
        """`late_minutes` as a time span."""
        return timedelta(minutes=self.late_minutes)
