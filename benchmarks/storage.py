"""The storage that an order takes: bytes by table with its indexes, on SQLite and on PostgreSQL.

A first lot of orders is posted before the measurement, so that the pages that every table and index begins with do not
count. Two sizes: as the orders were written, with the free space in every page and the dead rows of PostgreSQL, which
its autovacuum lets later orders use again; and compacted, after VACUUM of SQLite or VACUUM FULL of PostgreSQL.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa

from benchmarks.harness import Harness, open_harness
from benchmarks.orders import SPEED, wait_until_posted
from weighbridge.design.loading import load_installation
from weighbridge.design.secrets import resolve_secrets
from weighbridge.flows.discovery import sweeps
from weighbridge.flows.reference_data import load as reference_data
from weighbridge.persistence.database import Database
from weighbridge.persistence.types import metadata
from weighbridge.worker.worker import Worker

SQLITE_URL = "sqlite:///weighbridge.db"
SQLITE_SIZES = """
SELECT coalesce(m.tbl_name, s.name) AS name, sum(s.pgsize) AS bytes
FROM dbstat AS s LEFT JOIN sqlite_schema AS m ON m.name = s.name WHERE s.aggregate = TRUE GROUP BY 1
"""
"""Bytes of every table with its indexes. Source: sqlite.org/dbstat.html."""
POSTGRESQL_SIZES = """
SELECT relname AS name, pg_total_relation_size(c.oid) AS bytes FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname = current_schema()
"""


@dataclass(frozen=True, slots=True)
class Storage:
    """Bytes that one order takes, on average over a run."""

    database: str
    orders: int
    as_written: Mapping[str, float]
    """By table with its indexes, those that grow with orders."""
    compacted: Mapping[str, float]


def measure(orders: int, postgresql: str) -> list[Storage]:
    """One run for each database, with fresh twins; `postgresql` is the URL of an empty database, or empty."""
    measured = []
    for url in (SQLITE_URL, postgresql):
        if not url:
            continue
        with (
            TemporaryDirectory(prefix="weighbridge-bench-") as folder,
            open_harness(Path(folder), speed=SPEED) as harness,
        ):
            measured.append(asyncio.run(_run(harness, url, orders)))
    return measured


async def _run(harness: Harness, url: str, orders: int) -> Storage:
    config = harness.configuration(database=url)
    installation = load_installation(config)
    secrets = resolve_secrets(installation, config.parent, {**os.environ, **harness.environment()})
    worker = Worker(installation, secrets)
    async with worker.working():
        await worker.run_once((reference_data.FLOW, sweeps.ORDER_SWEEP))
        await _post(worker, harness, orders, orders)
        await _compact(worker.database)
        before = await _sizes(worker.database)
        await _post(worker, harness, orders, 2 * orders)
        as_written = await _sizes(worker.database)
        await _compact(worker.database)
        compacted = await _sizes(worker.database)
    name = "SQLite" if url == SQLITE_URL else "PostgreSQL"
    return Storage(name, orders, _growth(before, as_written, orders), _growth(before, compacted, orders))


def _growth(before: Mapping[str, int], after: Mapping[str, int], orders: int) -> dict[str, float]:
    """Bytes by which each of our tables has grown for one order, the largest first."""
    grown = {name: (after[name] - before[name]) / orders for name in metadata.tables if after[name] != before[name]}
    return dict(sorted(grown.items(), key=lambda entry: -entry[1]))


async def _post(worker: Worker, harness: Harness, orders: int, total: int) -> None:
    """Places `orders` orders and waits until `total` are posted."""
    await asyncio.to_thread(harness.place_orders, orders)
    await worker.run_once((sweeps.ORDER_SWEEP,))
    await wait_until_posted(worker, total)


async def _compact(database: Database) -> None:
    statement = "VACUUM" if database.is_sqlite else "VACUUM FULL"
    async with database.engine.connect() as connection:
        connection = await connection.execution_options(isolation_level="AUTOCOMMIT", reading=True)
        await connection.exec_driver_sql(statement)


async def _sizes(database: Database) -> Counter[str]:
    """Bytes of every table with its indexes."""
    query = SQLITE_SIZES if database.is_sqlite else POSTGRESQL_SIZES
    async with database.reading() as reading:
        return Counter({row.name: int(row.bytes) for row in (await reading.execute(sa.text(query))).all()})


def as_json(measured: Sequence[Storage]) -> list[dict[str, Any]]:
    return [asdict(storage) for storage in measured]


def table(measured: Sequence[Storage]) -> str:
    """Two columns per database, a row per table with its indexes, and the total."""
    columns = [
        (f"{storage.database}, {how}", sizes)
        for storage in measured
        for how, sizes in (("written", storage.as_written), ("compacted", storage.compacted))
    ]
    names = dict.fromkeys(name for _, sizes in columns for name in sizes)
    rows = [("Bytes per order", [title for title, _ in columns])]
    rows += [(f"  {name}", [f"{sizes.get(name, 0):,.0f}" for _, sizes in columns]) for name in names]
    rows.append(("Total", [f"{sum(sizes.values()):,.0f}" for _, sizes in columns]))
    return "\n".join(f"{label:<24}" + "".join(f"{value:>24}" for value in values) for label, values in rows)
