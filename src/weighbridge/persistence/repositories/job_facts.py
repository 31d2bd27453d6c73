"""Job facts: what health checks and metrics read of jobs and workers, each in one query for all connections.

The functions take a connection to the database, because health checks have connections of their own.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.domain.job_types import RECURRING, WHOLE_CONNECTION
from weighbridge.domain.readiness import LateJobs, WorkerHeartbeat
from weighbridge.persistence.tables.work import jobs, workers

OF = jobs.c
IS_PENDING: sa.ColumnElement[bool] = OF.due_at.is_not(None)
IS_RUNNING: sa.ColumnElement[bool] = OF.worker != ""


@dataclass(frozen=True, slots=True)
class JobCounts:
    """The jobs of one flow of one connection."""

    connection: str
    flow: str
    due: int
    """Due and not running."""
    running: int
    late: int
    """Due for longer than allowed."""
    oldest_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class RecurringStart:
    """When a recurring job last started, and when its next run is due."""

    last_started_at: datetime | None
    due_at: datetime | None


async def late_jobs(reading: AsyncConnection, connections: Collection[str], due_before: datetime) -> list[LateJobs]:
    """The jobs that have been due since before `due_before` and have not started, by connection and flow."""
    oldest = sa.func.min(OF.due_at, type_=OF.due_at.type)
    query = (
        sa.select(OF.connection, OF.flow, sa.func.count(), oldest)
        .where(IS_PENDING, OF.due_at < due_before, OF.connection.in_(sorted(connections)))
        .group_by(OF.connection, OF.flow)
    )
    return [LateJobs(*row) for row in (await reading.execute(query)).all()]


async def heartbeats(reading: AsyncConnection) -> list[WorkerHeartbeat]:
    """The workers that take due jobs and have not stopped in good order. Sessions of commands are left out, because
    they only do what they request themselves."""
    of = workers.c
    rows = (await reading.execute(sa.select(of.name, of.heartbeat_at, of.started_at, of.connections))).all()
    return [WorkerHeartbeat(row.name, row.heartbeat_at, row.started_at) for row in rows if row.connections]


async def recurring_starts(
    reading: AsyncConnection, connections: Collection[str]
) -> dict[tuple[str, str], RecurringStart]:
    """The recurring jobs of these connections that are known, by connection and flow."""
    query = sa.select(OF.connection, OF.flow, OF.started_at, OF.due_at).where(
        OF.connection.in_(sorted(connections)), OF.flow.in_(RECURRING), OF.key == WHOLE_CONNECTION
    )
    rows = (await reading.execute(query)).all()
    return {(row.connection, row.flow): RecurringStart(row.started_at, row.due_at) for row in rows}


async def job_counts(reading: AsyncConnection, now: datetime, late_after: timedelta) -> list[JobCounts]:
    """How many jobs are due, running and late, by connection and flow."""
    is_waiting = IS_PENDING & (OF.due_at <= now) & sa.not_(IS_RUNNING)
    is_late = IS_PENDING & (OF.due_at < now - late_after)
    oldest = sa.func.min(sa.case((is_waiting, OF.due_at)), type_=OF.due_at.type)
    query = (
        sa.select(OF.connection, OF.flow, _count(is_waiting), _count(IS_RUNNING), _count(is_late), oldest)
        .where((IS_PENDING & (OF.due_at <= now)) | IS_RUNNING)
        .group_by(OF.connection, OF.flow)
    )
    return [JobCounts(*row) for row in (await reading.execute(query)).all()]


def _count(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.sum(sa.case((condition, 1), else_=0))
