"""Dispatcher: claims due jobs for this worker, starts them, and records how each claimed job ended.

Jobs with the same key never overlap, and no job is lost wherever a worker dies: between the claim and the start, during
the run, or before its end is recorded. See docs/adr/0001.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Collection, Sequence

import structlog

from weighbridge.jobs.engine import Engine, Run, RunStatus, dispatch_order, runs
from weighbridge.persistence.repositories import Repositories
from weighbridge.persistence.repositories.job_queue import DueJob

log = structlog.get_logger()

QUEUE_BATCH = 200


class Dispatcher:
    """Dispatches the jobs of one worker."""

    def __init__(
        self,
        repositories: Repositories,
        engine: Engine,
        worker: str,
        connections: Collection[str],
        polling_seconds: float,
    ) -> None:
        self._repositories = repositories
        self._job_queue = repositories.job_queue
        self._engine = engine
        self._worker = worker
        self._connections = connections
        self._polling_seconds = polling_seconds
        self._claim_lock = asyncio.Lock()
        self._stranded: frozenset[str] = frozenset()
        self._excluded_reasons: Sequence[str] = ()
        self._dispatch_order: list[DueJob] = []
        self._read_at = -math.inf

    async def dispatch_due(self) -> None:
        """Claims and starts due jobs while there are free slots. Between polls the jobs left of the last query are
        used: otherwise the queue would be read again at the end of each job of a rush."""
        free_slots = self._engine.free_slots()
        if not free_slots:
            return
        if not self._dispatch_order or time.monotonic() - self._read_at >= self._polling_seconds:
            self._read_at = time.monotonic()
            due = await self._job_queue.due(QUEUE_BATCH, excluded_reasons=self._excluded_reasons)
            self._dispatch_order = dispatch_order(job for job in due if job.connection in self._connections)
        next_jobs, self._dispatch_order = self._dispatch_order[:free_slots], self._dispatch_order[free_slots:]
        if not next_jobs:
            return
        async with self._claim_lock:
            for job in await self._job_queue.claim(next_jobs, self._worker):
                await self._engine.start_job(job)

    def exclude_reasons(self, reasons: Sequence[str]) -> Sequence[str]:
        """Starts no more jobs with these reasons; returns the reasons that were excluded before."""
        before, self._excluded_reasons, self._dispatch_order = self._excluded_reasons, reasons, []
        return before

    async def is_busy(self, excluded_reasons: Sequence[str]) -> bool:
        """Whether a job is due or running, in any worker, except due jobs with a reason in `excluded_reasons`."""
        if (
            self._engine.running_here()
            or await self._job_queue.due(1, excluded_reasons=excluded_reasons)
            or await self._job_queue.any_running()
        ):
            return True
        return await self._engine.unfinished() > 0

    async def reconcile(self) -> None:
        """Compares the jobs that this worker claimed and is not running with the engine. A job that never started is
        returned to the queue, an unrecorded end is recorded, and a run that no worker continues is resumed."""
        async with self._claim_lock:
            claimed = await self._job_queue.running(self._worker)
        doubtful = [job for job in claimed if job.run_id not in self._engine.running_here()]
        known = await runs([job.run_id for job in doubtful]) if doubtful else {}
        alive = await self._repositories.workers.alive() if known else frozenset()
        stranded = set[str]()
        for job in doubtful:
            run = known.get(job.run_id)
            if run is None:
                await self._job_queue.return_to_queue(job, self._worker)
            elif run.status is not RunStatus.RUNNING:
                await self._job_queue.finished(job)
            elif self._is_stranded(run, alive):
                stranded.add(job.run_id)
        # A run that is about to start, or whose end is being stored, may appear stranded for a short time.
        lost, self._stranded = stranded & self._stranded, frozenset(stranded)
        for run_id in sorted(lost):
            log.warning("stranded_run_resumed", run=run_id)
            await self._engine.resume(run_id)

    async def reclaim(self, dead_workers: Sequence[str]) -> None:
        """Takes over the jobs of dead workers and resumes their runs."""
        await self._engine.reclaim(dead_workers)
        await self._job_queue.reclaim(dead_workers, self._worker)

    def _is_stranded(self, run: Run, alive: Collection[str]) -> bool:
        return bool(run.worker) and (run.worker == self._worker or run.worker not in alive)
