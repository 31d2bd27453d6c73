"""Finds parcels that were reported to the store without a tracking number for longer than agreed."""

from __future__ import annotations

from datetime import timedelta

from weighbridge.domain.documents import UnreadableDocument
from weighbridge.domain.findings.finding import hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.fulfilment.shipments import Shipped
from weighbridge.flows.context import ConnectionContext
from weighbridge.monitors.monitor import CheckResult, Monitor
from weighbridge.persistence.documents import REPORTED_PARCELS
from weighbridge.persistence.types import StoredDocument

LOOKBACK = timedelta(days=30)


async def _check(ctx: ConnectionContext) -> CheckResult:
    hours = ctx.connection.design.monitors.tracking_hours
    if not hours:
        return CheckResult()
    now = ctx.clock.now()
    findings = {}
    for row in await ctx.repositories.monitoring_facts.dispatched(
        ctx.name, now - LOOKBACK, now - timedelta(hours=hours)
    ):
        untracked = [parcel for parcel in _parcels(row.content) if not parcel.tracking_number]
        if untracked:
            age_hours = (now - row.posted_at) // timedelta(hours=1)
            value = f"{len(untracked)} without a tracking number after {age_hours} hours"
            expected = "a tracking number on the shipment in Cin7; it is copied to the store automatically"
            findings[row.target_number] = hold(FindingKind.TRACKING_MISSING, "parcels", value, expected)
    return CheckResult(findings)


def _parcels(content: StoredDocument | None) -> tuple[Shipped, ...]:
    """The parcels that were reported; none when they cannot be read any more, which their own job reports."""
    try:
        return () if content is None else content.read(REPORTED_PARCELS).parcels
    except UnreadableDocument:
        return ()


MONITOR = Monitor(
    "untracked_parcel", "Every parcel gets its tracking number in time.", FindingKind.TRACKING_MISSING, _check
)
