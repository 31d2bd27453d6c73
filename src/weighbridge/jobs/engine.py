"""The durable engine: runs each job to its end, across crashes. Only this module knows DBOS.

The job queue decides which jobs run and keeps jobs with the same key apart. The engine repeats no finished step and
resumes interrupted runs. See docs/adr/0001.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import Any, ParamSpec, TypeVar

import structlog
from dbos import DBOS, DBOSConfig, SetWorkflowID

from weighbridge.domain.job_types import BY_FLOW, Flow
from weighbridge.persistence.locks import LOCK_WAIT_SECONDS
from weighbridge.persistence.repositories.job_queue import DueJob, Job, JobQueue

P = ParamSpec("P")
R = TypeVar("R")

APPLICATION_VERSION = "weighbridge-flows-1"
"""Pinned: the engine resumes pending runs only under the version that started them. Change it only together with a
change of a flow's steps that an interrupted run could not continue, and then let `drain` finish old runs first."""

HEAD_START = timedelta(seconds=10)
"""A job precedes a job of the next lower priority that was due up to this long before it. No job waits for ever."""

Handler = Callable[[Any, str], Coroutine[Any, Any, str]]
"""Does a job: takes the connection's context and the key, and returns in a few words how it ended."""

log = structlog.get_logger()


@dataclass(slots=True)
class _Process:
    """The state of this process that workflows use: the engine calls them by name, with plain arguments only."""

    workflows: dict[str, Callable[[str, str], Coroutine[Any, Any, str]]] = field(default_factory=dict)
    running: set[str] = field(default_factory=set)
    """The ids of the runs that this process executes."""
    job_queue: JobQueue | None = None
    """None while the engine is stopped."""
    worker: str = ""
    slot_freed: asyncio.Event = field(default_factory=asyncio.Event)
    contexts: Mapping[str, Any] = field(default_factory=dict)
    """The current context of each connection."""


_process = _Process()
RETRY_WALL_SECONDS = 1.0
SUPERSEDED = "superseded"


def register(handlers: Mapping[Flow, Handler]) -> None:
    """Makes each handler a workflow whose finished steps are not repeated after a crash. A second call is harmless."""
    for flow, handler in handlers.items():
        if flow not in _process.workflows:
            _process.workflows[flow] = _workflow(flow, handler)


def _workflow(flow: str, handler: Handler) -> Callable[[str, str], Coroutine[Any, Any, str]]:
    async def run_job(connection: str, key: str) -> str:
        run_id = current_run()
        job = Job(connection, flow, key, int(run_id.rpartition(":")[2]))
        await _wait_until_not_running_here(run_id)
        _process.running.add(run_id)
        # A run that is interrupted, or continues elsewhere, has not finished: no other job with its key may start.
        try:
            if not await _may_run(job):
                return SUPERSEDED
            outcome = await handler(_process.contexts[connection], key)
        except Exception:
            await _record_finished(job)
            raise
        finally:
            _process.running.discard(run_id)
        await _record_finished(job)
        return outcome

    workflow: Callable[[str, str], Coroutine[Any, Any, str]] = DBOS.workflow(name=flow, max_recovery_attempts=1000)(
        run_job
    )
    return workflow


async def _wait_until_not_running_here(run_id: str) -> None:
    """Waits until this process no longer executes the run: a worker that was taken for dead by mistake may be asked to
    resume a run that it still executes. The earlier execution notices that soon."""
    while True:
        if run_id not in _process.running:
            return
        await asyncio.sleep(RETRY_WALL_SECONDS)


async def _may_run(job: Job) -> bool:
    """Asks the coordinator until it answers: a run that ended without an answer would count as a finished job."""
    while _process.job_queue is not None:
        try:
            return await _process.job_queue.started(job, _process.worker)
        except Exception:
            log.exception("job_queue_unavailable", run=job.run_id)
            await asyncio.sleep(RETRY_WALL_SECONDS)
    raise asyncio.CancelledError("the engine has stopped; the run is resumed at the next start")


async def _record_finished(job: Job) -> None:
    """Records that a job has finished. If that fails, the dispatcher records it later."""
    try:
        if _process.job_queue is not None:
            await _process.job_queue.finished(job)
            _process.slot_freed.set()
    except Exception:
        log.exception("job_finish_not_recorded", run=job.run_id)


