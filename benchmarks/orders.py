"""The cost of an order: calls to both platforms, share of the quota, processor time and SQL, for growing numbers.

The twins run in a separate process, so the processor time is the product's alone. The work before the orders (reading
both platforms, the first sweep) is done first and is not counted.
"""

from __future__ import annotations

import asyncio
import os
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa

from benchmarks.harness import Harness, open_harness
from weighbridge.design.loading import load_installation
from weighbridge.design.secrets import resolve_secrets
from weighbridge.flows.discovery import sweeps
from weighbridge.flows.reference_data import load as reference_data
from weighbridge.persistence.repositories.transfers import State
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.worker.worker import Worker

LIMITS = Path(__file__).with_name("limits.toml")
SPEED = 600.0
"""Ten minutes of the twins' time per second, so that the product never waits for the quota."""


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one order, on average over a run."""

    orders: int
    posted: int
    cin7_calls: float
    bigcommerce_calls: float
    cin7_minute_share: float
    """Share of a minute's Cin7 quota that one order uses."""
    cpu_milliseconds: float
    statements: float
    throttles: int


def measure(sizes: Sequence[int], post: str = "order") -> list[Cost]:
    """One run per size, each with fresh twins and databases."""
    costs = []
    for size in sizes:
        with (
            TemporaryDirectory(prefix="weighbridge-bench-") as folder,
            open_harness(Path(folder), speed=SPEED) as harness,
        ):
            costs.append(asyncio.run(_run(harness, size, post)))
    return costs


async def _run(harness: Harness, size: int, post: str) -> Cost:
    config = harness.configuration(post=post)
    installation = load_installation(config)
    secrets = resolve_secrets(installation, config.parent, {**os.environ, **harness.environment()})
    worker = Worker(installation, secrets)
    with counted_statements() as statements:
        async with worker.working():
            await worker.run_once((reference_data.FLOW, sweeps.ORDER_SWEEP))
            await asyncio.to_thread(harness.place_orders, size)
            before = await asyncio.to_thread(_counts, harness)
            sql, began = Counter(statements), time.process_time()
            await worker.run_once((sweeps.ORDER_SWEEP,))
            await wait_until_posted(worker, size)
            spent, sql = time.process_time() - began, statements - sql
            after = await asyncio.to_thread(_counts, harness)
            posted = await worker.repositories.transfers.select(transfers.c.state == State.POSTED, limit=size + 10)
    cin7_calls, bigcommerce_calls = after["cin7"] - before["cin7"], after["bigcommerce"] - before["bigcommerce"]
    limit = int(harness.quota("cin7")["limit"])
    return Cost(
        orders=size,
        posted=sum(transfer.flow == "orders" for transfer in posted),
        cin7_calls=cin7_calls / size,
        bigcommerce_calls=bigcommerce_calls / size,
        cin7_minute_share=cin7_calls / size / limit,
        cpu_milliseconds=1000 * spent / size,
        statements=sql.total() / size,
        throttles=after["throttled"],
    )


async def wait_until_posted(worker: Worker, size: int) -> None:
    """Waits until every order is posted. Raises TimeoutError after one minute and one more second per order."""
    async with asyncio.timeout(60 + size):
        while True:
            counts = await worker.repositories.transfers.counts()
            ended = sum(number for _, flow, state, _, number in counts if flow == "orders" and state == State.POSTED)
            if ended >= size:
                return await worker.settle()
            await asyncio.sleep(0.2)


def _counts(harness: Harness) -> Counter[str]:
    cin7, bigcommerce = harness.quota("cin7"), harness.quota("bigcommerce")
    return Counter(
        cin7=int(cin7["calls"]),
        bigcommerce=int(bigcommerce["calls"]),
        throttled=int(cin7["throttled"]) + int(bigcommerce["throttled"]),
    )


@contextmanager
def counted_statements() -> Iterator[Counter[str]]:
    """Counts the SQL statements of this process by their first word, those that begin a transaction included."""
    counts: Counter[str] = Counter()

    def count(_c: Any, _cursor: Any, statement: str, _p: Any, _context: Any, _many: bool) -> None:
        counts[statement.split(maxsplit=1)[0]] += 1

    sa.event.listen(sa.Engine, "before_cursor_execute", count)
    try:
        yield counts
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", count)


def as_json(costs: Sequence[Cost]) -> list[dict[str, Any]]:
    return [asdict(cost) for cost in costs]


def table(costs: Sequence[Cost]) -> str:
    """The costs as lines of text; the last line shows how the cost per order grows with the number of orders."""
    first = costs[0].cpu_milliseconds
    rows: list[tuple[str, list[str]]] = [
        ("Orders", [f"{cost.orders}" for cost in costs]),
        ("Posted", [f"{cost.posted}" for cost in costs]),
        ("Cin7 calls per order", [f"{cost.cin7_calls:.2f}" for cost in costs]),
        ("BigCommerce calls per order", [f"{cost.bigcommerce_calls:.2f}" for cost in costs]),
        ("Share of a minute's Cin7 quota per order", [f"{cost.cin7_minute_share:.1%}" for cost in costs]),
        ("Processor time per order", [f"{cost.cpu_milliseconds:.0f} ms" for cost in costs]),
        ("SQL statements per order", [f"{cost.statements:.1f}" for cost in costs]),
        ("Throttled calls", [f"{cost.throttles}" for cost in costs]),
        ("Processor time per order, first = 1", [f"{cost.cpu_milliseconds / first:.2f}" for cost in costs]),
    ]
    return "\n".join(f"{label:<44}" + "".join(f"{value:>10}" for value in values) for label, values in rows)


def exceeded(cost: Cost) -> list[str]:
    """Which counts of an order are more than a tenth above those in `limits.toml`, one line each.

    Counts are the same on every machine; processor time is not, see `compare`.
    """
    limits: dict[str, float] = tomllib.loads(LIMITS.read_text(encoding="utf-8"))
    return [
        f"{name}: {getattr(cost, name):.2f} per order; at most {limit} and a tenth more"
        for name, limit in limits.items()
        if getattr(cost, name) > limit * 1.1
    ]
