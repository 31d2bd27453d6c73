"""The retention: every hour, records that are older than the retention are removed, a limited number at a time."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from weighbridge.design.schema import Connection
from weighbridge.domain.job_types import Flow
from weighbridge.domain.retention import RecordKind, RetentionPolicy
from weighbridge.flows.attempt_runner import record_run, run_attempt
from weighbridge.flows.context import ConnectionContext
from weighbridge.persistence.repositories.transfers import Transfer

log = structlog.get_logger()

FLOW = Flow.RETENTION
CADENCE = timedelta(hours=1)
LAST_RUN = "retention"
"""The cache entry with the number of records of each kind that the last run removed."""


async def retention(ctx: ConnectionContext, key: str) -> str:
    """Removes old records of a connection."""
    transfer = await ctx.repositories.transfers.open(ctx.name, FLOW, key)
    outcome = await run_attempt(ctx, transfer, FLOW, (FLOW, key), _remove)
    await record_run(ctx, transfer, outcome)
    return outcome


async def _remove(ctx: ConnectionContext, transfer: Transfer) -> str:
    removed: dict[str, int] = {}
    for kind in RecordKind:
        cutoff = cutoff_of(ctx.retention, ctx.connection, kind, ctx.clock.now())
        if cutoff is not None and (number := await ctx.repositories.retention.remove(kind, ctx.name, cutoff)):
            removed[kind] = number
    await ctx.repositories.reference_cache.store(ctx.name, LAST_RUN, removed)
    log.info("old_records_removed", connection=ctx.name, **removed)
    return f"{sum(removed.values())} records removed"


def cutoff_of(policy: RetentionPolicy, connection: Connection, kind: RecordKind, now: datetime) -> datetime | None:
    """Records of a connection from before this time may be removed; None keeps all. Decreases of stock are kept as long
    as they count."""
    cutoff = policy.cutoff(kind, now)
    if cutoff is None or kind is not RecordKind.STOCK_DECREASES:
        return cutoff
    return min(cutoff, now - timedelta(hours=connection.design.stock.sales_hours))
