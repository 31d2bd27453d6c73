"""Finds a silent feed: no order came for longer than chance explains at these hours of the week."""

from __future__ import annotations

from weighbridge.domain.findings.finding import hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.monitoring import HOUR, WEEK_HOURS, WEEKS, silence
from weighbridge.flows.context import ConnectionContext
from weighbridge.monitors.monitor import CheckResult, Monitor


async def _check(ctx: ConnectionContext) -> CheckResult:
    now = ctx.clock.now()
    since = now - (WEEKS + 1) * WEEK_HOURS * HOUR
    found_silence = silence(await ctx.repositories.monitoring_facts.orders_by_hour(ctx.name, since), now)
    if found_silence is None:
        return CheckResult()
    value = f"none since {found_silence.since:%Y-%m-%d %H:%M} UTC"
    expected = f"about {found_silence.expected} orders in this time, as in past weeks: check whether the store sells"
    return CheckResult({"orders": hold(FindingKind.NO_NEW_ORDERS, "orders", value, expected)})


MONITOR = Monitor(
    "silent_feed", "Orders come about as often as at the same hours of past weeks.", FindingKind.NO_NEW_ORDERS, _check
)
