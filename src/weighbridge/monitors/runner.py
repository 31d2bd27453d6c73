"""The round of all monitors: each looks by itself, and what one cannot read keeps no other from looking."""

from __future__ import annotations

import structlog

from weighbridge.flows.attempt_runner import end_round, run_stage
from weighbridge.flows.context import Site, running
from weighbridge.flows.open_findings import report
from weighbridge.jobs.engine import durable_flow, durable_step
from weighbridge.monitors import MONITORS
from weighbridge.monitors.monitor import Monitor
from weighbridge.platforms.http_exchange import PlatformError

log = structlog.get_logger()

FLOW = "monitors"
LOOKED = "monitor:"
"""Prefix of the references that say when a monitor looked last and what it found."""


@durable_flow(FLOW)
async def monitors(connection: str, key: str) -> str:
    """One look of every monitor."""
    return await look_around(connection, key)


@durable_step(FLOW)
async def look_around(connection: str, key: str) -> str:
    site = running().sites[connection]
    transfer = await running().journal.transfers.open(connection, FLOW, key)

    async def work() -> str:
        found = [await _look(site, monitor) for monitor in MONITORS]
        return f"{sum(one or 0 for one in found)} things found, {found.count(None)} monitors could not look"

    ended = await run_stage(site, transfer, FLOW, (FLOW, key), work)
    await end_round(transfer, ended, site.connection.design.monitors.cadence)
    return ended


async def _look(site: Site, monitor: Monitor) -> int | None:
    """How much a monitor found; None when it could not tell, or a platform did not let it look: what it found before
    stands then."""
    try:
        seen = await monitor.look(site)
    except PlatformError as error:
        log.warning("monitor_could_not_look", connection=site.name, monitor=monitor.name, error=str(error))
        return None
    if seen is None:
        return None
    await report(site, monitor.name, {key: (finding,) for key, finding in seen.findings.items()}, seen.worth)
    await running().journal.references.keep(site.name, f"{LOOKED}{monitor.name}", len(seen.findings))
    return len(seen.findings)
