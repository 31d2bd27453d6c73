"""Requeues the objects of exceptions: by a job of their own, or by the job that found them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.domain.job_types import recheck_job
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.job_queue import JobQueue
from weighbridge.persistence.tables.decisions import design_changes
from weighbridge.persistence.tables.exceptions import exception_objects, exceptions
from weighbridge.persistence.tables.transfers import transfers

REASON = "action on its exception"


async def enqueue_jobs(
    transaction: AsyncConnection,
    job_queue: JobQueue,
    now: datetime,
    exception_ids: Iterable[int],
    transfer_ids: Iterable[str] | None = None,
) -> int:
    """Enqueues a job for every open object of these exceptions, or for those in `transfer_ids`; returns the count.

    Runs inside the caller's transaction. Objects that only a monitor can evaluate wait for its next run.
    """
    of = exception_objects.c
    query = (
        sa.select(transfers.c.connection, transfers.c.flow, transfers.c.key)
        .join(exception_objects, of.transfer_id == transfers.c.id)
        .where(of.exception_id.in_(sorted(exception_ids)), of.closed_at.is_(None))
        .distinct()
    )
    if transfer_ids is not None:
        query = query.where(transfers.c.id.in_(sorted(transfer_ids)))
    jobs = {
        (row.connection, *job)
        for row in (await transaction.execute(query)).all()
        if (job := recheck_job(row.flow, row.key)) is not None
    }
    for connection, flow, key in sorted(jobs):
        await job_queue.add(transaction, connection, flow, key, REASON, now)
    return len(jobs)


async def requeue_changed(database: Database, job_queue: JobQueue, now: datetime) -> int:
    """Enqueues jobs for the open objects of exceptions for which the design was changed; returns the number of jobs."""
    async with database.transaction() as transaction:
        changed = sa.select(design_changes.c.exception_id).where(design_changes.c.exception_id.is_not(None))
        open_exceptions = sa.select(exceptions.c.id).where(exceptions.c.id.in_(changed), exceptions.c.state == "open")
        ids = (await transaction.execute(open_exceptions)).scalars().all()
        return await enqueue_jobs(transaction, job_queue, now, ids) if ids else 0
