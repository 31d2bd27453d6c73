"""Checks that both platforms accept our credentials: finds refusals without a successful call since."""

from __future__ import annotations

from weighbridge.domain.findings.finding import Finding, hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.flows.context import ConnectionContext
from weighbridge.monitors.monitor import CheckResult, Monitor

REFUSED = "credentialsrefused"
NAMES = {"cin7": "Cin7 Core", "bigcommerce": "BigCommerce"}
EXPECTED = {
    "cin7": "an account id and application key that Cin7 accepts: see /ExternalAPI in the app",
    "bigcommerce": "an access token that the store accepts, with the scopes that the README names",
}


async def _check(ctx: ConnectionContext) -> CheckResult:
    findings: dict[str, Finding] = {}
    for platform, name in NAMES.items():
        since = await ctx.repositories.monitoring_facts.first_since_an_answer(ctx.name, platform, REFUSED)
        if since is not None:
            value = f"{name} has refused the credentials since {since:%H:%M} UTC"
            findings[platform] = hold(FindingKind.CREDENTIALS_REFUSED, platform, value, EXPECTED[platform])
    return CheckResult(findings)


MONITOR = Monitor("credentials", "Both platforms accept our credentials.", FindingKind.CREDENTIALS_REFUSED, _check)
