"""Untracked parcels: shipped, told to the shop, and without a tracking number for longer than agreed."""

from __future__ import annotations

from datetime import timedelta

from weighbridge.domain.findings.finding import FindingKind, hold
from weighbridge.flows.context import Site, running
from weighbridge.flows.fulfilment import flow as fulfilment
from weighbridge.monitors.monitor import Monitor, Seen

LOOK_BACK = timedelta(days=30)


async def _look(site: Site) -> Seen:
    hours = site.connection.design.monitors.tracking_hours
    if not hours:
        return Seen()
    now = running().clock.now()
    found = {}
    for row in await running().journal.watching.dispatched(site.name, now - LOOK_BACK, now - timedelta(hours=hours)):
        bare = [one for one in fulfilment.SHIPPED.validate_python(row.content or []) if not one.tracking_number]
        if bare:
            value = f"{len(bare)} without a tracking number after {(now - row.posted_at) // timedelta(hours=1)} hours"
            expected = "the tracking number on the shipment in Cin7; it is passed on by itself"
            found[row.target_number] = hold(FindingKind.TRACKING_MISSING, "parcels", value, expected)
    return Seen(found)


MONITOR = Monitor(
    "untracked_parcel", "Every parcel gets its tracking number in time.", FindingKind.TRACKING_MISSING, _look
)
