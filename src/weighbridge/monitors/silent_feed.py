"""Silent feed: no order came for longer than chance explains at these hours of the week."""

from __future__ import annotations

from weighbridge.domain.findings.finding import FindingKind, hold
from weighbridge.domain.monitoring import HOUR, WEEK_HOURS, WEEKS, silence
from weighbridge.flows.context import Site, running
from weighbridge.monitors.monitor import Monitor, Seen


async def _look(site: Site) -> Seen:
    now = running().clock.now()
    seen = await running().journal.watching.orders_by_hour(site.name, now - (WEEKS + 1) * WEEK_HOURS * HOUR)
    silent = silence(seen, now)
    if silent is None:
        return Seen()
    value = f"none since {silent.since:%Y-%m-%d %H:%M} UTC"
    expected = f"about {silent.expected} orders in this time, as in the weeks before: see whether the shop sells"
    return Seen({"orders": hold(FindingKind.FEED_SILENT, "orders", value, expected)})


MONITOR = Monitor(
    "silent_feed", "Orders come about as often as at the same hours of past weeks.", FindingKind.FEED_SILENT, _look
)
