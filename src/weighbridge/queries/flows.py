"""Flows: scheduled jobs with their cadence and lag, posted objects, retries, and API calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from weighbridge.app.context import AppContext
from weighbridge.app.jobs import cadence_of
from weighbridge.domain.job_types import BY_FLOW, OBJECT_FLOWS, RECURRING, WHOLE_CONNECTION
from weighbridge.persistence.repositories.transfers import State
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.persistence.tables.work import attempts, jobs
from weighbridge.queries.flow_charts import (
    HOUR_MICROSECONDS,
    Calls,
    calls_of,
    hour_number,
    last_hours,
    repeated_by_hour,
)


@dataclass(frozen=True, slots=True)
class ScheduledJob:
    """A recurring job of a connection."""

    connection: str
    flow: str
    name: str
    cadence: timedelta | None
    last_at: datetime | None
    duration: timedelta | None
    next_at: datetime | None
    state: str
    reason: str

    def lag(self, now: datetime) -> timedelta | None:
        """How far it is overdue; None while it is on time."""
        overdue = now - self.next_at if self.next_at is not None else timedelta(0)
        return overdue if overdue > timedelta(minutes=1) else None


@dataclass(frozen=True, slots=True)
class Volume:
    """The objects of a flow: posted, retried, waiting and held."""

    connection: str
    flow: str
    name: str
    by_hour: tuple[int, ...]
    """Posted in each of the last 24 hours, oldest first."""
    repeated_by_hour: tuple[int, ...]
    """Attempts in each of these hours that were interrupted, so that the object is retried or waits."""
    waiting: int
    held: int
    due_jobs: int
    """Due jobs that no worker has started."""
    oldest: datetime | None
    """When the oldest of these jobs was due."""


@dataclass(frozen=True, slots=True)
class Flows:
    """Everything on the page."""

    scheduled_jobs: tuple[ScheduledJob, ...]
    volumes: tuple[Volume, ...]
    calls: tuple[Calls, ...]
    hours: tuple[datetime, ...]
    """The start of each hour in the counts."""


async def flows_of(app: AppContext) -> Flows:
    """The flows of every connection in the last 24 hours."""
    now = app.clock.now()
    hours = last_hours(now)
    return Flows(
        scheduled_jobs=await _scheduled_jobs(app),
        volumes=await _volumes(app, hours, now),
        calls=await calls_of(app, hours),
        hours=hours,
    )


async def _scheduled_jobs(app: AppContext) -> tuple[ScheduledJob, ...]:
    of = transfers.c
    query = sa.select(of.id, of.connection, of.flow, of.state, of.reason).where(
        of.connection.in_(sorted(app.connections)), of.flow.in_(RECURRING), of.key == WHOLE_CONNECTION
    )
    due = sa.select(jobs.c.connection, jobs.c.flow, jobs.c.due_at).where(
        jobs.c.flow.in_(RECURRING), jobs.c.key == WHOLE_CONNECTION, jobs.c.due_at.is_not(None)
    )
    async with app.database.reading() as reading:
        known = {(row.connection, row.flow): row for row in (await reading.execute(query)).all()}
        next_at = {(row.connection, row.flow): row.due_at for row in (await reading.execute(due)).all()}
        last = {row.id: await _last(app, row.id) for row in known.values()}
    scheduled_jobs = []
    for name, connection in app.connections.items():
        for flow in RECURRING:
            row = known.get((name, flow))
            last_at, duration = last[row.id] if row is not None else (None, None)
            if row is None and (name, flow) not in next_at:
                continue
            scheduled_jobs.append(
                ScheduledJob(
                    name, flow, BY_FLOW[flow].label, cadence_of(connection, flow), last_at, duration,
                    next_at.get((name, flow)), row.state if row is not None else "",
                    row.reason if row is not None else "",
                )
            )  # fmt: skip
    return tuple(scheduled_jobs)


async def _last(app: AppContext, transfer_id: str) -> tuple[datetime | None, timedelta | None]:
    """When the latest attempt ended, and how long it took."""
    of = attempts.c
    query = (
        sa.select(of.started_at, of.finished_at)
        .where(of.transfer_id == transfer_id, of.finished_at.is_not(None))
        .order_by(of.started_at.desc())
        .limit(1)
    )
    async with app.database.reading() as reading:
        row = (await reading.execute(query)).one_or_none()
    return (None, None) if row is None else (row.finished_at, row.finished_at - row.started_at)


async def _volumes(app: AppContext, hours: Sequence[datetime], now: datetime) -> tuple[Volume, ...]:
    of, job = transfers.c, jobs.c
    hour = sa.type_coerce(of.posted_at, sa.BigInteger) // HOUR_MICROSECONDS
    posted = (
        sa.select(of.connection, of.flow, hour.label("hour"), sa.func.count())
        .where(of.posted_at >= hours[0], of.flow.in_(OBJECT_FLOWS))
        .group_by(of.connection, of.flow, hour)
    )
    in_progress = (
        sa.select(of.connection, of.flow, of.state, sa.func.count())
        .where(of.state.in_([State.WAITING, State.NEW, State.HELD]), of.flow.in_(OBJECT_FLOWS))
        .group_by(of.connection, of.flow, of.state)
    )
    due = (
        sa.select(job.connection, job.flow, sa.func.count(), sa.func.min(job.due_at))
        .where(job.due_at <= now, job.flow.in_(OBJECT_FLOWS))
        .group_by(job.connection, job.flow)
    )
    async with app.database.reading() as reading:
        posted_by = {(name, flow, at): number for name, flow, at, number in (await reading.execute(posted)).all()}
        count_of = {
            (name, flow, state): number for name, flow, state, number in (await reading.execute(in_progress)).all()
        }
        due_by = {(name, flow): (number, at) for name, flow, number, at in (await reading.execute(due)).all()}
    repeated, none = await repeated_by_hour(app, hours, OBJECT_FLOWS), (0,) * len(hours)
    return tuple(
        Volume(
            name, flow, BY_FLOW[flow].label, tuple(posted_by.get((name, flow, hour_number(at)), 0) for at in hours),
            repeated.get((name, flow), none),
            count_of.get((name, flow, "waiting"), 0) + count_of.get((name, flow, "new"), 0),
            count_of.get((name, flow, "held"), 0), *due_by.get((name, flow), (0, None)),
        )
        for name in app.connections
        for flow in OBJECT_FLOWS
    )  # fmt: skip
