"""Background tasks of a worker: work that is repeated while a block runs."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

from weighbridge.common.problem import OperationalProblem
from weighbridge.persistence.database import DatabaseError
from weighbridge.persistence.database_reasons import is_temporary, reason_of

log = structlog.get_logger()

REMIND_WALL_SECONDS = 600.0
FIRST_PAUSE_WALL_SECONDS, LONGEST_PAUSE_WALL_SECONDS = 0.1, 5.0
"""How long a failing task waits at least; the pause doubles with every failure in a row."""
KNOWN_CONDITIONS = (DatabaseError, OperationalProblem, OSError, TimeoutError)
"""Errors of the world around us. Their reason says everything, and a traceback nothing."""


@asynccontextmanager
async def repeating(
    work: Callable[[], Awaitable[object]], wall_seconds: float, run_now: asyncio.Event | None = None
) -> AsyncIterator[None]:
    """Repeats `work` every `wall_seconds` while the block runs, and at once when `run_now` is set.

    A run that fails is logged, unless the run before it failed alike, and does not end the repetition. While runs fail,
    the pause grows to some seconds: a full disk or a lost database gets no easier by being tried all the time. The last
    run finishes and is not cancelled: a transaction that is cancelled in the middle of a statement would leave SQLite
    locked.
    """
    is_stopping, event = False, run_now or asyncio.Event()
    failures = Failures(getattr(work, "__name__", "work"))

    async def repeat() -> None:
        while not is_stopping:
            event.clear()
            try:
                await work()
            except Exception as error:  # noqa: BLE001 - logged there, once for each cause
                failures.record(error)
            else:
                failures.end()
            if not is_stopping:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(event.wait(), max(wall_seconds, failures.pause_wall_seconds()))

    task = asyncio.create_task(repeat())
    try:
        yield
    finally:
        is_stopping = True
        event.set()
        await task


class Failures:
    """The failures of one repeated task: the first of a cause is logged, its repetitions are counted."""

    def __init__(self, work: str) -> None:
        self._work = work
        self._cause = ""
        self._count = 0
        self._in_a_row = 0
        """Failures of any cause since the last run that worked."""
        self._logged_at = 0.0

    def record(self, error: Exception) -> None:
        """Logs a new cause, and every ten minutes the number of failures of the same."""
        cause = f"{type(error).__name__}: {reason_of(error)}"
        self._count = self._count + 1 if cause == self._cause else 1
        self._in_a_row += 1
        is_new = self._count == 1
        if not is_new and time.monotonic() - self._logged_at < REMIND_WALL_SECONDS:
            return
        self._cause, self._logged_at = cause, time.monotonic()
        is_fault = is_new and not (isinstance(error, KNOWN_CONDITIONS) or is_temporary(error))
        log.error(
            "worker_task_failed",
            work=self._work,
            reason=reason_of(error),
            failures=self._count,
            exc_info=error if is_fault else None,
        )

    def pause_wall_seconds(self) -> float:
        """How long to wait at least before the next try; none after a run that did not fail."""
        doubled = FIRST_PAUSE_WALL_SECONDS * 2 ** min(self._in_a_row - 1, 16)
        return min(doubled, LONGEST_PAUSE_WALL_SECONDS) if self._in_a_row else 0.0

    def end(self) -> None:
        """Logs that the task works again, and how often it had failed."""
        if self._count:
            log.info("worker_task_recovered", work=self._work, failures=self._count, reason=self._cause)
            self._cause, self._count, self._in_a_row = "", 0, 0
