"""Shared quota: Cin7 throttles us although we leave room, so somebody else calls on the same quota."""

from __future__ import annotations

from datetime import timedelta

from weighbridge.domain.findings.finding import FindingKind, hold
from weighbridge.domain.monitoring import foreign_use
from weighbridge.flows.context import Site, running
from weighbridge.monitors.monitor import Monitor, Seen

LOOK_BACK = timedelta(hours=1)
CIN7, THROTTLED = "cin7", "throttled"


async def _look(site: Site) -> Seen:
    sites = running().sites
    sharing = [name for name, one in sites.items() if one.company == site.company]
    calls = await running().journal.watching.calls(sharing, running().clock.now() - LOOK_BACK)
    made = [call for call in calls if call.platform == CIN7]
    quota = site.connection.design.quota.cin7_calls_per_minute
    found = foreign_use(
        [call.at for call in made if call.outcome != THROTTLED],
        [call.at for call in made if call.outcome == THROTTLED],
        quota,
    )
    if found is None:
        return Seen()
    value = f"{found.throttles} times in an hour, while we made at most {found.most_of_ours} of {quota} calls a minute"
    expected = "a key for us alone: find who else uses it, or lower quota.cin7_calls_per_minute to our share"
    return Seen({CIN7: hold(FindingKind.QUOTA_SHARED, "quota", value, expected)})


MONITOR = Monitor("shared_quota", "Nobody else uses up our share of Cin7's quota.", FindingKind.QUOTA_SHARED, _look)
