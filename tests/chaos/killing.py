"""Kills the product while a small world plays, and compares what stands at the end with an undisturbed run."""

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
"""Faster than the demonstration: the world is small."""
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
"""What people do, by how far orders are posted. More goes wrong than in the demonstration, since the worlds are small.

An order that ends or changes while it is being paid waits for finance, or not, by whether it was paid before: there
the connector's speed decides, so with payments people only send goods back.
"""
EARLIEST, LATEST = 1.5, 16.0
"""Seconds after the start between which a process is killed."""


@dataclass(frozen=True, slots=True)
class Kill:
    """One killing: when, whom, and whether the end was the same."""

    at: float
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


def run(chosen: DemoOptions, disturb: Callable[[Demo], None] | None = None) -> Summary:
    """One whole run in a folder of its own."""

    async def work(folder: Path) -> Summary:
        async with Demo(chosen, folder).running() as demo:
            return await play(demo, lambda words, done, of: None, disturb)

    with tempfile.TemporaryDirectory(prefix="weighbridge-kill-") as folder:
        return asyncio.run(work(Path(folder)))


def killed_at(seconds: float, worker: int) -> Callable[[Demo], None]:
    """Kills a worker `seconds` after the first call, with SIGKILL, and starts it again under its name."""
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


def kill_many(points: int, seed: int, fresh: Callable[[int], DemoOptions]) -> list[Kill]:
    """`points` runs, each with one kill at a random moment; all must end as the undisturbed run did."""
    expected = run(fresh(0)).outcome()
    dice = random.Random(seed)
    kills = []
    for number in range(1, points + 1):
        at, worker = dice.uniform(EARLIEST, LATEST), dice.randrange(2)
        chosen, began = fresh(number), time.monotonic()
        summary = run(chosen, killed_at(at, worker))
        name = f"worker-{worker % chosen.workers + 1}"
        kills.append(Kill(at, name, summary.outcome() == expected, summary.balanced, time.monotonic() - began))
    return kills


def table(kills: list[Kill]) -> str:
    """The killings as lines of text."""
    lines = [f"{'#':>3}  {'killed at':>9}  {'worker':<9} {'same end':<9} {'balanced':<9} {'run':>6}"]
    for number, kill in enumerate(kills, 1):
        same, balanced = ("yes" if value else "NO" for value in (kill.same, kill.balanced))
        lines.append(f"{number:>3}  {kill.at:>7.1f} s  {kill.worker:<9} {same:<9} {balanced:<9} {kill.seconds:>4.0f} s")
    return "\n".join(lines)
