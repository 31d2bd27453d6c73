"""The job queue: which object of which flow is to be evaluated, and when.

Webhooks, sweeps, retries and users enqueue jobs. Several requests for one key collapse into one pending job; each
request raises its `requested_seq`. A worker claims a job, starts it in the durable engine under
`flow:connection:key:requested_seq`, and records its end here. Jobs of one key never overlap: while one is running, the
next cannot be claimed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.common.clock import Clock, seconds_between
from weighbridge.persistence.database import Database
from weighbridge.persistence.tables.work import jobs

SEQUENCE_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
"""The `requested_seq` of a new row starts at the seconds since then. A row that was lost and is inserted again
therefore never repeats the id of a run that the engine has finished."""


CADENCE, MANUAL_CHANGE_POSSIBLE = "cadence", "manual change possible"
RECURRING_REASONS = (CADENCE, MANUAL_CHANGE_POSSIBLE)
"""Reasons of jobs that recur by themselves. A command that runs the queue once leaves them to the workers."""


@dataclass(frozen=True, slots=True)
class Job:
    """One job of one flow and key."""

    connection: str
    flow: str
    key: str
    requested_seq: int

    @property
    def run_id(self) -> str:
        """The id under which this job runs exactly once."""
        return f"{self.flow}:{self.connection}:{self.key}:{self.requested_seq}"


@dataclass(frozen=True, slots=True)
class DueJob(Job):
    """A job that is due."""

    due_at: datetime


DUE = (
    sa.select(jobs.c.connection, jobs.c.flow, jobs.c.key, jobs.c.requested_seq, jobs.c.due_at)
    .where(
        jobs.c.due_at <= sa.bindparam("timestamp", type_=jobs.c.due_at.type),
        jobs.c.requested_seq > jobs.c.claimed_seq,
        jobs.c.running_seq == 0,
        jobs.c.reason.not_in(sa.bindparam("excluded_reasons", expanding=True)),
    )
    .order_by(jobs.c.due_at)
    .limit(sa.bindparam("max_rows"))
)
REQUESTED_SEQ: sa.BindParameter[int] = sa.bindparam("job_requested_seq", type_=sa.Integer)
JOB_ROW = sa.and_(
    jobs.c.connection == sa.bindparam("job_connection"),
    jobs.c.flow == sa.bindparam("job_flow"),
    jobs.c.key == sa.bindparam("job_key"),
)
CLAIM = (
    sa.update(jobs)
    .where(JOB_ROW, jobs.c.claimed_seq < REQUESTED_SEQ, jobs.c.running_seq == 0)
    .values(claimed_seq=REQUESTED_SEQ, running_seq=REQUESTED_SEQ, worker=sa.bindparam("job_worker"))
)
IS_RUNNING_JOB = sa.and_(JOB_ROW, jobs.c.running_seq == REQUESTED_SEQ)
JOB_WORKER: sa.BindParameter[str] = sa.bindparam("job_worker", type_=sa.String)
START = sa.update(jobs).where(IS_RUNNING_JOB).values(worker=JOB_WORKER)
FINISH = sa.update(jobs).where(IS_RUNNING_JOB).values(running_seq=0)
RETURN_TO_QUEUE = (
    sa.update(jobs)
    .where(IS_RUNNING_JOB, jobs.c.worker == JOB_WORKER)
    .values(running_seq=0, requested_seq=jobs.c.requested_seq + 1)
)


class JobQueue:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        insert = database.insert(jobs)
        stored, new = jobs.c, insert.excluded
        is_pending = stored.requested_seq > stored.claimed_seq
        is_pending_earlier = is_pending & (stored.due_at < new.due_at)
        self._add = insert.on_conflict_do_update(
            index_elements=[column.name for column in jobs.primary_key],
            set_={
                "requested_seq": stored.requested_seq + 1,
                "due_at": sa.case((is_pending_earlier, stored.due_at), else_=new.due_at),
                "reason": sa.case((is_pending & (new.reason == CADENCE), stored.reason), else_=new.reason),
            },
        )

    async def enqueue(
        self, connection: str, flow: str, key: str, reason: str, *, delay: timedelta = timedelta(0)
    ) -> None:
        """Requests a job for `key`, due after `delay`, or earlier when a pending job is due earlier."""
        async with self._database.transaction() as transaction:
            await self.add(transaction, connection, flow, key, reason, self._clock.now() + delay)

    async def add(
        self, transaction: AsyncConnection, connection: str, flow: str, key: str, reason: str, due_at: datetime
    ) -> None:
        """`enqueue` inside the caller's transaction, so that the cause and the job are stored together."""
        row = {
            "connection": connection,
            "flow": flow,
            "key": key,
            "requested_seq": int(seconds_between(SEQUENCE_EPOCH, self._clock.now())),
            "claimed_seq": 0,
            "due_at": due_at,
            "reason": reason,
        }
        await transaction.execute(self._add, row)

    async def due(self, limit: int, *, excluded_reasons: Sequence[str] = ()) -> list[DueJob]:
        """The jobs that can be claimed now, longest due first, without those whose reason is in `excluded_reasons`."""
        parameters = {"timestamp": self._clock.now(), "max_rows": limit, "excluded_reasons": excluded_reasons}
        async with self._database.reading() as connection:
            rows = (await connection.execute(DUE, parameters)).all()
        return [DueJob(row.connection, row.flow, row.key, row.requested_seq, row.due_at) for row in rows]

    async def claim(self, due_jobs: Sequence[Job], worker: str) -> list[Job]:
        """Claims these jobs for `worker`; returns those that no other worker has claimed meanwhile."""
        claimed: list[Job] = []
        async with self._database.transaction() as transaction:
            for job in due_jobs:
                result = await transaction.execute(CLAIM, _row(job) | {"job_worker": worker})
                claimed += [job] if result.rowcount else []
        return claimed

    async def started(self, job: Job, worker: str) -> bool:
        """Records that `worker` runs a claimed job; False when that job is not the running one."""
        return bool(await self._database.execute(START, _row(job) | {"job_worker": worker}))

    async def finished(self, job: Job) -> None:
        """Records the end of a job; the next job of the same key can then be claimed. Idempotent."""
        await self._database.execute(FINISH, _row(job))

    async def return_to_queue(self, job: Job, worker: str) -> None:
        """Returns a job that `worker` claimed, as a new request: a run of the old job that starts late finds that it
        is superseded."""
        await self._database.execute(RETURN_TO_QUEUE, _row(job) | {"job_worker": worker})

    async def running(self, worker: str) -> list[Job]:
        """The jobs that `worker` claimed and whose end is not recorded."""
        query = sa.select(jobs.c.connection, jobs.c.flow, jobs.c.key, jobs.c.running_seq).where(
            jobs.c.running_seq > 0, jobs.c.worker == worker
        )
        async with self._database.reading() as reading:
            return [Job(*row) for row in (await reading.execute(query)).all()]

    async def workers_with_running_jobs(self) -> frozenset[str]:
        """The workers that have running jobs."""
        query = sa.select(jobs.c.worker).where(jobs.c.running_seq > 0).distinct()
        async with self._database.reading() as reading:
            return frozenset((await reading.execute(query)).scalars())

    async def any_running(self) -> bool:
        """Whether any worker has a running job."""
        query = sa.select(jobs.c.key).where(jobs.c.running_seq > 0).limit(1)
        async with self._database.reading() as reading:
            return (await reading.execute(query)).first() is not None

    async def reclaim(self, dead_workers: Collection[str], worker: str) -> None:
        """Gives `worker` the jobs that dead workers claimed and did not finish."""
        is_theirs = (jobs.c.running_seq > 0) & jobs.c.worker.in_(sorted(dead_workers))
        await self._database.execute(sa.update(jobs).where(is_theirs).values(worker=worker))

    async def ensure_recurring(self, connection: str, flow: str, key: str, overdue_after: timedelta) -> None:
        """Enqueues a recurring job when it is missing or has not been requested for longer than `overdue_after`."""
        now = self._clock.now()
        query = sa.select(jobs.c.due_at, jobs.c.requested_seq, jobs.c.claimed_seq).where(
            jobs.c.connection == connection, jobs.c.flow == flow, jobs.c.key == key
        )
        async with self._database.reading() as reading:
            row = (await reading.execute(query)).one_or_none()
        if row is None:
            await self.enqueue(connection, flow, key, "first run")
        elif row.requested_seq == row.claimed_seq and row.due_at + overdue_after < now:
            await self.enqueue(connection, flow, key, "overdue")

    async def pending_count(self, connection: str, flow: str) -> int:
        """How many jobs of a flow are requested and not yet claimed, due or not."""
        query = sa.select(sa.func.count()).where(
            jobs.c.connection == connection, jobs.c.flow == flow, jobs.c.requested_seq > jobs.c.claimed_seq
        )
        async with self._database.reading() as reading:
            return int((await reading.execute(query)).scalar_one())


def _row(job: Job) -> dict[str, object]:
    return {
        "job_connection": job.connection,
        "job_flow": job.flow,
        "job_key": job.key,
        "job_requested_seq": job.requested_seq,
    }
