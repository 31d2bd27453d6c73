"""How fast are hooks answered? BigCommerce switches off hooks that are answered late, so it must be soon also when the
worker is busy with a rush of orders.

One worker does everything, as a small installation would run: it receives, weighs and posts. Deliveries leave at fixed
moments, whether earlier ones are answered or not, so a slow answer cannot hide the ones behind it.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx2

from benchmarks.ground import CONNECTION, HOOK_SECRET, Ground, ground
from weighbridge.common.clock import ScaledClock
from weighbridge.flows.discovery.webhooks import SECRET_HEADER
from weighbridge_simulation.demo.run import free_port

SPEED = 60.0
PROMPT_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Answers:
    """How the hooks of one phase were answered; times in milliseconds."""

    phase: str
    hooks: int
    accepted: int
    within_50_ms: float
    p50: float
    p90: float
    p99: float
    slowest: float
    worker_busy: float | None
    """Share of one processor that the worker used meanwhile; None where the system does not tell."""
    orders_posted: int


def measure(orders: int, hooks: int, rate: float) -> list[Answers]:
    """A quiet phase and one with `orders` orders in a rush; `hooks` deliveries at `rate` a second in each."""
    with tempfile.TemporaryDirectory(prefix="weighbridge-bench-") as folder, ground(Path(folder), speed=SPEED) as made:
        port = free_port()
        with _worker(made, port) as worker:
            return asyncio.run(_phases(made, port, worker, orders, hooks, rate))


@contextmanager
def _worker(made: Ground, port: int) -> Iterator[subprocess.Popen[bytes]]:
    config = made.configuration(port=port, hooks=True)
    command = [sys.executable, "-m", "weighbridge", "run", "--config", str(config)]
    with (made.folder / "worker.log").open("wb") as log:
        worker = subprocess.Popen(command, env={**os.environ, **made.environment()}, stdout=log, stderr=log)
        try:
            yield worker
        finally:
            worker.terminate()
            worker.wait(30)


async def _phases(
    made: Ground, port: int, worker: subprocess.Popen[bytes], orders: int, hooks: int, rate: float
) -> list[Answers]:
    limits = httpx2.Limits(max_connections=50, max_keepalive_connections=50)
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30.0, limits=limits) as client:
        await _up(client, worker)
        known = await asyncio.to_thread(made.place, 1)
        await _posted(made, 1)
        quiet = await _phase("quiet", made, client, worker, known, hooks, rate)
        known += await asyncio.to_thread(made.place, orders)
        return [quiet, await _phase("rush of orders", made, client, worker, known, hooks, rate)]


async def _phase(
    name: str,
    made: Ground,
    client: httpx2.AsyncClient,
    worker: subprocess.Popen[bytes],
    order_ids: Sequence[int],
    hooks: int,
    rate: float,
) -> Answers:
    posted_before = await asyncio.to_thread(_posted_sales, made)
    cpu_before, began = _cpu_seconds(worker.pid), time.perf_counter()
    tasks = []
    for number in range(hooks):
        await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
        order_id = order_ids[number % len(order_ids)]
        tasks.append(asyncio.create_task(_deliver(made, client, f"{name}-{number}", order_id)))
    answers = await asyncio.gather(*tasks)
    took, cpu_after = time.perf_counter() - began, _cpu_seconds(worker.pid)
    times = sorted(seconds for _, seconds in answers)
    return Answers(
        phase=name,
        hooks=hooks,
        accepted=sum(status == 200 for status, _ in answers),
        within_50_ms=sum(seconds <= PROMPT_SECONDS for seconds in times) / hooks,
        p50=_percentile(times, 0.50),
        p90=_percentile(times, 0.90),
        p99=_percentile(times, 0.99),
        slowest=times[-1] * 1000,
        worker_busy=None if cpu_before is None or cpu_after is None else (cpu_after - cpu_before) / took,
        orders_posted=await asyncio.to_thread(_posted_sales, made) - posted_before,
    )


async def _deliver(made: Ground, client: httpx2.AsyncClient, message: str, order_id: int) -> tuple[int, float]:
    """(status, seconds) of one signed delivery, as the store would send it."""
    event = {"scope": "store/order/updated", "data": {"type": "order", "id": order_id}, "hash": message}
    body = json.dumps(event).encode()
    stamp = str(int(ScaledClock.parse(made.announcement["clock"]).now().timestamp()))
    key = str(made.announcement["client_secret"]).encode()
    digest = hmac.new(key, f"{message}.{stamp}.".encode() + body, hashlib.sha256).digest()
    headers = {
        SECRET_HEADER: HOOK_SECRET,
        "content-type": "application/json",
        "webhook-id": message,
        "webhook-timestamp": stamp,
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }
    began = time.perf_counter()
    answer = await client.post(f"/hooks/bigcommerce/{CONNECTION}/{HOOK_SECRET}", content=body, headers=headers)
    return answer.status_code, time.perf_counter() - began


async def _up(client: httpx2.AsyncClient, worker: subprocess.Popen[bytes]) -> None:
    async with asyncio.timeout(60):
        while worker.poll() is None:
            try:
                if (await client.get("/health")).status_code == 200:
                    return
            except httpx2.HTTPError:
                await asyncio.sleep(0.1)
    raise RuntimeError("the worker ended by itself")


async def _posted(made: Ground, wanted: int) -> None:
    async with asyncio.timeout(60):
        while await asyncio.to_thread(_posted_sales, made) < wanted:
            await asyncio.sleep(0.2)


def _posted_sales(made: Ground) -> int:
    """Order documents that Cin7 was asked to authorise so far."""
    return sum(
        int(calls)
        for endpoint, calls in made.quota("cin7")["by_endpoint"].items()
        if endpoint.lower().startswith("post") and endpoint.lower().endswith("/sale/order")
    )


def _percentile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000


def _cpu_seconds(pid: int) -> float | None:
    """Processor seconds of a process so far, where /proc tells. Source: proc(5), stat fields 14 and 15."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _share(busy: float | None) -> str:
    return "unknown" if busy is None else f"{busy:.0%}"


def as_json(phases: Sequence[Answers]) -> list[dict[str, Any]]:
    return [asdict(phase) for phase in phases]


def table(phases: Sequence[Answers]) -> str:
    """The answers as lines of text, a column for each phase."""
    rows: list[tuple[str, list[str]]] = [
        ("Phase", [one.phase for one in phases]),
        ("Hooks delivered / accepted", [f"{one.hooks} / {one.accepted}" for one in phases]),
        ("Answered within 50 ms", [f"{one.within_50_ms:.1%}" for one in phases]),
        ("Half of them within", [f"{one.p50:.1f} ms" for one in phases]),
        ("90 % within", [f"{one.p90:.1f} ms" for one in phases]),
        ("99 % within", [f"{one.p99:.1f} ms" for one in phases]),
        ("Slowest", [f"{one.slowest:.1f} ms" for one in phases]),
        ("Worker's share of one processor", [_share(one.worker_busy) for one in phases]),
        ("Orders posted meanwhile", [f"{one.orders_posted}" for one in phases]),
    ]
    return "\n".join(f"{label:<34}" + "".join(f"{value:>18}" for value in values) for label, values in rows)
