"""Lost jobs are requeued, so that every object ends posted, held or rejected."""

from __future__ import annotations

from datetime import timedelta

import structlog

from weighbridge.domain.findings.finding import hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.evaluation import record_evaluation
from weighbridge.flows.orders import flow as orders
from weighbridge.jobs.engine import RunStatus, runs

log = structlog.get_logger()

STALLED_AFTER = timedelta(minutes=5)
"""How long a transfer may stay unchanged before the engine is asked whether it still has a run of its job."""
CRASHED_ITS_WORKER = "the run crashed its worker every time and was given up"


async def requeue_lost(ctx: ConnectionContext, flow: str) -> int:
    """Requeues every unfinished object of `flow` without a job in the queue and in the engine; returns how many.

    An object whose job crashed its worker until the engine gave up is held for a person instead.
    """
    repositories = ctx.repositories
    quiet_since = ctx.clock.now() - STALLED_AFTER
    stalled = await repositories.lost_jobs.stalled_transfers(ctx.name, flow, quiet_since)
    if flow == orders.FLOW:
        stalled += await repositories.lost_jobs.without_transfer(ctx.name, flow, quiet_since)
    if not stalled:
        return 0
    known = await runs([job.run_id for job in stalled])
    requeued = 0
    for job in stalled:
        run = known.get(job.run_id)
        status = run.status if run else RunStatus.FINISHED
        if status is RunStatus.FINISHED:
            await repositories.job_queue.enqueue(ctx.name, flow, job.key, "its job was lost")
            requeued += 1
        elif status is RunStatus.GIVEN_UP:
            transfer = await repositories.transfers.open(ctx.name, flow, job.key)
            expected = "a run that ends; an administrator reads the worker's log, then requests a new job"
            finding = hold(FindingKind.UNEXPECTED_ERROR, f"run {job.run_id}", CRASHED_ITS_WORKER, expected)
            await record_evaluation(ctx, transfer, (finding,))
    if requeued:
        log.warning("lost_jobs_requeued", connection=ctx.name, flow=flow, count=requeued)
    return requeued
