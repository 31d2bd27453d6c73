"""The cost of a stock run: calls, memory, processor time and stored bytes, for growing numbers of SKUs.

The store sells from three locations of the warehouse, so Cin7's list has three rows per SKU. Each size runs in a
separate process, with the twins in another one: memory and processor time are the product's alone. The catalogues are
read first and are not counted. The runs of each size: `first` publishes all levels, in as many runs as that takes;
`quiet` finds no change; `sold` finds that one SKU in a hundred has fewer units.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import resource
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa

from benchmarks.harness import Harness, open_harness
from weighbridge.design.loading import load_installation
from weighbridge.design.secrets import resolve_secrets
from weighbridge.flows.reference_data import load as reference_data
from weighbridge.flows.stock import flow as stock
from weighbridge.observability.logs import configure_logs
from weighbridge.persistence.tables.http_log import http_exchanges
from weighbridge.persistence.tables.stock import stock_levels
from weighbridge.worker.worker import Worker

SPEED = 600.0
"""Ten minutes of the twins' time per second, so that the product never waits for the quota."""
LOCATIONS = ("Main Warehouse", "Overflow", "Returns Bay")
UNITS = (60, 30, 10)
"""Units on hand of each SKU, by location."""
SEEDED_AT_ONCE = 2000
CHANGED = 100
"""One in this many SKUs sells a unit between two runs."""
MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Refresh:
    """One kind of stock run: the calls it made, the levels it published and its cost."""

    name: str
    skus: int
    availability_calls: int
    store_reads: int
    levels_published: int
    cpu_seconds: float
    wall_seconds: float
    stored_megabytes: float
    """Requests and responses that the HTTP log stores of the run, compressed."""


@dataclass(frozen=True, slots=True)
class Growth:
    """All runs at one number of SKUs."""

    skus: int
    runs: tuple[Refresh, ...]
    peak_megabytes: float
    """Peak memory of the product's process over reading the catalogues and all runs."""
    correct: int
    """SKUs of which the store shows at the end what the warehouse has."""
    throttles: int


def measure(sizes: Sequence[int]) -> list[Growth]:
    """One run per size, each with fresh twins and databases."""
    return [_grown(size) for size in sizes]


def _grown(skus: int) -> Growth:
    with (
        TemporaryDirectory(prefix="weighbridge-bench-") as folder,
        open_harness(Path(folder), speed=SPEED, goods=()) as harness,
    ):
        _fill(harness, skus)
        fork = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=fork) as product:
            runs, peak = product.submit(_product, harness.announcement, folder, skus).result()
        levels = harness.act("bigcommerce", "stock_levels", {})
        expected = {_sku(number): sum(UNITS) - (number % CHANGED == 0) for number in range(skus)}
        throttled = sum(int(harness.quota(platform)["throttled"]) for platform in ("cin7", "bigcommerce"))
    correct = sum(levels[sku] == units for sku, units in expected.items())
    return Growth(skus, tuple(runs), peak, correct, throttled)


def _fill(harness: Harness, skus: int) -> None:
    """Creates the same products on both platforms; the store shows no stock of them yet."""
    harness.act("cin7", "seed", {"locations": list(LOCATIONS)})
    for start in range(0, skus, SEEDED_AT_ONCE):
        chosen = [_sku(number) for number in range(start, min(start + SEEDED_AT_ONCE, skus))]
        goods = [{"sku": sku, "name": f"Product {sku}", "price": "12.50", "inventory_level": 0} for sku in chosen]
        harness.act("bigcommerce", "seed_products", goods)
        stocked = [
            {"sku": sku, "location": location, "on_hand": units}
            for sku in chosen
            for location, units in zip(LOCATIONS, UNITS, strict=True)
        ]
        products = [{"sku": sku, "name": f"Product {sku}", "tier_price": "12.50"} for sku in chosen]
        harness.act("cin7", "seed", {"products": products, "stock": stocked})


def _product(announcement: Mapping[str, Any], folder: str, skus: int) -> tuple[list[Refresh], float]:
    """The product's side of the benchmark, in a separate process."""
    configure_logs("error")
    harness = Harness(announcement, Path(folder))
    runs = asyncio.run(_runs(harness, skus))
    return runs, _peak_bytes() / MEGABYTE


async def _runs(harness: Harness, skus: int) -> list[Refresh]:
    config = harness.configuration(locations=LOCATIONS)
    installation = load_installation(config)
    worker = Worker(installation, resolve_secrets(installation, config.parent, {**os.environ, **harness.environment()}))
    async with worker.working():
        await worker.run_once((reference_data.FLOW,))
        first = await _run(worker, harness, "first", skus)
        while first.levels_published < skus:
            again = await _run(worker, harness, "first", skus)
            if not again.levels_published:
                raise RuntimeError(f"only {first.levels_published} of {skus} levels were published")
            first = _sum(first, again)
        quiet = await _run(worker, harness, "quiet", skus)
        await asyncio.to_thread(_sell, harness, skus)
        return [first, quiet, await _run(worker, harness, "sold", skus)]