def durable_step(name: str) -> Callable[[Callable[P, Awaitable[R]]], Callable[P, Awaitable[R]]]:
    """Registers a step of a flow. An interrupted step runs again, so its writes must be idempotent."""

    def register(step: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
        decorated: Callable[P, Awaitable[R]] = DBOS.step(name=name)(step)
        return decorated

    return register


def current_run() -> str:
    """The id of the run that executes the caller; empty outside the engine."""
    return DBOS.workflow_id or ""


class RunStatus(Enum):
    """Whether the engine still runs or resumes a job."""

    RUNNING = "running"
    GIVEN_UP = "given up"
    """It crashed its worker so often that the engine stopped resuming it."""
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class Run:
    """The engine's run of one job."""

    status: RunStatus
    worker: str
    """The id of the worker that executes it; empty when none does."""


_RUNNING_STATUSES = frozenset({"ENQUEUED", "PENDING", "DELAYED"})


async def runs(run_ids: list[str]) -> dict[str, Run]:
    """The engine's runs by `Job.run_id`; ids that it does not know are left out."""
    workflows = await DBOS.list_workflows_async(workflow_ids=run_ids, load_input=False, load_output=False)
    return {
        workflow.workflow_id: Run(
            _status(workflow.status), workflow.executor_id or "" if workflow.status == "PENDING" else ""
        )
        for workflow in workflows
    }


def _status(status: str) -> RunStatus:
    if status in _RUNNING_STATUSES:
        return RunStatus.RUNNING
    return RunStatus.GIVEN_UP if status == "MAX_RECOVERY_ATTEMPTS_EXCEEDED" else RunStatus.FINISHED


def dispatch_order(jobs: Iterable[DueJob]) -> list[DueJob]:
    """The jobs in the order in which they are started."""
    return sorted(jobs, key=lambda job: job.due_at + HEAD_START * BY_FLOW[Flow(job.flow)].priority)


class EngineFile(sqlite3.Connection):
    """A connection to the engine's SQLite file. A power cut may lose its last commits, a crash of the process never.
    Sweeps requeue the jobs of runs that are lost in this way, since our own database is synced to disk.

    Source: https://sqlite.org/pragma.html#pragma_synchronous, WAL mode.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.execute(f"PRAGMA busy_timeout={round(LOCK_WAIT_SECONDS * 1000)}")
        self.execute("PRAGMA journal_mode=WAL")
        self.execute("PRAGMA synchronous=NORMAL")


class Engine:
    """The engine of one worker process."""

    def __init__(self, database_url: str, worker: str, *, concurrency: int) -> None:
        self._worker = worker
        self._concurrency = concurrency
        self.slot_freed = asyncio.Event()
        """Set when a job has finished."""
        self._config: DBOSConfig = {
            "name": "weighbridge",
            "system_database_url": database_url,
            "application_version": APPLICATION_VERSION,
            "executor_id": worker,
            "log_level": "WARNING",
            "notification_listener_polling_interval_sec": 0.2,
            "scheduler_polling_interval_sec": 300.0,
            "use_listen_notify": False,
            "sys_db_pool_size": 8,
        }
        if database_url.startswith("sqlite"):
            self._config["db_engine_kwargs"] = {"connect_args": {"factory": EngineFile}}

    async def start(self, job_queue: JobQueue, contexts: Mapping[str, Any]) -> None:
        """Starts the engine and resumes the runs that this worker executed when it last stopped."""
        _process.running.clear()
        _process.job_queue, _process.worker, _process.contexts = job_queue, self._worker, contexts
        _process.slot_freed = self.slot_freed
        DBOS(config=self._config)
        DBOS.launch()

    def running_here(self) -> frozenset[str]:
        """The ids of the runs that this process executes."""
        return frozenset(_process.running)

    def free_slots(self) -> int:
        """How many more jobs may be started now; further due jobs wait in the queue, in dispatch order."""
        return max(0, self._concurrency - len(_process.running))

    async def start_job(self, job: Job) -> None:
        """Starts a job and does not wait for its end. A job that is started twice, even by two workers, runs once."""
        with SetWorkflowID(job.run_id):
            await DBOS.start_workflow_async(_process.workflows[job.flow], job.connection, job.key)

    async def reclaim(self, dead_workers: Sequence[str]) -> None:
        """Resumes the unfinished runs of dead workers. Source: measured, the engine itself waits for their return."""
        await asyncio.to_thread(DBOS._recover_pending_workflows, list(dead_workers))

    async def resume(self, run_id: str) -> None:
        """Resumes a run that no process executes any more."""
        await DBOS.resume_workflow_async(run_id)

    async def unfinished(self) -> int:
        """How many runs are running or wait to be resumed."""
        workflows = await DBOS.list_workflows_async(
            status=sorted(_RUNNING_STATUSES), load_input=False, load_output=False
        )
        return len(workflows)

    async def stop(self, timeout_seconds: int = 0) -> None:
        """Waits up to `timeout_seconds` for running jobs; those that have not ended are resumed at the next start."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._wait_until_finished()
        except TimeoutError:
            log.warning("stopped_with_running_jobs", worker=self._worker)
        finally:
            _process.job_queue = None
            await asyncio.to_thread(DBOS.destroy)

    async def _wait_until_finished(self) -> None:
        """Waits until the engine's tables show no pending run of this worker."""
        while True:
            pending = await DBOS.list_workflows_async(
                status="PENDING", executor_id=self._worker, limit=1, load_input=False, load_output=False
            )
            if not pending:
                return
            await asyncio.sleep(0.02)
