"""Kills the product while a small world plays, and compares the end state with that of an undisturbed run."""

from __future__ import annotations

import asyncio
import random
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from weighbridge_simulation.demo.play import play
from weighbridge_simulation.demo.run import Demo, DemoOptions
from weighbridge_simulation.demo.summary import Summary

ORDERS, FEW = 24, 12
SPEED = 120.0
"""Faster than the demonstration, because the world is small."""
SMALL = {"scarce_share": 0.0, "pick_minutes": [3.0, 5.0], "awaiting_payment_share": 0.05}
WORLDS = {
    "order": {
        **SMALL,
        "cancel_share": 0.1,
        "amend_share": 0.2,
        "posted_cancel_share": 0.1,
        "picked_cancel_share": 0.1,
        "whole_refund_share": 0.1,
        "return_share": 0.1,
        "shipping_refund_share": 0.05,
    },
    "invoice_and_payment": {
        **SMALL,
        "cancel_share": 0.0,
        "amend_share": 0.0,
        "posted_cancel_share": 0.0,
        "picked_cancel_share": 0.0,
        "whole_refund_share": 0.0,
        "return_share": 0.2,
        "shipping_refund_share": 0.1,
    },
}
"""Options of the world by posting depth. The shares are larger than in the demonstration, since the worlds are small.

Where payments are posted, an order that is cancelled or edited before its payment is posted ends differently from one
that is cancelled or edited afterwards. The outcome would depend on the product's speed, so that world has only returns.
"""
EARLIEST, LATEST = 1.5, 16.0
"""The earliest and the latest second after the start at which a process is killed."""


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill: its time, its worker, and whether the run ended in the same state."""

    at_seconds: float
    worker: str
    same: bool
    balanced: bool
    seconds: float


def options(post: str, database: str = "", workers: int = 1, orders: int = ORDERS) -> DemoOptions:
    return DemoOptions(
        orders=orders,
        speed=SPEED,
        rate=12.0,
        post=post,
        database=database,
        workers=workers,
        limit_seconds=150.0,
        world=WORLDS[post],
    )


def run(run_options: DemoOptions, disturb: Callable[[Demo], None] | None = None) -> Summary:
    """One whole run in a temporary folder."""

    async def work(folder: Path) -> Summary:
        async with Demo(run_options, folder).running() as demo:
            return await play(demo, lambda message, done, of: None, disturb)

    with tempfile.TemporaryDirectory(prefix="weighbridge-kill-") as folder:
        return asyncio.run(work(Path(folder)))


def killed_at(seconds: float, worker: int) -> Callable[[Demo], None]:
    """Kills a worker with SIGKILL `seconds` after the first call and restarts it under the same name."""
    began: list[float] = []
    done: list[str] = []

    def disturb(demo: Demo) -> None:
        if not began:
            began.append(time.monotonic())
        if done or time.monotonic() - began[0] < seconds:
            return
        name = demo.worker_names()[worker % len(demo.worker_names())]
        demo.stop_worker(name, signal.SIGKILL)
        demo.start_worker(name)
        done.append(name)

    return disturb


def kill_many(points: int, seed: int, make_options: Callable[[int], DemoOptions]) -> list[Kill]:
    """Makes `points` runs, each with one kill at a random time, and compares them with an undisturbed run."""
    expected = run(make_options(0)).outcome()
    dice = random.Random(seed)
    kills = []
    for number in range(1, points + 1):
        at, worker = dice.uniform(EARLIEST, LATEST), dice.randrange(2)
        run_options, began = make_options(number), time.monotonic()
        summary = run(run_options, killed_at(at, worker))
        name = f"worker-{worker % run_options.workers + 1}"
        kills.append(Kill(at, name, summary.outcome() == expected, summary.balanced, time.monotonic() - began))
    return kills


def table(kills: list[Kill]) -> str:
    """The kills as lines of text."""
    lines = [f"{'#':>3}  {'killed at':>9}  {'worker':<9} {'same end':<9} {'balanced':<9} {'run':>6}"]
    for number, kill in enumerate(kills, 1):
        same, balanced = ("yes" if value else "NO" for value in (kill.same, kill.balanced))
        lines.append(
            f"{number:>3}  {kill.at_seconds:>7.1f} s  {kill.worker:<9} {same:<9} {balanced:<9} {kill.seconds:>4.0f} s"
        )
    return "\n".join(lines)
