"""Concurrent work on many items with a limit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


async def map_limited(items: Iterable[T], work: Callable[[T], Awaitable[None]], limit: int) -> None:
    """Runs `work` on each of `items`, on at most `limit` of them concurrently.

    After the first failure no further item is started. Items in progress are finished, never cancelled in the middle of
    a call; then the failure is raised.
    """
    waiting = iter(items)
    failures: list[Exception] = []

    async def run_next() -> None:
        for item in waiting:
            if failures:
                return
            try:
                await work(item)
            except Exception as failure:  # noqa: BLE001 - raised below, once the others have finished
                failures.append(failure)

    await asyncio.gather(*(run_next() for _ in range(max(1, limit))))
    if failures:
        raise failures[0]
