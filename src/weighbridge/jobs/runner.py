"""The job runner of one worker: claims due jobs, runs each as a task, and records how it ended.

A run may be cut off anywhere and is then done again from its start, so every handler is safe to repeat: writes to a
platform go through `flows/idempotent_write.py`. See docs/adr/0001.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Generic, TypeVar

import structlog

from weighbridge.common.clock import Clock
from weighbridge.domain.job_types import Flow
from weighbridge.persistence.database_reasons import is_temporary, reason_of
from weighbridge.persistence.repositories.job_queue import CADENCE, RUN_FAILED, Job, JobQueue, Scope

log = structlog.get_logger()

Context = TypeVar("Context")
"""What a job works with: the connection's context, of which this module knows nothing."""
FAIR_CLAIM = 4
"""Each fourth claim takes the job that has been due longest, whatever its priority, so that none waits for ever."""
MAX_FAILURES = 20
"""Failed or crashed runs in a row after which a job is given up; restarts cause a few, never so many."""
FIRST_DELAY, LONGEST_DELAY = timedelta(minutes=1), timedelta(hours=1)
"""When a failed job is due again; the delay doubles with every failure."""
RETRY_WALL_SECONDS = 1.0
_current_run: ContextVar[str] = ContextVar("current_run", default="")


def current_run() -> str:
    """The id of the run that executes the caller; empty outside a job."""
    return _current_run.get()


@dataclass(frozen=True, slots=True)
class JobTypes(Generic[Context]):
    """What the runner must know of the jobs: who does them, and when a recurring one is due again."""

    handlers: Mapping[Flow, Callable[[Context, str], Coroutine[object, object, str]]]
    """Each does a job: takes the context and the key, and returns in a few words how it ended."""
    next_run: Callable[[Context, Job], timedelta | None]
    """How long after its end a recurring job is due again; None for a job that does not recur."""
    give_up: Callable[[Context, Job], Coroutine[object, object, None]]
    """Holds the object of a job whose runs fail one after the other, for a person."""


class JobRunner(Generic[Context]):
    """Runs the jobs of one worker, at most `concurrency` at the same time."""

    def __init__(
        self, job_queue: JobQueue, clock: Clock, session: str, job_types: JobTypes[Context], *, concurrency: int
    ) -> None:
        self._job_queue = job_queue
        self._clock = clock
        self._session = session
        self._job_types = job_types
        self._concurrency = concurrency
        self.contexts: Mapping[str, Context] = {}
        self.scope = Scope(())
        """Which jobs are claimed; the worker changes it as workers come and go."""
        self.slot_freed = asyncio.Event()
        """Set when a job has finished."""
        self._running: dict[str, asyncio.Task[None]] = {}
        self._claims = 0
        self._claiming = asyncio.Lock()
        self._is_rush = False
        """Whether the last claim got all that it asked for, so that more jobs are probably due."""

    async def start_due(self) -> None:
        """Claims and starts due jobs while there are free slots."""
        while free_slots := self._concurrency - len(self._running):
            if not self._is_rush and not await self._job_queue.is_any_due(self.scope):
                return
            async with self._claiming:
                self._claims += 1
                is_fair = self._claims % FAIR_CLAIM == 0
                limit, claim = 1 if is_fair else free_slots, f"{self._session}.{self._claims}"
                claimed = await self._job_queue.claim(
                    self._session, claim, limit, self.scope, longest_due_first=is_fair
                )
                for job in claimed:
                    self._running[job.run] = asyncio.create_task(self._run(job))
            self._is_rush = len(claimed) == limit
            if not claimed:
                return

    def exclude_reasons(self, reasons: Sequence[str]) -> Sequence[str]:
        """Starts no more jobs with these reasons; returns the reasons that were excluded before."""
        before, self.scope = self.scope.excluded_reasons, replace(self.scope, excluded_reasons=reasons)
        return before

    async def is_busy(self, excluded_reasons: Sequence[str]) -> bool:
        """Whether a job of the scope is due, or any runs in any worker. Due jobs with a reason in `excluded_reasons` do
        not count."""
        if self._running or await self._job_queue.is_any_running():
            return True
        return await self._job_queue.is_any_due(replace(self.scope, excluded_reasons=excluded_reasons))

    async def release_lost(self) -> None:
        """Makes running jobs due again that no worker runs."""
        async with self._claiming:
            released = await self._job_queue.release_lost(self._session, self._running.keys())
        if released:
            log.warning("lost_jobs_released", jobs=released)

    async def stop(self, timeout_seconds: float) -> None:
        """Waits up to `timeout_seconds` for running jobs and cuts the others off; they are done again later."""
        tasks = set(self._running.values())
        unfinished = (await asyncio.wait(tasks, timeout=timeout_seconds))[1] if tasks else set()
        if unfinished:
            log.warning("stopped_with_running_jobs", worker=self._session, jobs=len(unfinished))
            for task in unfinished:
                task.cancel()
            await asyncio.wait(unfinished, timeout=timeout_seconds)

    async def _run(self, job: Job) -> None:
        _current_run.set(job.run)
        try:
            with structlog.contextvars.bound_contextvars(connection=job.connection):
                await self._record_end(job, await self._failures_after(job))
        finally:
            self._running.pop(job.run, None)
            self.slot_freed.set()

    async def _failures_after(self, job: Job) -> int | None:
        """Runs the job; None after success, otherwise how many runs in a row have failed with this one. A run that only
        met a database that cannot be used now counts none: a long outage must not give the job up."""
        ctx = self.contexts[job.connection]
        try:
            if job.failures >= MAX_FAILURES:
                await self._job_types.give_up(ctx, job)
            else:
                await self._job_types.handlers[Flow(job.flow)](ctx, job.key)
        except Exception as error:
            if is_temporary(error):
                log.warning("job_interrupted", flow=job.flow, key=job.key, reason=reason_of(error))
                return job.failures
            log.exception("job_failed", flow=job.flow, key=job.key, failures=job.failures + 1)
            return job.failures + 1
        return None

    async def _record_end(self, job: Job, failures: int | None) -> None:
        """Records the end until the database takes it: a job whose end is not known would never run again."""
        delay = self._job_types.next_run(self.contexts[job.connection], job)
        reason = RUN_FAILED if delay is None else CADENCE
        if failures is not None:
            delay = min(FIRST_DELAY * 2 ** min(job.failures, 16), delay or LONGEST_DELAY)
        is_reported = False
        while True:
            next_due = self._clock.now() + delay if delay is not None else None
            try:
                return await self._job_queue.finished(job, next_due, reason, failures or 0)
            except Exception as error:  # noqa: BLE001 - whatever it is, the end must be stored
                if not is_reported:
                    log.warning("job_end_not_stored", flow=job.flow, key=job.key, reason=reason_of(error))
                is_reported = True
                await asyncio.sleep(RETRY_WALL_SECONDS)
