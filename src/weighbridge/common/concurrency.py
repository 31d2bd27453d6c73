"""Several calls at once: work on many things, a few at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


async def side_by_side(things: Iterable[T], work: Callable[[T], Awaitable[None]], at_once: int) -> None:
    """Does `work` on each of `things`, at most `at_once` at a time.

    The first failure keeps the rest from being begun; what is under way is finished, never cut off in the middle of
    a call, and then the failure is raised.
    """
    waiting = iter(things)
    failures: list[Exception] = []

    async def one_after_the_other() -> None:
        for thing in waiting:
            if failures:
                return
            try:
                await work(thing)
            except Exception as failure:  # noqa: BLE001 - raised below, once the others have come to their end
                failures.append(failure)

    await asyncio.gather(*(one_after_the_other() for _ in range(max(1, at_once))))
    if failures:
        raise failures[0]