async def _run(worker: Worker, harness: Harness, name: str, skus: int) -> Refresh:
    before, stored_bytes = await asyncio.to_thread(_calls, harness), await _stored_bytes(worker)
    timestamp, cpu, began = worker.clock.now(), time.process_time(), time.perf_counter()
    await worker.run_once((stock.FLOW,))
    spent, took = time.process_time() - cpu, time.perf_counter() - began
    calls = await asyncio.to_thread(_calls, harness) - before
    query = sa.select(sa.func.count()).select_from(stock_levels).where(stock_levels.c.pushed_at >= timestamp)
    async with worker.database.reading() as reading:
        published = int((await reading.execute(query)).scalar_one())
    return Refresh(
        name=name,
        skus=skus,
        availability_calls=calls["availability"],
        store_reads=calls["store_reads"],
        levels_published=published,
        cpu_seconds=spent,
        wall_seconds=took,
        stored_megabytes=(await _stored_bytes(worker) - stored_bytes) / MEGABYTE,
    )


def _sum(first: Refresh, second: Refresh) -> Refresh:
    return Refresh(
        first.name,
        first.skus,
        first.availability_calls + second.availability_calls,
        first.store_reads + second.store_reads,
        first.levels_published + second.levels_published,
        first.cpu_seconds + second.cpu_seconds,
        first.wall_seconds + second.wall_seconds,
        first.stored_megabytes + second.stored_megabytes,
    )


def _sell(harness: Harness, skus: int) -> None:
    """Removes one unit of every hundredth SKU from the main warehouse."""
    sold = [_sku(number) for number in range(0, skus, CHANGED)]
    rows = [{"sku": sku, "location": LOCATIONS[0], "on_hand": UNITS[0] - 1} for sku in sold]
    harness.act("cin7", "seed", {"stock": rows})


def _calls(harness: Harness) -> Counter[str]:
    cin7, bigcommerce = harness.quota("cin7")["by_endpoint"], harness.quota("bigcommerce")["by_endpoint"]
    return Counter(
        availability=sum(int(calls) for name, calls in cin7.items() if "productavailability" in name.lower()),
        store_reads=sum(int(calls) for name, calls in bigcommerce.items() if name.lower().startswith("get")),
    )


async def _stored_bytes(worker: Worker) -> int:
    sizes = sa.func.length(http_exchanges.c.request) + sa.func.length(http_exchanges.c.response)
    async with worker.database.reading() as reading:
        return int((await reading.execute(sa.select(sa.func.coalesce(sa.func.sum(sizes), 0)))).scalar_one())


def _peak_bytes() -> int:
    """Peak memory of this process. Source: getrusage(2): kilobytes on Linux, bytes on macOS."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _sku(number: int) -> str:
    return f"SKU-{number:06}"


def as_json(grown: Sequence[Growth]) -> list[dict[str, Any]]:
    return [asdict(growth) for growth in grown]


def table(grown: Sequence[Growth]) -> str:
    """A block per kind of run, a column per size; the last line of a block shows how the cost per SKU grows."""
    rows: list[tuple[str, list[str]]] = [
        ("SKUs, each at three locations", [f"{growth.skus:,}" for growth in grown]),
        ("SKUs with a correct level in the store", [f"{growth.correct:,}" for growth in grown]),
        ("Peak memory of the product", [f"{growth.peak_megabytes:.0f} MB" for growth in grown]),
        ("Throttled calls", [f"{growth.throttles}" for growth in grown]),
    ]
    for number, name in enumerate(growth.name for growth in grown[0].runs):
        runs = [growth.runs[number] for growth in grown]
        costs = [1000 * run.cpu_seconds / run.skus for run in runs]
        rows += [
            (f"Run: {name}", [""] * len(runs)),
            ("  availability calls", [f"{run.availability_calls:,}" for run in runs]),
            ("  reads of the store", [f"{run.store_reads:,}" for run in runs]),
            ("  levels published", [f"{run.levels_published:,}" for run in runs]),
            ("  processor time", [f"{run.cpu_seconds:.2f} s" for run in runs]),
            ("  processor time per SKU", [f"{cost:.3f} ms" for cost in costs]),
            ("  stored in the HTTP log", [f"{run.stored_megabytes:.2f} MB" for run in runs]),
            ("  processor time per SKU, first = 1", [f"{cost / costs[0]:.2f}" for cost in costs]),
        ]
    return "\n".join(f"{label:<40}" + "".join(f"{value:>12}" for value in values) for label, values in rows)
