"""Figures that cost much and change slowly are worked out once for all who look within a few seconds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

Figure = TypeVar("Figure")


class Memory:
    """Remembers answers for a while, by the machine's own seconds; who asks meanwhile waits for the one that works."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, object]] = {}
        self._turns: dict[str, asyncio.Lock] = {}

    async def recall(self, name: str, seconds: float, work: Callable[[], Awaitable[Figure]]) -> Figure:
        """What `work` answered at most `seconds` ago under this name, or answers now."""
        async with self._turns.setdefault(name, asyncio.Lock()):
            kept = self._kept.get(name)
            if kept is None or kept[0] < time.monotonic():
                kept = (time.monotonic() + seconds, await work())
                self._kept[name] = kept
        answer: Figure = kept[1]  # type: ignore[assignment]
        return answer
