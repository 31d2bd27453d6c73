"""Checks that both platforms answer: finds those that no call has reached for minutes. Calls no platform itself."""

from __future__ import annotations

from weighbridge.domain.findings.kind import FindingKind
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.reachability import REACHABILITY, retry_after_outage, unreachable_platforms
from weighbridge.monitors.monitor import CheckResult, Monitor


async def _check(ctx: ConnectionContext) -> CheckResult:
    findings = await unreachable_platforms(ctx)
    await retry_after_outage(ctx, findings)
    return CheckResult(findings)


MONITOR = Monitor(REACHABILITY, "Both platforms can be reached and answer.", FindingKind.PLATFORM_UNREACHABLE, _check)
