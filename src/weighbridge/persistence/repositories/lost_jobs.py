"""Lost jobs: objects that should progress by themselves although no job for them is pending.

A job leaves the queue when the engine claims it. If the engine loses it (its tables are restored from an older copy, or
a run is given up), nothing else enqueues the object: its webhooks are processed, and sweeps read only recent changes.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.job_queue import Job
from weighbridge.persistence.repositories.transfers import State
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.persistence.tables.work import jobs

ACTIVE_STATES = (State.NEW, State.WAITING)
MANUAL_STATES = (State.HELD, State.REJECTED)
LOOKBACK = timedelta(days=7)
"""How long ago a job may have been due whose object never became a transfer."""


class LostJobs:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def stalled_transfers(
        self, connection: str, flow: str, inactive_since: datetime, limit: int = 200
    ) -> list[Job]:
        """Transfers of `flow` that should progress, but have had no activity and no due job after `inactive_since`.

        Each comes as the last job that the engine claimed; its `requested_seq` is 0 where there was none.
        """
        joined = transfers.outerjoin(
            jobs,
            (jobs.c.connection == transfers.c.connection)
            & (jobs.c.flow == transfers.c.flow)
            & (jobs.c.key == transfers.c.key),
        )
        is_idle = jobs.c.key.is_(None) | (
            (jobs.c.requested_seq == jobs.c.claimed_seq) & (jobs.c.due_at < inactive_since)
        )
        is_overdue = transfers.c.next_try_at < inactive_since
        is_active = transfers.c.state.in_(ACTIVE_STATES) & (transfers.c.updated_at < inactive_since)
        query = (
            sa.select(transfers.c.connection, transfers.c.flow, transfers.c.key, jobs.c.claimed_seq)
            .select_from(joined)
            .where(transfers.c.connection == connection, transfers.c.flow == flow, is_idle)
            .where(
                (is_active & transfers.c.next_try_at.is_(None)) | (is_overdue & transfers.c.state.not_in(MANUAL_STATES))
            )
            .order_by(transfers.c.updated_at)
            .limit(limit)
        )
        return await self._jobs(query)

    async def without_transfer(
        self, connection: str, flow: str, inactive_since: datetime, limit: int = 200
    ) -> list[Job]:
        """Jobs of `flow` that the engine claimed before `inactive_since` and whose object never became a transfer."""
        same_object = (
            (transfers.c.connection == jobs.c.connection)
            & (transfers.c.flow == jobs.c.flow)
            & (transfers.c.key == jobs.c.key)
        )
        query = (
            sa.select(jobs.c.connection, jobs.c.flow, jobs.c.key, jobs.c.claimed_seq)
            .select_from(jobs.outerjoin(transfers, same_object))
            .where(jobs.c.connection == connection, jobs.c.flow == flow, transfers.c.id.is_(None))
            .where(
                jobs.c.due_at.between(inactive_since - LOOKBACK, inactive_since),
                jobs.c.requested_seq == jobs.c.claimed_seq,
            )
            .order_by(jobs.c.due_at)
            .limit(limit)
        )
        return await self._jobs(query)

    async def _jobs(self, query: sa.Select[tuple[str, str, str, int]]) -> list[Job]:
        async with self._database.reading() as reading:
            rows = (await reading.execute(query)).all()
        return [Job(row.connection, row.flow, row.key, row.claimed_seq or 0) for row in rows]
