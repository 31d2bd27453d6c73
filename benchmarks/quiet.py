"""The cost of connections in which nothing happens: processor time and SQL statements per second, at real time.

Each connection has a store and a company of its own; all twins run in a separate process. The first readings of every
connection are done before the measurement.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2

from benchmarks.harness import GOODS
from benchmarks.orders import counted_statements
from weighbridge.design.example import Example, example_toml
from weighbridge.design.loading import parse_installation
from weighbridge.design.secrets import resolve_secrets
from weighbridge.worker.worker import Worker

SECRETS = ("access_token", "client_secret", "account_id", "application_key")


@dataclass(frozen=True, slots=True)
class QuietCost:
    """What quiet connections cost in one worker."""

    connections: int
    seconds: float
    processor_share: float
    """Of one core."""
    statements_per_second: float
    calls_per_second: float
    """To both platforms."""


def measure(connections: int, seconds: float, settle_seconds: float) -> QuietCost:
    """Runs one worker on SQLite for `seconds` after `settle_seconds`, in which the first readings are made."""
    with TemporaryDirectory(prefix="weighbridge-bench-") as folder, _pairs(connections) as announcements:
        installation = parse_installation(_configuration(announcements)).resolved(Path(folder))
        secrets = resolve_secrets(installation, Path(folder), _environment(announcements))
        return asyncio.run(_run(Worker(installation, secrets), announcements, seconds, settle_seconds))


async def _run(
    worker: Worker, announcements: Sequence[Mapping[str, Any]], seconds: float, settle_seconds: float
) -> QuietCost:
    with counted_statements() as statements:
        async with worker.receiving():
            await asyncio.sleep(settle_seconds)
            before, calls_before = Counter(statements), await asyncio.to_thread(_calls, announcements)
            began, spent = time.monotonic(), time.process_time()
            await asyncio.sleep(seconds)
            spent, passed = time.process_time() - spent, time.monotonic() - began
            made = (statements - before).total()
            calls = await asyncio.to_thread(_calls, announcements) - calls_before
    return QuietCost(len(announcements), passed, spent / passed, made / passed, calls / passed)


@contextmanager
def _pairs(connections: int) -> Iterator[list[dict[str, Any]]]:
    """Twins for each connection, each with a few products."""
    command = [sys.executable, "-m", "benchmarks.many_twins", str(connections)]
    twins = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert twins.stdout is not None
    assert twins.stdin is not None
    try:
        announcements = [json.loads(twins.stdout.readline()) for _ in range(connections)]
        for announcement in announcements:
            _seed(announcement)
        yield announcements
    finally:
        twins.stdin.close()
        twins.wait(30)


def _seed(announcement: Mapping[str, Any]) -> None:
    products = [
        {"sku": sku, "name": f"Product {sku}", "price": "12.50", "tax_class_id": 0, "inventory_level": 0}
        for sku in GOODS
    ]
    company = {
        "products": [{"sku": sku, "name": f"Product {sku}", "tier_price": "12.50"} for sku in GOODS],
        "stock": [{"sku": sku, "on_hand": 50} for sku in GOODS],
    }
    for side, action, arguments in (("bigcommerce", "seed_products", products), ("cin7", "seed", company)):
        httpx2.post(f"{announcement[f'{side}_control']}/act/{action}", json=arguments).raise_for_status()


def _calls(announcements: Sequence[Mapping[str, Any]]) -> int:
    with httpx2.Client(timeout=60.0) as client:
        urls = [
            f"{announcement[f'{side}_control']}/quota"
            for announcement in announcements
            for side in ("bigcommerce", "cin7")
        ]
        return sum(int(client.get(url).json()["calls"]) for url in urls)


def _configuration(announcements: Sequence[Mapping[str, Any]]) -> str:
    texts = [
        example_toml(
            Example(
                bigcommerce_api=str(announcement["bigcommerce_url"]).partition("/stores/")[0],
                store_hash=announcement["store_hash"],
                cin7_api=announcement["cin7_url"],
                secrets={name: f"{name}_{number}".upper() for name in (*SECRETS, "webhooks")},
                connection=f"store-{number}",
                port=0,
                locations=("Main Warehouse",),
            )
        )
        for number, announcement in enumerate(announcements)
    ]
    return texts[0] + "".join(text[text.index("\n[connections.") :] for text in texts[1:])


def _environment(announcements: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    return {
        f"{name}_{number}".upper(): str(announcement[name])
        for number, announcement in enumerate(announcements)
        for name in SECRETS
    }


def as_json(cost: QuietCost) -> dict[str, Any]:
    return asdict(cost)


def table(cost: QuietCost) -> str:
    """The cost as lines of text."""
    rows = [
        ("Quiet connections in one worker", f"{cost.connections}"),
        ("Measured for", f"{cost.seconds:.0f} s"),
        ("Share of one core", f"{cost.processor_share:.1%}"),
        ("SQL statements per second", f"{cost.statements_per_second:.1f}"),
        ("Calls per second", f"{cost.calls_per_second:.2f}"),
    ]
    return "\n".join(f"{label:<44}{value:>10}" for label, value in rows)
