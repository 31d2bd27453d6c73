"""Finds parcels that were reported to the store without a tracking number for longer than agreed."""

from __future__ import annotations

from datetime import timedelta

from weighbridge.domain.findings.finding import hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.fulfilment.shipped_parcels import SHIPPED
from weighbridge.monitors.monitor import CheckResult, Monitor

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
        shipments = SHIPPED.validate_python(row.content or [])
        untracked = [shipment for shipment in shipments if not shipment.tracking_number]
        if untracked:
            age_hours = (now - row.posted_at) // timedelta(hours=1)
            value = f"{len(untracked)} without a tracking number after {age_hours} hours"
            expected = "a tracking number on the shipment in Cin7; it is copied to the store automatically"
            findings[row.target_number] = hold(FindingKind.TRACKING_MISSING, "parcels", value, expected)
    return CheckResult(findings)


MONITOR = Monitor(
    "untracked_parcel", "Every parcel gets its tracking number in time.", FindingKind.TRACKING_MISSING, _check
)
