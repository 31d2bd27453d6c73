"""What does a refresh of stock cost? Calls, memory, processor time and what is kept, as the SKUs grow in number.

Three locations of the warehouse are sold, so Cin7's list has three rows a SKU. Each size runs in a process of its own,
with the twins in another: memory and processor time are the product's alone. The catalogues are read first and counted
off. Rounds of one run: `first` tells the shop of everything, in as many rounds as that takes; `quiet` finds that
nothing changed; `sold` finds that one SKU in a hundred has fewer units.
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

from benchmarks.ground import Ground, ground
from weighbridge.design.loading import load_installation
from weighbridge.design.secrets import resolve_secrets
from weighbridge.flows.reference_data import load as bookkeeping
from weighbridge.flows.stock import flow as stock
from weighbridge.observability.logs import configure_logs
from weighbridge.persistence.tables.http_log import exchanges
from weighbridge.persistence.tables.stock import stock_levels
from weighbridge.worker.worker import Service

SPEED = 600.0
"""Ten minutes of the twins' time in a second: the quota does not hold the product back, so its own work is measured."""
LOCATIONS = ("Main Warehouse", "Overflow", "Returns Bay")
UNITS = (60, 30, 10)
"""On hand of each SKU at each location."""
SEEDED_AT_ONCE = 2000
CHANGED = 100
"""One SKU in so many sells between two rounds."""
MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Refresh:
    """One kind of round: what it read, told and cost."""

    name: str
    skus: int
    availability_calls: int
    shop_reads: int
    levels_told: int
    cpu_seconds: float
    wall_seconds: float
    kept_megabytes: float
    """Requests and answers that the journal keeps of it, compressed."""


@dataclass(frozen=True, slots=True)
class Growth:
    """All rounds at one number of SKUs."""

    skus: int
    rounds: tuple[Refresh, ...]
    peak_megabytes: float
    """The most memory that the product's process ever held, catalogues read and all rounds done."""
    right: int
    """SKUs of which the shop shows at the end what the warehouse has."""
    throttles: int


def measure(sizes: Sequence[int]) -> list[Growth]:
    """One run per size, each with fresh twins and databases."""
    return [_grown(size) for size in sizes]


def _grown(skus: int) -> Growth:
    with TemporaryDirectory(prefix="weighbridge-bench-") as folder, ground(Path(folder), speed=SPEED, goods=()) as made:
        _fill(made, skus)
        fork = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=fork) as product:
            rounds, peak = product.submit(_product, made.announcement, folder, skus).result()
        levels = made.act("bigcommerce", "stock_levels", {})
        wanted = {_sku(number): sum(UNITS) - (number % CHANGED == 0) for number in range(skus)}
        throttled = sum(int(made.quota(platform)["throttled"]) for platform in ("cin7", "bigcommerce"))
    right = sum(levels[sku] == units for sku, units in wanted.items())
    return Growth(skus, tuple(rounds), peak, right, throttled)


def _fill(made: Ground, skus: int) -> None:
    """The same goods at both sides; the shop shows none of them yet."""
    made.act("cin7", "seed", {"locations": list(LOCATIONS)})
    for start in range(0, skus, SEEDED_AT_ONCE):
        chosen = [_sku(number) for number in range(start, min(start + SEEDED_AT_ONCE, skus))]
        goods = [{"sku": sku, "name": f"Product {sku}", "price": "12.50", "inventory_level": 0} for sku in chosen]
        made.act("bigcommerce", "seed_products", goods)
        stocked = [
            {"sku": sku, "location": location, "on_hand": units}
            for sku in chosen
            for location, units in zip(LOCATIONS, UNITS, strict=True)
        ]
        products = [{"sku": sku, "name": f"Product {sku}", "tier_price": "12.50"} for sku in chosen]
        made.act("cin7", "seed", {"products": products, "stock": stocked})


def _product(announcement: Mapping[str, Any], folder: str, skus: int) -> tuple[list[Refresh], float]:
    """The product's side of a run, in a process that does nothing else."""
    configure_logs("error")
    made = Ground(announcement, Path(folder))
    rounds = asyncio.run(_rounds(made, skus))
    return rounds, _peak_bytes() / MEGABYTE


async def _rounds(made: Ground, skus: int) -> list[Refresh]:
    config = made.configuration(locations=LOCATIONS)
    installation = load_installation(config)
    service = Service(installation, resolve_secrets(installation, config.parent, {**os.environ, **made.environment()}))
    async with service.working():
        await service.run_once((bookkeeping.FLOW,))
        first = await _round(service, made, "first", skus)
        while first.levels_told < skus:
            again = await _round(service, made, "first", skus)
            if not again.levels_told:
                raise RuntimeError(f"the shop was told of {first.levels_told} levels of {skus}, and of no more")
            first = _sum(first, again)
        quiet = await _round(service, made, "quiet", skus)
        await asyncio.to_thread(_sell, made, skus)
        return [first, quiet, await _round(service, made, "sold", skus)]


