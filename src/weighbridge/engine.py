"""The durable engine: runs each look of the agenda to its end, across crashes. Only this module knows DBOS.

The engine owns *when* (queue, recovery); our tables own *what happened*. See docs/adr/0001.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from datetime import timedelta
from enum import Enum
from typing import Any, ParamSpec, TypeVar

from dbos import DBOS, DBOSConfig, SetEnqueueOptions, SetWorkflowID

from weighbridge.database import LOCK_WAIT_SECONDS
from weighbridge.journal.agenda import AgendaItem, DueLook

P = ParamSpec("P")
R = TypeVar("R")

APPLICATION_VERSION = "weighbridge-flows-1"
"""Pinned: the engine resumes pending runs only under the version that began them. Change it only together with a
change of a flow's steps that a half-done run could not continue, and then let `drain` old runs first."""

QUEUE = "looks"
PRIORITIES = {
    "orders": 1,
    "replay": 1,
    "void_duplicates": 1,
    "refunds": 2,
    "fulfilment": 3,
    "order_sweep": 4,
    "fulfilment_sweep": 5,
    "stock_fast": 6,
    "stock_fall": 6,
    "stock": 6,
    "references": 7,
    "hooks": 8,
    "catalogue": 9,
    "ghost_allocations": 10,
    "monitors": 10,
    "stock_parity": 10,
}
"""Lower first. Every flow has one."""
HEAD_START = timedelta(seconds=10)
"""By so much a look goes before one of the next priority that came first; nothing waits for ever behind the rest."""

Look = Callable[[str, str], Coroutine[Any, Any, str]]
"""A flow: takes connection and key, answers in one word how it ended."""

_flows: dict[str, Look] = {}


def durable_flow(name: str) -> Callable[[Look], Look]:
    """Registers a flow whose finished steps are never repeated after a crash."""

    def register(look: Look) -> Look:
        if name not in PRIORITIES:
            raise ValueError(f"flow {name!r} has no priority")
        _flows[name] = DBOS.workflow(name=name, max_recovery_attempts=1000)(look)
        return _flows[name]

    return register


def durable_step(name: str) -> Callable[[Callable[P, Awaitable[R]]], Callable[P, Awaitable[R]]]:
    """Registers a step of a flow. A step that was cut off runs again: whatever it writes must bear that."""

    def register(step: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
        decorated: Callable[P, Awaitable[R]] = DBOS.step(name=name)(step)
        return decorated

    return register


def current_run() -> str:
    """The id of the run the caller works in; empty outside the engine."""
    return DBOS.workflow_id or ""


class RunStatus(Enum):
    """What the engine will still do about a look."""

    UNDER_WAY = "under way"
    GIVEN_UP = "given up"
    """It ended its worker so often that the engine stopped resuming it."""
    OVER = "over"
    """It ended, or the engine does not know it."""


_UNDER_WAY = frozenset({"ENQUEUED", "PENDING", "DELAYED"})


async def run_statuses(run_ids: list[str]) -> dict[str, RunStatus]:
    """Where the engine stands with looks, by `AgendaItem.run_id`; what it does not know is left out."""
    runs = await DBOS.list_workflows_async(workflow_ids=run_ids, load_input=False, load_output=False)
    return {run.workflow_id: _status(run.status) for run in runs}


def _status(status: str) -> RunStatus:
    if status in _UNDER_WAY:
        return RunStatus.UNDER_WAY
    return RunStatus.GIVEN_UP if status == "MAX_RECOVERY_ATTEMPTS_EXCEEDED" else RunStatus.OVER


def in_turn(looks: Iterable[DueLook]) -> list[DueLook]:
    """The looks in the order in which they get their turn."""
    return sorted(looks, key=lambda look: look.due_at + HEAD_START * PRIORITIES[look.flow])


class EngineFile(sqlite3.Connection):
    """A connection to the engine's SQLite file. A power cut may lose its last commits, a crash of ours never: what the
    engine then forgets, the sweeps ask for again, since our own file is written through to the disk.

    Source: https://sqlite.org/pragma.html#pragma_synchronous, WAL mode.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.execute(f"PRAGMA busy_timeout={LOCK_WAIT_SECONDS * 1000}")
        self.execute("PRAGMA journal_mode=WAL")
        self.execute("PRAGMA synchronous=NORMAL")


class Engine:
    """The engine of one worker process."""

    def __init__(self, database_url: str, worker: str, *, polling_seconds: float, concurrency: int) -> None:
        self._worker = worker
        self._polling_seconds = polling_seconds
        self._concurrency = concurrency
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

    async def start(self) -> None:
        """Begins to run looks, and resumes the ones this worker was in when it last stopped."""
        DBOS(config=self._config)
        DBOS.launch()
        await DBOS.register_queue_async(
            QUEUE,
            worker_concurrency=self._concurrency,
            partition_concurrency=1,
            polling_interval_sec=self._polling_seconds,
            on_conflict="always_update",
        )

    async def room(self) -> int:
        """How many looks the queue takes now. What is due beyond that waits on the agenda, where many reasons for one
        look stay one look and where priorities count: the engine picks its next look by chance.

        Source: DBOS 3.4, start_queued_partitioned_workflows.
        """
        waiting = await DBOS.list_workflows_async(
            status="ENQUEUED", queue_name=QUEUE, limit=self._concurrency, load_input=False, load_output=False
        )
        return self._concurrency - len(waiting)

    async def enqueue(self, item: AgendaItem) -> None:
        """Hands a look to the engine. The same look handed over twice runs once; looks at one key never overlap."""
        partition = f"{item.flow}:{item.connection}:{item.key}"
        options = SetEnqueueOptions(queue_partition_key=partition)
        with SetWorkflowID(item.run_id), options:
            await DBOS.enqueue_workflow_async(QUEUE, _flows[item.flow], item.connection, item.key)

    async def take_over(self, dead_workers: list[str]) -> None:
        """Resumes what dead workers left unfinished. Source: measured, the engine itself waits for their return."""
        if dead_workers:
            await asyncio.to_thread(DBOS._recover_pending_workflows, dead_workers)

    async def unfinished(self) -> int:
        """How many looks are queued or running."""
        runs = await DBOS.list_workflows_async(status=sorted(_UNDER_WAY), load_input=False, load_output=False)
        return len(runs)

    async def stop(self, patience_seconds: int = 0) -> None:
        """Stops taking looks; running ones get `patience_seconds`, then resume at the next start."""
        running = await DBOS.list_workflows_async(
            status="PENDING", executor_id=self._worker, load_input=False, load_output=False
        )
        patience = patience_seconds if running else 0
        await asyncio.to_thread(DBOS.destroy, workflow_completion_timeout_sec=patience)
