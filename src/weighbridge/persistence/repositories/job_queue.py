"""The job queue: the only record of which object of which flow is to be evaluated, when, and who does it now.

A row is a job that is due, or will be, or runs. Several requests for one key make one row. A worker claims a job by
writing its name and a new run id into the row, and removes them at the end; a request that comes meanwhile sets the due
time again and causes one more run. Jobs of one key therefore never overlap, and a job cannot be lost between two
records. See docs/adr/0001.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.common.clock import Clock
from weighbridge.domain.job_types import WHOLE_CONNECTION, Flow, priority_of
from weighbridge.persistence.database import Database
from weighbridge.persistence.tables.work import jobs

CADENCE, MANUAL_CHANGE_POSSIBLE = "cadence", "manual change possible"
RECURRING_REASONS = (CADENCE, MANUAL_CHANGE_POSSIBLE)
"""Reasons of jobs that recur by themselves. A command that runs the queue once leaves them to the workers."""


@dataclass(frozen=True, slots=True)
class Job:
    """One job of one flow and key, as a worker claimed it."""

    connection: str
    flow: str
    key: str
    run: str
    """The id of this run, which no other run ever has."""
    failures: int = 0
    """How many runs in a row failed or crashed their worker before this one."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which jobs a worker may claim now."""

    connections: Collection[str]
    """Connections whose due jobs it takes."""
    shared: Collection[str] = ()
    """Connections of other workers; it takes their jobs only when they have waited since before `shared_since`."""
    shared_since: datetime | None = None
    excluded_reasons: Sequence[str] = ()

    def condition(self, now: datetime) -> sa.ColumnElement[bool]:
        """The rows that may be claimed at `now`."""
        of = jobs.c
        is_own = of.connection.in_(sorted(self.connections)) & (of.due_at <= now)
        if self.shared and self.shared_since is not None:
            is_own |= of.connection.in_(sorted(self.shared)) & (of.due_at <= self.shared_since)
        may = (of.worker == "") & is_own
        return may & of.reason.not_in(self.excluded_reasons) if self.excluded_reasons else may


ROW = sa.and_(
    jobs.c.connection == sa.bindparam("of_connection"),
    jobs.c.flow == sa.bindparam("of_flow"),
    jobs.c.key == sa.bindparam("of_key"),
    jobs.c.run == sa.bindparam("of_run"),
)
KEY = sa.tuple_(jobs.c.connection, jobs.c.flow, jobs.c.key)
FREE = {"worker": "", "run": ""}
NEXT_DUE = sa.bindparam("next_due", type_=jobs.c.due_at.type)
FINISH = sa.delete(jobs).where(ROW, jobs.c.due_at.is_(None))
FINISH_AND_KEEP = (
    sa.update(jobs)
    .where(ROW)
    .values(
        **FREE,
        due_at=sa.func.coalesce(jobs.c.due_at, NEXT_DUE, type_=jobs.c.due_at.type),
        reason=sa.case((jobs.c.due_at.is_(None), sa.bindparam("next_reason")), else_=jobs.c.reason),
        failures=sa.bindparam("now_failed"),
    )
)


