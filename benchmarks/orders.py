"""What does an order cost? Calls to both platforms, share of the quota, processor time, SQL, as orders grow in number.

The twins run in a process of their own, so processor time is the product's alone. Everything before the orders (reading
both systems, the first sweep) is done and counted off first.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa

from benchmarks.ground import Ground, ground
from weighbridge.design.loading import load_installation
from weighbridge.design.secrets import resolve_secrets
from weighbridge.flows.discovery import sweeps
from weighbridge.flows.reference_data import load as bookkeeping
from weighbridge.persistence.repositories.transfers import State
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.persistence.types import metadata
from weighbridge.worker.worker import Service

SPEED = 600.0
"""Ten minutes of the twins' time in a second: the quota does not hold the product back, so its own work is measured."""
OURS = frozenset(metadata.tables)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one order cost, on average over a run."""

    orders: int
    posted: int
    cin7_calls: float
    bigcommerce_calls: float
    cin7_minute_share: float
    """The part of a minute's Cin7 quota that one order takes."""
    cpu_milliseconds: float
    own_statements: float
    engine_statements: float
    throttles: int


def measure(sizes: Sequence[int], post: str = "order") -> list[Cost]:
    """One run per size, each with fresh twins and databases."""
    costs = []
    for size in sizes:
        with TemporaryDirectory(prefix="weighbridge-bench-") as folder, ground(Path(folder), speed=SPEED) as made:
            costs.append(asyncio.run(_run(made, size, post)))
    return costs


async def _run(made: Ground, size: int, post: str) -> Cost:
    config = made.configuration(post=post)
    installation = load_installation(config)
    secrets = resolve_secrets(installation, config.parent, {**os.environ, **made.environment()})
    service = Service(installation, secrets)
    with counted_statements() as statements:
        async with service.working():
            await service.run_once((bookkeeping.FLOW, sweeps.ORDER_SWEEP))
            await asyncio.to_thread(made.place, size)
            before = await asyncio.to_thread(_counts, made)
            sql, began = Counter(statements), time.process_time()
            await service.run_once((sweeps.ORDER_SWEEP,))
            await _posted(service, size)
            spent, sql = time.process_time() - began, statements - sql
            after = await asyncio.to_thread(_counts, made)
            found = await service.journal.transfers.select(transfers.c.state == State.POSTED, limit=size + 10)
    books, shop = after["cin7"] - before["cin7"], after["bigcommerce"] - before["bigcommerce"]
    limit = int(made.quota("cin7")["limit"])
    return Cost(
        orders=size,
        posted=sum(one.flow == "orders" for one in found),
        cin7_calls=books / size,
        bigcommerce_calls=shop / size,
        cin7_minute_share=books / size / limit,
        cpu_milliseconds=1000 * spent / size,
        own_statements=sql["own"] / size,
        engine_statements=sql["engine"] / size,
        throttles=after["throttled"],
    )


async def _posted(service: Service, size: int) -> None:
    """Waits until every order is posted. Raises TimeoutError when that takes unreasonably long."""
    async with asyncio.timeout(60 + size):
        while True:
            counts = await service.journal.transfers.counts()
            ended = sum(number for _, flow, state, _, number in counts if flow == "orders" and state == State.POSTED)
            if ended >= size:
                return await service.settle()
            await asyncio.sleep(0.2)


def _counts(made: Ground) -> Counter[str]:
    books, shop = made.quota("cin7"), made.quota("bigcommerce")
    return Counter(
        cin7=int(books["calls"]),
        bigcommerce=int(shop["calls"]),
        throttled=int(books["throttled"]) + int(shop["throttled"]),
    )


@contextmanager
def counted_statements() -> Iterator[Counter[str]]:
    """Counts the SQL statements of this process: on our own tables, and on the engine's."""
    counts: Counter[str] = Counter()

    def count(_c: Any, _cursor: Any, statement: str, _p: Any, _context: Any, _many: bool) -> None:
        words = statement.replace('"', " ").split()
        counts["own" if OURS.intersection(words) else "engine"] += 1

    sa.event.listen(sa.Engine, "before_cursor_execute", count)
    try:
        yield counts
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", count)


def as_json(costs: Sequence[Cost]) -> list[dict[str, Any]]:
    return [asdict(cost) for cost in costs]


def table(costs: Sequence[Cost]) -> str:
    """The costs as lines of text; the last line says how the cost of one order grows with their number."""
    first = costs[0].cpu_milliseconds
    rows: list[tuple[str, list[str]]] = [
        ("Orders", [f"{one.orders}" for one in costs]),
        ("Posted", [f"{one.posted}" for one in costs]),
        ("Cin7 calls per order", [f"{one.cin7_calls:.2f}" for one in costs]),
        ("BigCommerce calls per order", [f"{one.bigcommerce_calls:.2f}" for one in costs]),
        ("Share of a minute's Cin7 quota per order", [f"{one.cin7_minute_share:.1%}" for one in costs]),
        ("Processor time per order", [f"{one.cpu_milliseconds:.0f} ms" for one in costs]),
        ("SQL statements per order, own tables", [f"{one.own_statements:.1f}" for one in costs]),
        ("SQL statements per order, engine's tables", [f"{one.engine_statements:.1f}" for one in costs]),
        ("Throttle answers caused", [f"{one.throttles}" for one in costs]),
        ("Processor time per order, first = 1", [f"{one.cpu_milliseconds / first:.2f}" for one in costs]),
    ]
    return "\n".join(f"{label:<44}" + "".join(f"{value:>10}" for value in values) for label, values in rows)
