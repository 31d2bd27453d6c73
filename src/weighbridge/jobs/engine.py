"""The durable engine: runs each look of the agenda to its end, across crashes. Only this module knows DBOS.

The agenda says what is looked at and keeps looks at one key apart; the engine repeats no finished step and resumes what
was cut off. See docs/adr/0001.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from functools import wraps
from typing import Any, ParamSpec, Protocol, TypeVar

import structlog
from dbos import DBOS, DBOSConfig, SetWorkflowID

from weighbridge.persistence.database import LOCK_WAIT_SECONDS
from weighbridge.persistence.repositories.job_queue import AgendaItem, DueLook

P = ParamSpec("P")
R = TypeVar("R")

APPLICATION_VERSION = "weighbridge-flows-1"
"""Pinned: the engine resumes pending runs only under the version that began them. Change it only together with a
change of a flow's steps that a half-done run could not continue, and then let `drain` old runs first."""

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

log = structlog.get_logger()


class LooksInTurn(Protocol):
    """Who keeps looks at one key apart."""

    async def is_its_turn(self, item: AgendaItem) -> bool:
        """Whether a run that begins or is resumed may look."""

    async def ended(self, item: AgendaItem) -> None:
        """Is told of each look that came to its end in this process, well or not."""


_flows: dict[str, Look] = {}
_here: set[str] = set()
"""The ids of the runs that this process is in."""
_turns: LooksInTurn | None = None
ASKED_AGAIN_AFTER_WALL_SECONDS = 1.0
NOT_ITS_TURN = "not its turn"


def durable_flow(name: str) -> Callable[[Look], Look]:
    """Registers a flow whose finished steps are never repeated after a crash."""

    def register(look: Look) -> Look:
        if name not in PRIORITIES:
            raise ValueError(f"flow {name!r} has no priority")

        @wraps(look)
        async def to_its_end(connection: str, key: str) -> str:
            run_id = current_run()
            item = AgendaItem(connection, name, key, int(run_id.rpartition(":")[2]))
            await _is_nowhere_else_here(run_id)
            _here.add(run_id)
            # What is cut off, or goes on elsewhere, has not ended: no other look at the same key may begin.
            try:
                if not await _is_its_turn(item):
                    return NOT_ITS_TURN
                ended = await look(connection, key)
            except Exception:
                await _noted(item)
                raise
            finally:
                _here.discard(run_id)
            await _noted(item)
            return ended

        _flows[name] = DBOS.workflow(name=name, max_recovery_attempts=1000)(to_its_end)
        return _flows[name]

    return register


async def _is_nowhere_else_here(run_id: str) -> None:
    """Waits until this process is not in the run: taken for dead by mistake, it may be asked to resume what it is in,
    and its first self notices soon."""
    while True:
        if run_id not in _here:
            return
        await asyncio.sleep(ASKED_AGAIN_AFTER_WALL_SECONDS)


async def _is_its_turn(item: AgendaItem) -> bool:
    """Asks until there is an answer: a run that ended without one would count as a look."""
    while _turns is not None:
        try:
            return await _turns.is_its_turn(item)
        except Exception:
            log.exception("agenda_does_not_answer", run=item.run_id)
            await asyncio.sleep(ASKED_AGAIN_AFTER_WALL_SECONDS)
    raise asyncio.CancelledError("the engine has stopped; the run is resumed at the next start")


async def _noted(item: AgendaItem) -> None:
    """Notes the end of a look. Where that fails the look has ended all the same, and is accounted for later."""
    try:
        if _turns is not None:
            await _turns.ended(item)
    except Exception:
        log.exception("end_of_look_not_noted", run=item.run_id)


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


@dataclass(frozen=True, slots=True)
class Run:
    """Where the engine stands with one look."""

    status: RunStatus
    worker: str
    """Who is in it; empty when nobody is."""


_UNDER_WAY = frozenset({"ENQUEUED", "PENDING", "DELAYED"})


async def runs(run_ids: list[str]) -> dict[str, Run]:
    """Where the engine stands with looks, by `AgendaItem.run_id`; what it does not know is left out."""
    found = await DBOS.list_workflows_async(workflow_ids=run_ids, load_input=False, load_output=False)
    return {
        run.workflow_id: Run(_status(run.status), run.executor_id or "" if run.status == "PENDING" else "")
        for run in found
    }


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

    def __init__(self, database_url: str, worker: str, *, concurrency: int) -> None:
        self._worker = worker
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

    async def start(self, turns: LooksInTurn) -> None:
        """Is ready for looks, and resumes the ones this worker was in when it last stopped."""
        global _turns
        _here.clear()
        _turns = turns
        DBOS(config=self._config)
        DBOS.launch()

    def here(self) -> frozenset[str]:
        """The ids of the runs that this process is in."""
        return frozenset(_here)

    def room(self) -> int:
        """How many more looks may be begun now; what is due beyond that waits on the agenda, in our order."""
        return max(0, self._concurrency - len(_here))

    async def begin(self, item: AgendaItem) -> None:
        """Begins a look, and does not wait for its end. The same look begun twice, by whomever, runs once."""
        with SetWorkflowID(item.run_id):
            await DBOS.start_workflow_async(_flows[item.flow], item.connection, item.key)

    async def take_over(self, dead_workers: Sequence[str]) -> None:
        """Resumes what dead workers left unfinished. Source: measured, the engine itself waits for their return."""
        await asyncio.to_thread(DBOS._recover_pending_workflows, list(dead_workers))

    async def resume(self, run_id: str) -> None:
        """Resumes a run that no process is in any more."""
        await DBOS.resume_workflow_async(run_id)

    async def unfinished(self) -> int:
        """How many looks run, or wait to be resumed."""
        runs = await DBOS.list_workflows_async(status=sorted(_UNDER_WAY), load_input=False, load_output=False)
        return len(runs)

    async def stop(self, patience_seconds: int = 0) -> None:
        """Lets running looks end for `patience_seconds`; what has not ended by then is resumed at the next start."""
        global _turns
        try:
            async with asyncio.timeout(patience_seconds):
                await self._runs_have_ended()
        except TimeoutError:
            log.warning("stopped_in_the_midst_of_looks", worker=self._worker)
        finally:
            _turns = None
            await asyncio.to_thread(DBOS.destroy)

    async def _runs_have_ended(self) -> None:
        """Waits until this worker's runs have ended, by the engine's own book."""
        while True:
            left = await DBOS.list_workflows_async(
                status="PENDING", executor_id=self._worker, limit=1, load_input=False, load_output=False
            )
            if not left:
                return
            await asyncio.sleep(0.02)
