"""The job queue: the only record of which object of which flow is to be evaluated, when, and who does it now.

A row is a job that is due, or will be, or runs. Several requests for one key make one row. A worker claims a job by
writing its session and a new run id into the row, and removes them at the end; a request that comes meanwhile sets the
due time again and causes one more run. Jobs of one key therefore never overlap, and no job is lost between two records.
See docs/adr/0001.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.common.clock import Clock
from weighbridge.domain.job_types import LOWEST_PRIORITY, PRIORITIES, WHOLE_CONNECTION, Flow
from weighbridge.persistence.database import Database
from weighbridge.persistence.tables.work import jobs, workers

CADENCE, MANUAL_CHANGE_POSSIBLE, RUN_FAILED = "cadence", "manual change possible", "run failed"
RECURRING_REASONS = (CADENCE, MANUAL_CHANGE_POSSIBLE)
"""Reasons of jobs that recur by themselves. A command that runs the queue once leaves them to the workers."""


IS_FREE, IS_RUNNING = jobs.c.worker == sa.literal_column("''"), jobs.c.worker != sa.literal_column("''")
"""With constants, by which SQLite recognises the indexes on these rows."""


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
    """Which due jobs a worker may claim."""

    connections: Collection[str]
    others: Collection[str] = ()
    """Connections that are the share of other workers; their jobs are taken when they are due since `others_since`."""
    others_since: datetime | None = None
    excluded_reasons: Sequence[str] = ()
    flows: Collection[str] = ()
    """Only the jobs of these flows; empty: of all."""

    def condition(self, now: datetime) -> sa.ColumnElement[bool]:
        """The rows that may be claimed at `now`."""
        of = jobs.c
        is_due = of.connection.in_(sorted(self.connections)) & (of.due_at <= now)
        if self.others and self.others_since is not None:
            is_due |= of.connection.in_(sorted(self.others)) & (of.due_at <= self.others_since)
        is_of_flow = of.flow.in_(sorted(self.flows)) if self.flows else sa.true()
        return is_due & is_of_flow & IS_FREE & of.reason.not_in(self.excluded_reasons)


NEXT_DUE = sa.bindparam("next_due", type_=jobs.c.due_at.type)
IS_RUN = sa.and_(
    jobs.c.connection == sa.bindparam("of_connection"),
    jobs.c.flow == sa.bindparam("of_flow"),
    jobs.c.key == sa.bindparam("of_key"),
    jobs.c.run == sa.bindparam("of_run"),
)
REMOVE = sa.delete(jobs).where(IS_RUN, jobs.c.due_at.is_(None))
FINISH = sa.update(jobs).where(IS_RUN)
FINISH = FINISH.values(
    worker="",
    run="",
    due_at=sa.case((jobs.c.due_at.is_(None) | (jobs.c.due_at > NEXT_DUE), NEXT_DUE), else_=jobs.c.due_at),
    reason=sa.case((jobs.c.due_at.is_(None), sa.bindparam("next_reason")), else_=jobs.c.reason),
    failures=sa.bindparam("failed_runs"),
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
        await self._database.execute(self._add, _row(connection, flow, key, reason, self._clock.now() + delay))

    async def add(
        self, transaction: AsyncConnection, connection: str, flow: str, key: str, reason: str, due_at: datetime
    ) -> None:
        """`enqueue` inside the caller's transaction, so that the cause and the job are stored together."""
        await transaction.execute(self._add, _row(connection, flow, key, reason, due_at))

    async def bring_forward(self, connection: str, reason: str, apart: timedelta) -> int:
        """Makes the pending jobs of a connection with this reason due from now on, one every `apart` in their order,
        and none later than it was. Returns how many."""
        now, of = self._clock.now(), jobs.c
        query = sa.select(of.flow, of.key, of.due_at).where(
            of.connection == connection, of.reason == reason, of.due_at > now
        )
        async with self._database.transaction() as transaction:
            rows = (await transaction.execute(query.order_by(of.due_at))).all()
            for position, row in enumerate(rows):
                earlier = min(row.due_at, now + position * apart)
                await self.add(transaction, connection, row.flow, row.key, reason, earlier)
        return len(rows)

    async def is_any_due(self, scope: Scope) -> bool:
        """Whether a job can be claimed now. Takes no lock, so a quiet worker disturbs nobody."""
        return await self._exists(scope.condition(self._clock.now()))

    async def is_any_running(self) -> bool:
        """Whether any worker runs a job."""
        return await self._exists(IS_RUNNING)

    async def claim(
        self, session: str, claim: str, limit: int, scope: Scope, *, longest_due_first: bool = False
    ) -> list[Job]:
        """Claims up to `limit` due jobs for `session`: the most urgent flow first, or with `longest_due_first` the job
        that has been due longest. No other claim ever has the name `claim`, with which the run ids begin."""
        now, of = self._clock.now(), jobs.c
        order = (of.due_at,) if longest_due_first else (of.priority, of.due_at)
        query = sa.select(of.connection, of.flow, of.key).where(scope.condition(now)).order_by(*order).limit(limit)
        # Inside a CTE, PostgreSQL runs the query once, so that it never locks more rows than the limit.
        due = query.with_for_update(skip_locked=True).cte("due")  # SQLite has one writer, and leaves the clause out.
        run = sa.literal(f"{claim}:") + of.connection + ":" + of.flow + ":" + of.key
        take = sa.update(jobs).where(sa.tuple_(of.connection, of.flow, of.key).in_(sa.select(due)))
        take = take.values(worker=session, run=run, due_at=None, started_at=now)
        returned = of.connection, of.flow, of.key, of.run, of.failures, of.priority
        rows = await self._database.fetch(take.returning(*returned))
        ordered = sorted(rows, key=lambda row: row.priority)
        return [Job(row.connection, row.flow, row.key, row.run, row.failures) for row in ordered]

    async def finished(
        self, job: Job, next_due: datetime | None = None, next_reason: str = CADENCE, failures: int = 0
    ) -> None:
        """Records the end of a run. The job is due again at `next_due`, or earlier if it was requested meanwhile.
        Idempotent; without effect when another run has the job."""
        row = {"of_connection": job.connection, "of_flow": job.flow, "of_key": job.key, "of_run": job.run}
        if next_due is not None or await self._database.execute(REMOVE, row) == 0:
            end = {"next_due": next_due, "next_reason": next_reason, "failed_runs": failures}
            await self._database.execute(FINISH, row | end)

    async def release_lost(self, session: str, running: Collection[str]) -> int:
        """Makes running jobs due again that nobody runs: those of sessions that are no more, and those of `session`
        that are not `running` because the answer to a claim was lost. Each counts a failure. Returns how many."""
        of, now = jobs.c, sa.bindparam("now", self._clock.now(), type_=jobs.c.due_at.type)
        is_dead = of.worker.not_in(sa.select(workers.c.id))
        is_lost = (of.worker == session) & of.run.not_in(sorted(running))
        release = sa.update(jobs).where(IS_RUNNING, is_dead | is_lost)
        due_at = sa.func.coalesce(of.due_at, now)
        return await self._database.execute(release.values(worker="", run="", due_at=due_at, failures=of.failures + 1))

    async def ensure_recurring(self, cadences: Mapping[tuple[str, Flow], timedelta]) -> None:
        """Makes sure that each recurring job (connection, flow) runs or is due within its cadence, whatever the cadence
        and the clock were when it was requested. Reads once; writes only what is missing or due too late."""
        now, of = self._clock.now(), jobs.c
        connections, flows = {name for name, _ in cadences}, {flow for _, flow in cadences}
        query = sa.select(of.connection, of.flow, of.due_at).where(
            of.connection.in_(sorted(connections)), of.flow.in_(sorted(flows)), of.key == WHOLE_CONNECTION
        )
        async with self._database.reading() as reading:
            known = {(row.connection, row.flow): row for row in (await reading.execute(query)).all()}
        for (connection, flow), cadence in cadences.items():
            row = known.get((connection, flow))
            if row is None:
                await self.enqueue(connection, flow, WHOLE_CONNECTION, "first run")
            elif row.due_at is not None and row.due_at > now + cadence:
                await self.enqueue(connection, flow, WHOLE_CONNECTION, CADENCE, delay=cadence)

    async def _exists(self, condition: sa.ColumnElement[bool]) -> bool:
        async with self._database.reading() as reading:
            return (await reading.execute(sa.select(jobs.c.key).where(condition).limit(1))).first() is not None


def _row(connection: str, flow: str, key: str, reason: str, due_at: datetime) -> dict[str, object]:
    priority = PRIORITIES.get(flow, LOWEST_PRIORITY)
    job: dict[str, object] = {"connection": connection, "flow": flow, "key": key, "priority": priority}
    return job | {"due_at": due_at, "reason": reason}
