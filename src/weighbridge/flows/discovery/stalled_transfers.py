"""Stalled transfers are requeued, so that every object ends posted, held or rejected."""

from __future__ import annotations

from datetime import timedelta

import structlog

from weighbridge.flows.context import ConnectionContext

log = structlog.get_logger()

STALLED_AFTER = timedelta(minutes=5)
"""How long a transfer may stay unchanged without a job."""


async def requeue_stalled(ctx: ConnectionContext, flow: str) -> int:
    """Requeues every unfinished object of `flow` without a job; returns how many."""
    repositories = ctx.repositories
    keys = await repositories.stalled_transfers.keys(ctx.name, flow, ctx.clock.now() - STALLED_AFTER)
    for key in keys:
        await repositories.job_queue.enqueue(ctx.name, flow, key, "it had no job")
    if keys:
        log.warning("stalled_transfers_requeued", connection=ctx.name, flow=flow, count=len(keys))
    return len(keys)
