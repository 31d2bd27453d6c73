"""Plays a demonstration until neither platform changes any more."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from weighbridge_simulation.demo.run import Demo, DemoFailed
from weighbridge_simulation.demo.summary import Summary

QUIET_SECONDS = 1.5
ReportProgress = Callable[[str, int, int], None]
"""Called with a message, the number of steps done and the number of all steps."""


async def play(demo: Demo, report_progress: ReportProgress, disturb: Callable[[Demo], None] | None = None) -> Summary:
    """Opens the store once it shows stock; returns the summary once two readings in a row balance and are equal.

    `disturb` is called about ten times a second while the world plays. Raises DemoFailed when a worker exits, or when
    the summary still changes or does not balance at the time limit.
    """
    until = time.monotonic() + demo.options.limit_seconds
    report_progress("Reading both systems, publishing the stock", 0, demo.options.orders)
    while not any((await demo.store_levels()).values()):
        _check(demo, until, "no stock level was published to the store within the time limit")
        if disturb:
            disturb(demo)
        await asyncio.sleep(0.2)
    await demo.open_store()
    calm_since: float | None = None
    before: Summary | None = None
    checked = 0.0
    while True:
        if disturb:
            disturb(demo)
        last = before.as_json() if before else None
        _check(demo, until, f"the run was not balanced and stable within the time limit; last summary: {last}")
        await asyncio.sleep(0.1)
        if time.monotonic() - checked < QUIET_SECONDS:
            continue
        checked = time.monotonic()
        status = await demo.world_status()
        report_progress("Shoppers order, the warehouse ships", int(status["placed"]), int(status["planned"]))
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
        raise DemoFailed(f"{dead} exited; end of its log: {(demo.folder / f'{dead}.log').read_text()[-3000:]}")
    if time.monotonic() > until:
        raise DemoFailed(failure)
