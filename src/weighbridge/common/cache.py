"""A cache for results that are expensive and change slowly: computed once for all readers within a few seconds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


class Cache:
    """Caches results for some of the machine's seconds; concurrent readers wait for one computation."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[float, object]] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def get_or_compute(self, name: str, seconds: float, compute: Callable[[], Awaitable[T]]) -> T:
        """The result of `compute` under `name` from at most `seconds` ago, computed now if there is none."""
        async with self._locks.setdefault(name, asyncio.Lock()):
            entry = self._entries.get(name)
            if entry is None or entry[0] < time.monotonic():
                entry = (time.monotonic() + seconds, await compute())
                self._entries[name] = entry
        result: T = entry[1]  # type: ignore[assignment]
        return result
