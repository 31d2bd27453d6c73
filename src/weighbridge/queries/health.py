"""Health: whether this process can do its work now, and if not, why.

The check never waits for a busy pool, a lock or a dead server: it has connections of its own and a time limit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.app.jobs import cadence_of, is_enabled
from weighbridge.common.cache import Cache
from weighbridge.common.clock import REAL_CLOCK, Clock
from weighbridge.design.monitoring import Monitoring
from weighbridge.design.schema import Connection
from weighbridge.domain.job_types import RECURRING
from weighbridge.domain.readiness import (
    ProblemId,
    ReadinessProblem,
    RecurringJob,
    clock_problems,
    late_job_problems,
    missed_job_problems,
    worker_problems,
)
from weighbridge.persistence.database import Database, DatabaseError
from weighbridge.persistence.database_health import DatabaseHealth
from weighbridge.persistence.database_reasons import problem_of
from weighbridge.persistence.monitoring_database import MonitoringDatabase
from weighbridge.persistence.repositories import job_facts
from weighbridge.platforms.clock_offsets import ClockOffsets

log = structlog.get_logger()

CACHE_WALL_SECONDS = 1.0
LONGEST_CHECK_WALL_SECONDS = 6.0
LONGEST_POOL_WAIT_WALL_SECONDS = 1.0
ALIVE_WITHIN = timedelta(seconds=30)
"""How old the heartbeat of a living worker may be, by the database server's clock."""
UNREADABLE = frozenset(
    {ProblemId.DATABASE_UNREACHABLE, ProblemId.DATABASE_BROKEN, ProblemId.DATABASE_SCHEMA, ProblemId.CHECK_FAILED}
)
"""Problems after which nothing can be read from the database."""
IN_USE = ReadinessProblem(
    ProblemId.CONNECTIONS_EXHAUSTED,
    "All database connections of this process are in use; find out which requests or jobs hang.",
)
PLATFORM_NAMES = {"bigcommerce": "BigCommerce", "cin7": "Cin7 Core"}


@dataclass(slots=True)
class Watched:
    """What one process watches."""

    connections: Mapping[str, Connection]
    settings: Monitoring
    database: Database
    """The pool with which the process does its work."""
    monitoring_database: MonitoringDatabase
    clock: Clock
    wall_clock: Clock = REAL_CLOCK
    clock_offsets: ClockOffsets = field(default_factory=ClockOffsets)
    account_ids: Mapping[str, str] = field(default_factory=dict)
    """Connection -> id of its Cin7 account; connections whose id cannot be read are missing."""


class Readiness:
    """Whether one process is ready; an answer is at most a second old."""

    def __init__(self, watched: Watched) -> None:
        self._watched = watched
        self._database_health = DatabaseHealth(watched.monitoring_database, watched.settings.free_megabytes)
        self._cache = Cache()
        self._check: asyncio.Task[tuple[ReadinessProblem, ...]] | None = None
        self._pool_check: asyncio.Task[None] | None = None

    async def problems(self) -> tuple[ReadinessProblem, ...]:
        """Everything that keeps the process from working now; empty when it is ready."""
        return await self._cache.get_or_compute("problems", CACHE_WALL_SECONDS, self._problems_in_time)

    async def _problems_in_time(self) -> tuple[ReadinessProblem, ...]:
        """The problems, within the time limit. A check that takes longer goes on and is not cancelled: a statement that
        is cancelled in the middle may leave its lock behind."""
        if self._check is None:
            self._check = asyncio.create_task(self._all_problems())
        if not await _ends_within(self._check, LONGEST_CHECK_WALL_SECONDS):
            sentence = f"The check has not ended within {LONGEST_CHECK_WALL_SECONDS:g} seconds; the database hangs."
            return (ReadinessProblem(ProblemId.CHECK_TIMED_OUT, sentence),)
        check, self._check = self._check, None
        return check.result()

    async def _all_problems(self) -> tuple[ReadinessProblem, ...]:
        try:
            problems = await self._database_health.problems()
            if UNREADABLE.isdisjoint(problem.id for problem in problems):
                problems += await self._problems_of_work()
                problems += await self._pool_problems()
        except Exception as error:
            log.exception("health_check_failed")
            sentence = f"The check itself failed ({type(error).__name__}); the log of this process has the details."
            problems = [ReadinessProblem(ProblemId.CHECK_FAILED, sentence)]
        return tuple(problems)

    async def _problems_of_work(self) -> list[ReadinessProblem]:
        watched, late_after = self._watched, self._watched.settings.late_after
        now = watched.clock.now()
        try:
            async with watched.monitoring_database.reading() as reading:
                heartbeats = await job_facts.heartbeats(reading)
                server_time = await watched.database.server_time(reading)
                late = await job_facts.late_jobs(reading, watched.connections, now - late_after)
                recurring_jobs = await recurring_jobs_of(watched, reading)
                offsets = await clock_offsets_of(watched, reading)
        except (DatabaseError, OSError) as error:
            return [problem_of(error, watched.database.url)]
        return [
            *worker_problems(heartbeats, server_time, ALIVE_WITHIN),
            *late_job_problems(late, now, late_after),
            *missed_job_problems(recurring_jobs, now, late_after),
            *clock_problems(offsets),
        ]

    async def _pool_problems(self) -> list[ReadinessProblem]:
        """Whether the process itself gets a connection. The attempt goes on until it does; there is only one."""
        if self._pool_check is None:
            self._pool_check = asyncio.create_task(_use(self._watched.database))
        if not await _ends_within(self._pool_check, LONGEST_POOL_WAIT_WALL_SECONDS):
            return [IN_USE]
        check, self._pool_check = self._pool_check, None
        # A connection of the pool that broke is replaced at its next use, so only a pool without one is a problem.
        return [IN_USE] if isinstance(check.exception(), sa.exc.TimeoutError) else []


async def recurring_jobs_of(watched: Watched, reading: AsyncConnection) -> list[RecurringJob]:
    """The recurring jobs that the designs ask for."""
    starts = await job_facts.recurring_starts(reading, watched.connections)
    up_since = min((worker.started_at for worker in await job_facts.heartbeats(reading)), default=None)
    recurring_jobs = []
    for name, connection in watched.connections.items():
        for flow in RECURRING:
            cadence = cadence_of(connection, flow)
            if cadence is None or not is_enabled(connection, flow):
                continue
            start = starts.get((name, flow))
            last_started_at, due_at = (start.last_started_at, start.due_at) if start else (None, None)
            recurring_jobs.append(RecurringJob(name, flow, cadence, last_started_at, due_at or up_since))
    return recurring_jobs


async def clock_offsets_of(watched: Watched, reading: AsyncConnection) -> dict[str, timedelta]:
    """The time of every known reference less this machine's: the platforms, and the database server if there is one."""
    offsets = {PLATFORM_NAMES.get(name, name): offset for name, offset in watched.clock_offsets.by_platform().items()}
    if not watched.database.is_sqlite:
        asked_at = watched.wall_clock.now()
        server_time = await watched.database.server_time(reading)
        answered_at = watched.wall_clock.now()
        offsets["the database server"] = server_time - asked_at - (answered_at - asked_at) / 2
    return offsets


async def _use(database: Database) -> None:
    async with database.reading() as reading:
        await reading.execute(sa.select(1))


async def _ends_within(work: asyncio.Task[object] | asyncio.Task[None], wall_seconds: float) -> bool:
    done, _ = await asyncio.wait({work}, timeout=wall_seconds)
    return bool(done)
