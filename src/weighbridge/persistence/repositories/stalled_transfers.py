"""Stalled transfers: objects that should progress by themselves although nothing in the job queue asks for it.

The job queue loses no job, so there should be none. What people do to the tables, and faults of our own, make some.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.transfers import State
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.persistence.tables.work import jobs

ACTIVE_STATES = (State.NEW, State.WAITING)
MANUAL_STATES = (State.HELD, State.REJECTED)


class StalledTransfers:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def keys(self, connection: str, flow: str, inactive_since: datetime, limit: int = 200) -> list[str]:
        """Keys of transfers of `flow` that should progress, but have had no activity since `inactive_since` and have no
        job; longest inactive first."""
        of = transfers.c
        has_job = sa.exists().where(jobs.c.connection == of.connection, jobs.c.flow == of.flow, jobs.c.key == of.key)
        is_active = of.state.in_(ACTIVE_STATES) & (of.updated_at < inactive_since) & of.next_try_at.is_(None)
        is_overdue = (of.next_try_at < inactive_since) & of.state.not_in(MANUAL_STATES)
        query = (
            sa.select(of.key)
            .where(of.connection == connection, of.flow == flow, is_active | is_overdue, ~has_job)
            .order_by(of.updated_at)
            .limit(limit)
        )
        async with self._database.reading() as reading:
            return list((await reading.execute(query)).scalars())
