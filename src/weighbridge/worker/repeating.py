"""Background tasks of a worker: work that is repeated while a block runs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

log = structlog.get_logger()


@asynccontextmanager
async def repeating(
    work: Callable[[], Awaitable[object]], wall_seconds: float, run_now: asyncio.Event | None = None
) -> AsyncIterator[None]:
    """Repeats `work` every `wall_seconds` while the block runs, and at once when `run_now` is set.

    A run that fails is logged, unless the run before it failed alike, and does not end the repetition. The last run
    finishes and is not cancelled: a transaction that is cancelled in the middle of a statement would leave SQLite
    locked.
    """
    is_stopping, event = False, run_now or asyncio.Event()

    async def repeat() -> None:
        failure = ""
        while not is_stopping:
            event.clear()
            try:
                await work()
            except Exception as error:
                before, failure = failure, str(error).partition("\n")[0]
                if failure != before:
                    log.exception("worker_task_failed", work=work.__name__)
            else:
                failure = ""
            if not is_stopping:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(event.wait(), wall_seconds)

    task = asyncio.create_task(repeat())
    try:
        yield
    finally:
        is_stopping = True
        event.set()
        await task