class JobQueue:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        insert = database.insert(jobs)
        stored, new = jobs.c, insert.excluded
        is_pending = stored.due_at.is_not(None)
        self._add = insert.on_conflict_do_update(
            index_elements=[column.name for column in jobs.primary_key],
            set_={
                "due_at": sa.case((is_pending & (stored.due_at < new.due_at), stored.due_at), else_=new.due_at),
                "reason": sa.case((is_pending & (new.reason == CADENCE), stored.reason), else_=new.reason),
            },
        )

    async def enqueue(
        self, connection: str, flow: str, key: str, reason: str, *, delay: timedelta = timedelta(0)
    ) -> None:
        """Requests a job for `key`, due after `delay`, or earlier when a pending job is due earlier."""
        await self._database.execute(self._add, _new(connection, flow, key, reason, self._clock.now() + delay))

    async def add(
        self, transaction: AsyncConnection, connection: str, flow: str, key: str, reason: str, due_at: datetime
    ) -> None:
        """`enqueue` inside the caller's transaction, so that the cause and the job are stored together."""
        await transaction.execute(self._add, _new(connection, flow, key, reason, due_at))

    async def is_any_due(self, scope: Scope) -> bool:
        """Whether a job can be claimed now. Takes no lock, so a quiet worker disturbs nobody."""
        query = sa.select(jobs.c.key).where(scope.condition(self._clock.now())).limit(1)
        async with self._database.reading() as reading:
            return (await reading.execute(query)).first() is not None

    async def claim(
        self, worker: str, claim: str, limit: int, scope: Scope, *, longest_due_first: bool = False
    ) -> list[Job]:
        """Claims up to `limit` due jobs for `worker`: the most urgent flow first, or with `longest_due_first` the job
        that has been due longest. `claim` is a name that no other claim ever has; the run ids begin with it."""
        now, of = self._clock.now(), jobs.c
        order = (of.due_at,) if longest_due_first else (of.priority, of.due_at)
        due = sa.select(of.connection, of.flow, of.key).where(scope.condition(now)).order_by(*order).limit(limit)
        if not self._database.is_sqlite:
            due = due.with_for_update(skip_locked=True)
        run = sa.literal(f"{claim}:").concat(of.flow).concat(":").concat(of.key)
        take = (
            sa.update(jobs)
            .where(KEY.in_(due))
            .values(worker=worker, run=run, due_at=None, started_at=now)
            .returning(of.connection, of.flow, of.key, of.run, of.failures, of.priority)
        )
        async with self._database.transaction() as transaction:
            rows = (await transaction.execute(take)).all()
        return [Job(*row[:5]) for row in sorted(rows, key=lambda row: row.priority)]

    async def finished(self, job: Job) -> None:
        """Records the end of a run. If the job was requested again meanwhile, it stays due. Idempotent."""
        if await self._database.execute(FINISH, _row(job)) == 0:
            await self._keep(job, None, "", failures=0)

    async def finished_until(self, job: Job, next_due: datetime) -> None:
        """Records the end of a run of a recurring job, which is due again at `next_due` unless it already is."""
        await self._keep(job, next_due, CADENCE, failures=0)

    async def failed(self, job: Job, next_due: datetime) -> None:
        """Records that a run failed; the job is due again at `next_due` unless it already is."""
        await self._keep(job, next_due, "its run failed", failures=job.failures + 1)

    async def _keep(self, job: Job, next_due: datetime | None, reason: str, *, failures: int) -> None:
        values = {"next_due": next_due, "next_reason": reason, "now_failed": failures}
        await self._database.execute(FINISH_AND_KEEP, _row(job) | values)

    async def release_unknown(self, worker: str, running: Collection[str]) -> int:
        """Makes the jobs due that `worker` claimed but does not run, because the answer to its claim was lost."""
        return await self._database.execute(_release(jobs.c.worker == worker, self._clock.now(), running))

    async def any_running(self) -> bool:
        """Whether any worker runs a job."""
        query = sa.select(jobs.c.key).where(jobs.c.worker != "").limit(1)
        async with self._database.reading() as reading:
            return (await reading.execute(query)).first() is not None

    async def ensure_recurring(self, cadences: Mapping[tuple[str, Flow], timedelta]) -> None:
        """Makes sure that each recurring job (connection, flow) is due, and at the latest one cadence after its last
        start, whatever cadence it had when it was requested. Reads once; writes only what is missing or too late."""
        now, of = self._clock.now(), jobs.c
        query = sa.select(of.connection, of.flow, of.due_at, of.started_at, of.worker, of.reason).where(
            of.key == WHOLE_CONNECTION, of.flow.in_(sorted({flow for _, flow in cadences}))
        )
        async with self._database.reading() as reading:
            known = {(row.connection, Flow(row.flow)): row for row in (await reading.execute(query)).all()}
        for (connection, flow), cadence in cadences.items():
            row = known.get((connection, flow))
            if row is None:
                await self.enqueue(connection, flow, WHOLE_CONNECTION, "first run")
            elif not row.worker and (row.due_at is None or row.reason == CADENCE):
                latest = max(now, (row.started_at or now) + cadence)
                if row.due_at is None or row.due_at > latest:
                    await self.enqueue(connection, flow, WHOLE_CONNECTION, CADENCE, delay=latest - now)

    async def pending_count(self, connection: str, flow: str) -> int:
        """How many jobs of a flow are requested and not yet started, due or not."""
        query = sa.select(sa.func.count()).where(
            jobs.c.connection == connection, jobs.c.flow == flow, jobs.c.due_at.is_not(None)
        )
        async with self._database.reading() as reading:
            return int((await reading.execute(query)).scalar_one())


async def release_jobs(transaction: AsyncConnection, worker: str, now: datetime) -> int:
    """Makes the jobs due that a dead worker was running; each counts one more failure. Returns how many."""
    released = await transaction.execute(_release(jobs.c.worker == worker, now, ()))
    return released.rowcount


def _release(where: sa.ColumnElement[bool], now: datetime, running: Collection[str]) -> sa.Update:
    is_lost = where & jobs.c.run.not_in(sorted(running)) if running else where
    due_at = sa.func.coalesce(jobs.c.due_at, sa.bindparam("now", now, type_=jobs.c.due_at.type))
    return sa.update(jobs).where(is_lost).values(**FREE, due_at=due_at, failures=jobs.c.failures + 1)


def _new(connection: str, flow: str, key: str, reason: str, due_at: datetime) -> dict[str, object]:
    return {
        "connection": connection,
        "flow": flow,
        "key": key,
        "priority": priority_of(flow),
        "due_at": due_at,
        "reason": reason,
    }


def _row(job: Job) -> dict[str, object]:
    return {"of_connection": job.connection, "of_flow": job.flow, "of_key": job.key, "of_run": job.run}
