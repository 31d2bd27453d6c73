"""Response times of webhooks. BigCommerce deactivates webhooks that are answered late, so responses must be fast even
while the worker posts a rush of orders.

One worker does everything, as in a small installation: it receives webhooks, evaluates orders and posts them.
Deliveries are sent at fixed times, whether earlier ones are answered or not, so a slow response does not delay the
next deliveries.
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

from benchmarks.harness import CONNECTION, WEBHOOK_SECRET, Harness, open_harness
from weighbridge.common.clock import ScaledClock
from weighbridge.flows.discovery.webhooks import SECRET_HEADER
from weighbridge_simulation.demo.run import free_port

SPEED = 60.0
PROMPT_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Answers:
    """The responses to the webhooks of one phase; times in milliseconds."""

    phase: str
    webhooks: int
    accepted: int
    within_50_ms: float
    p50: float
    p90: float
    p99: float
    slowest: float
    worker_busy: float | None
    """Share of one processor that the worker used meanwhile; None where the system has no /proc."""
    orders_posted: int


def measure(orders: int, webhooks: int, rate: float) -> list[Answers]:
    """A quiet phase and one with a rush of `orders`; in each, `webhooks` deliveries at `rate` per second."""
    with (
        tempfile.TemporaryDirectory(prefix="weighbridge-bench-") as folder,
        open_harness(Path(folder), speed=SPEED) as harness,
    ):
        port = free_port()
        with _worker(harness, port) as worker:
            return asyncio.run(_phases(harness, port, worker, orders, webhooks, rate))


@contextmanager
def _worker(harness: Harness, port: int) -> Iterator[subprocess.Popen[bytes]]:
    config = harness.configuration(port=port, webhooks=True)
    command = [sys.executable, "-m", "weighbridge", "run", "--config", str(config)]
    with (harness.folder / "worker.log").open("wb") as log:
        worker = subprocess.Popen(command, env={**os.environ, **harness.environment()}, stdout=log, stderr=log)
        try:
            yield worker
        finally:
            worker.terminate()
            worker.wait(30)


async def _phases(
    harness: Harness, port: int, worker: subprocess.Popen[bytes], orders: int, webhooks: int, rate: float
) -> list[Answers]:
    limits = httpx2.Limits(max_connections=50, max_keepalive_connections=50)
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30.0, limits=limits) as client:
        await _until_healthy(client, worker)
        known = await asyncio.to_thread(harness.place_orders, 1)
        await _until_posted(harness, 1)
        quiet = await _phase("quiet", harness, client, worker, known, webhooks, rate)
        known += await asyncio.to_thread(harness.place_orders, orders)
        return [quiet, await _phase("rush of orders", harness, client, worker, known, webhooks, rate)]


async def _phase(
    name: str,
    harness: Harness,
    client: httpx2.AsyncClient,
    worker: subprocess.Popen[bytes],
    order_ids: Sequence[int],
    webhooks: int,
    rate: float,
) -> Answers:
    posted_before = await asyncio.to_thread(_posted_sales, harness)
    cpu_before, began = _cpu_seconds(worker.pid), time.perf_counter()
    tasks = []
    for number in range(webhooks):
        await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
        order_id = order_ids[number % len(order_ids)]
        tasks.append(asyncio.create_task(_deliver(harness, client, f"{name}-{number}", order_id)))
    answers = await asyncio.gather(*tasks)
    took, cpu_after = time.perf_counter() - began, _cpu_seconds(worker.pid)
    times = sorted(seconds for _, seconds in answers)
    return Answers(
        phase=name,
        webhooks=webhooks,
        accepted=sum(status == 200 for status, _ in answers),
        within_50_ms=sum(seconds <= PROMPT_SECONDS for seconds in times) / webhooks,
        p50=_percentile(times, 0.50),
        p90=_percentile(times, 0.90),
        p99=_percentile(times, 0.99),
        slowest=times[-1] * 1000,
        worker_busy=None if cpu_before is None or cpu_after is None else (cpu_after - cpu_before) / took,
        orders_posted=await asyncio.to_thread(_posted_sales, harness) - posted_before,
    )


async def _deliver(harness: Harness, client: httpx2.AsyncClient, message: str, order_id: int) -> tuple[int, float]:
    """(status, seconds) of one delivery, signed as by the store."""
    event = {"scope": "store/order/updated", "data": {"type": "order", "id": order_id}, "hash": message}
    body = json.dumps(event).encode()
    stamp = str(int(ScaledClock.parse(harness.announcement["clock"]).now().timestamp()))
    key = str(harness.announcement["client_secret"]).encode()
    digest = hmac.new(key, f"{message}.{stamp}.".encode() + body, hashlib.sha256).digest()
    headers = {
        SECRET_HEADER: WEBHOOK_SECRET,
        "content-type": "application/json",
        "webhook-id": message,
        "webhook-timestamp": stamp,
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }
    began = time.perf_counter()
    answer = await client.post(f"/webhooks/bigcommerce/{CONNECTION}/{WEBHOOK_SECRET}", content=body, headers=headers)
    return answer.status_code, time.perf_counter() - began


async def _until_healthy(client: httpx2.AsyncClient, worker: subprocess.Popen[bytes]) -> None:
    async with asyncio.timeout(60):
        while worker.poll() is None:
            try:
                if (await client.get("/health")).status_code == 200:
                    return
            except httpx2.HTTPError:
                await asyncio.sleep(0.1)
    raise RuntimeError("the worker exited before it was healthy; see worker.log")


async def _until_posted(harness: Harness, expected: int) -> None:
    async with asyncio.timeout(60):
        while await asyncio.to_thread(_posted_sales, harness) < expected:
            await asyncio.sleep(0.2)


def _posted_sales(harness: Harness) -> int:
    """The number of calls so far that authorise an order document in Cin7."""
    return sum(
        int(calls)
        for endpoint, calls in harness.quota("cin7")["by_endpoint"].items()
        if endpoint.lower().startswith("post") and endpoint.lower().endswith("/sale/order")
    )


def _percentile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000


def _cpu_seconds(pid: int) -> float | None:
    """Processor seconds of a process so far; None without /proc. Source: proc(5), stat fields 14 and 15."""
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
    """The responses as lines of text, one column per phase."""
    rows: list[tuple[str, list[str]]] = [
        ("Phase", [phase.phase for phase in phases]),
        ("Webhooks delivered / accepted", [f"{phase.webhooks} / {phase.accepted}" for phase in phases]),
        ("Answered within 50 ms", [f"{phase.within_50_ms:.1%}" for phase in phases]),
        ("50 % within", [f"{phase.p50:.1f} ms" for phase in phases]),
        ("90 % within", [f"{phase.p90:.1f} ms" for phase in phases]),
        ("99 % within", [f"{phase.p99:.1f} ms" for phase in phases]),
        ("Slowest", [f"{phase.slowest:.1f} ms" for phase in phases]),
        ("Worker's share of one processor", [_share(phase.worker_busy) for phase in phases]),
        ("Orders posted meanwhile", [f"{phase.orders_posted}" for phase in phases]),
    ]
    return "\n".join(f"{label:<34}" + "".join(f"{value:>18}" for value in values) for label, values in rows)
