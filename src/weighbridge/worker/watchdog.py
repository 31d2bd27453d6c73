"""The watchdog: reports due jobs that do not start.

It is no job, so it works while every slot is taken. It reads on connections of its own, so it also works while the
pool is exhausted or another program has locked the database.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

import structlog

from weighbridge.domain.readiness import LateJobs, duration
from weighbridge.flows.context import ConnectionContext
from weighbridge.monitors import late_jobs
from weighbridge.monitors.runner import run_monitor
from weighbridge.persistence.repositories import job_facts
from weighbridge.queries.health import Watched

log = structlog.get_logger()

OBSERVE_WALL_SECONDS = 2.0
REPORT_WALL_SECONDS = 10.0
REMIND_WALL_SECONDS = 900.0


class Watchdog:
    """Watches the jobs of one installation."""

    def __init__(self, watched: Watched, contexts: Mapping[str, ConnectionContext]) -> None:
        self._watched = watched
        self._contexts = contexts
        self._logged: dict[tuple[str, str], float] = {}
        """(connection, flow) of late jobs -> when that was logged."""
        self._late: frozenset[str] = frozenset()
        """The connections with late jobs."""
        self._reported: frozenset[str] = frozenset()

    async def observe(self) -> None:
        """Logs each flow whose jobs begin to be late, again while they are, and when they are no longer."""
        now, late_after = self._watched.clock.now(), self._watched.settings.late_after
        async with self._watched.monitoring_database.reading() as reading:
            late = await job_facts.late_jobs(reading, self._watched.connections, now - late_after)
        self._late = frozenset(jobs.connection for jobs in late)
        for jobs in late:
            self._log_late(jobs, duration(now - jobs.oldest_due_at))
        for connection, flow in self._logged.keys() - {(jobs.connection, jobs.flow) for jobs in late}:
            del self._logged[connection, flow]
            log.info("jobs_on_time", connection=connection, flow=flow)

    async def report(self) -> None:
        """Opens exceptions of the monitor `late_jobs` without waiting for its job, and closes them afterwards."""
        affected, self._reported = self._late | self._reported, self._late
        for name in sorted(affected & self._contexts.keys()):
            await run_monitor(self._contexts[name], late_jobs.MONITOR)

    def _log_late(self, jobs: LateJobs, waited: str) -> None:
        logged_at = self._logged.get((jobs.connection, jobs.flow))
        if logged_at is not None and time.monotonic() - logged_at < REMIND_WALL_SECONDS:
            return
        self._logged[jobs.connection, jobs.flow] = time.monotonic()
        log.error("jobs_late", connection=jobs.connection, flow=jobs.flow, jobs=jobs.jobs, waited=waited)
