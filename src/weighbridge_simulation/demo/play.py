"""How a demonstration is played until everything has come to rest."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from weighbridge_simulation.demo.run import Demo, DemoFailed
from weighbridge_simulation.demo.summary import Summary

QUIET_SECONDS = 1.5
Progress = Callable[[str, int, int], None]
"""Told what is going on: words, how much is done, of how much."""


async def play(demo: Demo, tell: Progress, disturb: Callable[[Demo], None] | None = None) -> Summary:
    """Opens the shop once it shows stock, and answers the summary when everything has come to rest.

    `disturb` is called about ten times a second while the world plays. Raises DemoFailed when a worker ends by itself
    or nothing comes to rest within the limit.
    """
    until = time.monotonic() + demo.options.limit_seconds
    tell("Reading both systems, telling the shop its stock", 0, demo.options.orders)
    while not any((await demo.shop_levels()).values()):
        _check(demo, until, "the shop was told no stock")
        if disturb:
            disturb(demo)
        await asyncio.sleep(0.2)
    await demo.open_shop()
    calm_since: float | None = None
    before: Summary | None = None
    checked = 0.0
    while True:
        if disturb:
            disturb(demo)
        _check(demo, until, f"the run did not come to rest; last: {before.as_json() if before else None}")
        await asyncio.sleep(0.1)
        if time.monotonic() - checked < QUIET_SECONDS:
            continue
        checked = time.monotonic()
        status = await demo.world_status()
        tell("Shoppers order, the warehouse ships", int(status["placed"]), int(status["planned"]))
        if not status["done"]:
            continue
        summary = await demo.summary()
        if summary.balanced and before is not None and summary.outcome() == before.outcome():
            calm_since = calm_since or time.monotonic()
            if time.monotonic() - calm_since >= QUIET_SECONDS:
                return summary
        else:
            calm_since = None
        before = summary


def _check(demo: Demo, until: float, failure: str) -> None:
    dead = demo.dead_worker()
    if dead is not None:
        raise DemoFailed(f"{dead} ended by itself: {(demo.folder / f'{dead}.log').read_text()[-3000:]}")
    if time.monotonic() > until:
        raise DemoFailed(failure)
