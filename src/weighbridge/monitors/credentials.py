"""Credentials: a platform that refused ours, and has answered nothing since."""

from __future__ import annotations

from weighbridge.domain.findings.finding import Finding, FindingKind, hold
from weighbridge.flows.context import Site, running
from weighbridge.monitors.monitor import Monitor, Seen

REFUSED = "credentialsrefused"
NAMES = {"cin7": "Cin7 Core", "bigcommerce": "BigCommerce"}
WHAT = {
    "cin7": "an account id and application key that Cin7 takes: see /ExternalAPI in the app",
    "bigcommerce": "an access token that the store takes, with the scopes that the README names",
}


async def _look(site: Site) -> Seen:
    found: dict[str, Finding] = {}
    for platform, name in NAMES.items():
        since = await running().journal.watching.first_since_an_answer(site.name, platform, REFUSED)
        if since is not None:
            said = f"{name} has refused ours since {since:%H:%M} UTC"
            found[platform] = hold(FindingKind.CREDENTIALS_REFUSED, platform, said, WHAT[platform])
    return Seen(found)


MONITOR = Monitor("credentials", "Both platforms take our credentials.", FindingKind.CREDENTIALS_REFUSED, _look)
