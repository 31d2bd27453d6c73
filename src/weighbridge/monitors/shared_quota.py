"""Finds a shared quota: Cin7 throttles us below our limit, so another program uses the same quota."""

from __future__ import annotations

from datetime import timedelta

from weighbridge.domain.findings.finding import hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.monitoring import foreign_use
from weighbridge.flows.context import ConnectionContext
from weighbridge.monitors.monitor import CheckResult, Monitor

LOOKBACK = timedelta(hours=1)
CIN7, THROTTLED = "cin7", "throttled"


async def _check(ctx: ConnectionContext) -> CheckResult:
    calls = await ctx.repositories.monitoring_facts.calls(ctx.stock_connections, ctx.clock.now() - LOOKBACK)
    cin7_calls = [call for call in calls if call.platform == CIN7]
    quota = ctx.connection.design.quota.cin7_calls_per_minute
    use = foreign_use(
        [call.at for call in cin7_calls if call.outcome != THROTTLED],
        [call.at for call in cin7_calls if call.outcome == THROTTLED],
        quota,
    )
    if use is None:
        return CheckResult()
    value = f"throttled {use.throttles} times in an hour at no more than {use.peak_own_calls} of {quota} calls a minute"
    expected = "a key of our own: find out who else uses it, or lower quota.cin7_calls_per_minute to our share"
    return CheckResult({CIN7: hold(FindingKind.QUOTA_SHARED, "quota", value, expected)})


MONITOR = Monitor("shared_quota", "No other program uses our share of Cin7's quota.", FindingKind.QUOTA_SHARED, _check)
