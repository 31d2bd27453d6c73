"""Credentials: a platform that refused ours, and has answered nothing since."""

from __future__ import annotations

from datetime import timedelta

from weighbridge.domain.finding import FindingKind, hold
from weighbridge.flows.runtime import Site, running
from weighbridge.journal.watching import Made
from weighbridge.monitors.monitor import Monitor, Seen

LOOK_BACK = timedelta(hours=1)
REFUSED, ANSWERED = "credentialsrefused", "answered"
NAMES = {"cin7": "Cin7 Core", "bigcommerce": "BigCommerce"}
WHAT = {
    "cin7": "an account id and application key that Cin7 takes: see /ExternalAPI in the app",
    "bigcommerce": "an access token that the store takes, with the scopes that the README names",
}


async def _look(site: Site) -> Seen:
    last: dict[str, Made] = {}
    for call in await running().journal.watching.calls((site.name,), running().clock.now() - LOOK_BACK):
        if call.outcome in (REFUSED, ANSWERED):
            last[call.platform] = call
    return Seen(
        {
            platform: hold(
                FindingKind.CREDENTIALS_REFUSED,
                platform,
                f"{NAMES.get(platform, platform)} has refused ours since {call.at:%H:%M} UTC",
                WHAT.get(platform, "credentials that are taken"),
            )
            for platform, call in last.items()
            if call.outcome == REFUSED
        }
    )


MONITOR = Monitor("credentials", "Both platforms take our credentials.", FindingKind.CREDENTIALS_REFUSED, _look)
