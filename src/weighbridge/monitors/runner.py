"""Runs all monitors. Each runs independently: a monitor that cannot read a platform stops no other monitor."""

from __future__ import annotations

import structlog

from weighbridge.domain.job_types import Flow
from weighbridge.flows.attempt_runner import record_run, run_attempt
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.open_findings import report
from weighbridge.monitors import MONITORS
from weighbridge.monitors.monitor import Monitor
from weighbridge.persistence.repositories.transfers import Transfer
from weighbridge.platforms.http_exchange import PlatformError

log = structlog.get_logger()

FLOW = Flow.MONITORS
LAST_RUN = "monitor:"
"""Prefix of the cache entries with the time and the number of findings of the last run of a monitor."""


async def monitors(ctx: ConnectionContext, key: str) -> str:
    """Runs every monitor once."""
    return await run_monitors(ctx, key)


async def run_monitors(ctx: ConnectionContext, key: str) -> str:
    transfer = await ctx.repositories.transfers.open(ctx.name, FLOW, key)
    outcome = await run_attempt(ctx, transfer, FLOW, (FLOW, key), _run_all)
    await record_run(ctx, transfer, outcome)
    return outcome


async def _run_all(ctx: ConnectionContext, transfer: Transfer) -> str:
    counts = [await run_monitor(ctx, monitor) for monitor in MONITORS]
    return f"{sum(count or 0 for count in counts)} findings, {counts.count(None)} monitors failed"


async def run_monitor(ctx: ConnectionContext, monitor: Monitor) -> int | None:
    """The number of findings of a monitor. None if it has no result yet or a platform failed; its earlier findings stay
    open then."""
    try:
        result = await monitor.check(ctx)
    except PlatformError as error:
        log.warning("monitor_failed", connection=ctx.name, monitor=monitor.name, error=str(error))
        return None
    if result is None:
        return None
    findings = {key: (finding,) for key, finding in result.findings.items()}
    await report(ctx, monitor.name, findings, result.amounts_at_risk)
    await ctx.repositories.reference_cache.store(ctx.name, f"{LAST_RUN}{monitor.name}", len(findings))
    return len(findings)