async def _round(service: Service, made: Ground, name: str, skus: int) -> Refresh:
    before, kept = await asyncio.to_thread(_calls, made), await _kept(service)
    moment, cpu, began = service.clock.now(), time.process_time(), time.perf_counter()
    await service.run_once((stock.FLOW,))
    spent, took = time.process_time() - cpu, time.perf_counter() - began
    calls = await asyncio.to_thread(_calls, made) - before
    query = sa.select(sa.func.count()).select_from(stock_levels).where(stock_levels.c.pushed_at >= moment)
    async with service.database.reading() as reading:
        told = int((await reading.execute(query)).scalar_one())
    return Refresh(
        name=name,
        skus=skus,
        availability_calls=calls["availability"],
        shop_reads=calls["shop_reads"],
        levels_told=told,
        cpu_seconds=spent,
        wall_seconds=took,
        kept_megabytes=(await _kept(service) - kept) / MEGABYTE,
    )


def _sum(one: Refresh, other: Refresh) -> Refresh:
    return Refresh(
        one.name,
        one.skus,
        one.availability_calls + other.availability_calls,
        one.shop_reads + other.shop_reads,
        one.levels_told + other.levels_told,
        one.cpu_seconds + other.cpu_seconds,
        one.wall_seconds + other.wall_seconds,
        one.kept_megabytes + other.kept_megabytes,
    )


def _sell(made: Ground, skus: int) -> None:
    """One unit of every hundredth SKU leaves the main warehouse."""
    sold = [_sku(number) for number in range(0, skus, CHANGED)]
    rows = [{"sku": sku, "location": LOCATIONS[0], "on_hand": UNITS[0] - 1} for sku in sold]
    made.act("cin7", "seed", {"stock": rows})


def _calls(made: Ground) -> Counter[str]:
    books, shop = made.quota("cin7")["by_endpoint"], made.quota("bigcommerce")["by_endpoint"]
    return Counter(
        availability=sum(int(calls) for name, calls in books.items() if "productavailability" in name.lower()),
        shop_reads=sum(int(calls) for name, calls in shop.items() if name.lower().startswith("get")),
    )


async def _kept(service: Service) -> int:
    sizes = sa.func.length(exchanges.c.request) + sa.func.length(exchanges.c.response)
    async with service.database.reading() as reading:
        return int((await reading.execute(sa.select(sa.func.coalesce(sa.func.sum(sizes), 0)))).scalar_one())


def _peak_bytes() -> int:
    """Source: getrusage(2): kilobytes on Linux, bytes on macOS."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _sku(number: int) -> str:
    return f"SKU-{number:06}"


def as_json(grown: Sequence[Growth]) -> list[dict[str, Any]]:
    return [asdict(one) for one in grown]


def table(grown: Sequence[Growth]) -> str:
    """A block for each kind of round, a column for each size; the last line of a block says how a SKU's cost grows."""
    rows: list[tuple[str, list[str]]] = [
        ("SKUs, each at three locations", [f"{one.skus:,}" for one in grown]),
        ("Shop shows what the warehouse has", [f"{one.right:,}" for one in grown]),
        ("Peak memory of the product", [f"{one.peak_megabytes:.0f} MB" for one in grown]),
        ("Throttle answers caused", [f"{one.throttles}" for one in grown]),
    ]
    for number, name in enumerate(one.name for one in grown[0].rounds):
        found = [one.rounds[number] for one in grown]
        costs = [1000 * one.cpu_seconds / one.skus for one in found]
        rows += [
            (f"Round: {name}", [""] * len(found)),
            ("  availability calls", [f"{one.availability_calls:,}" for one in found]),
            ("  reads of the shop", [f"{one.shop_reads:,}" for one in found]),
            ("  levels told", [f"{one.levels_told:,}" for one in found]),
            ("  processor time", [f"{one.cpu_seconds:.2f} s" for one in found]),
            ("  processor time per SKU", [f"{cost:.3f} ms" for cost in costs]),
            ("  kept in the journal", [f"{one.kept_megabytes:.2f} MB" for one in found]),
            ("  processor time per SKU, first = 1", [f"{cost / costs[0]:.2f}" for cost in costs]),
        ]
    return "\n".join(f"{label:<40}" + "".join(f"{value:>12}" for value in values) for label, values in rows)
