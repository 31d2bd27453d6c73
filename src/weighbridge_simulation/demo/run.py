"""The demonstration: both twins, the product, a real retailer's baskets, and a summary from the twins' state alone."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from weighbridge.common.clock import ScaledClock
from weighbridge.design.example import Example, example_toml
from weighbridge.design.loading import load_installation
from weighbridge.persistence.database import Database, DatabaseError
from weighbridge.persistence.repositories import Repositories
from weighbridge.persistence.repositories.transfers import State
from weighbridge.persistence.tables.transfers import transfers
from weighbridge_simulation.demo.summary import Held, Summary, summarise

SECRETS = {
    "access_token": "DEMO_ACCESS_TOKEN",
    "client_secret": "DEMO_CLIENT_SECRET",
    "account_id": "DEMO_ACCOUNT_ID",
    "application_key": "DEMO_APPLICATION_KEY",
    "webhooks": "DEMO_WEBHOOK_SECRET",
}
WEBHOOK_SECRET = "demo-webhook-secret-not-for-real-use"
LOCATIONS = frozenset({"Main Warehouse", "Overflow"})
START_SECONDS = 30.0


DESIGN = """
[connections.main.design.cadence]
orders_seconds = 240
fulfilment_seconds = 240

[connections.main.design.edits]
policy = "rebill"

[connections.main.design.refunds]
mode = "credit_note"
restock = "dispatched"
"""
"""Webhooks report every change; at sixty times the speed, sweeps at their default cadence would run every second.

Sales follow edits of their orders, refunds become credit notes, and dispatched goods are restocked when they are
refunded.
"""


class DemoFailed(Exception):
    """The demonstration could not run to its end."""


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """How a demonstration runs; minutes and rates are in the twins' time, `speed` seconds of which pass per second."""

    baskets: Path | None = None
    products: Path | None = None
    orders: int = 300
    speed: float = 60.0
    seed: int = 1
    rate: float = 7.0
    """Orders per minute."""
    post: str = "invoice_and_payment"
    record: Path | None = None
    database: str = ""
    """URL of a PostgreSQL database; empty for SQLite in the demonstration's folder."""
    workers: int = 1
    limit_seconds: float = 240.0
    world: Mapping[str, Any] = field(default_factory=dict)


WORLD: Mapping[str, Any] = {
    "pick_minutes": [6.0, 9.0],
    "second_parcel_minutes": [1.0, 3.0],
    "late_tracking_minutes": [1.0, 3.0],
    "settle_minutes": [0.3, 2.0],
    "receipt_minutes": 2.0,
    "unlisted_share": 0.001,
    "patience_minutes": 3.0,
    "hold_back_minutes": 90.0,
    "amend_share": 0.05,
    "posted_cancel_share": 0.015,
    "picked_cancel_share": 0.01,
    "whole_refund_share": 0.01,
    "return_share": 0.03,
    "shipping_refund_share": 0.015,
}
"""A fast warehouse, so that a day's work fits into the demonstration, and a small share of every kind of event."""


class Demo:
    """Twins and workers of one demonstration, each a separate process."""

    def __init__(self, options: DemoOptions, folder: Path) -> None:
        self.options = options
        self.folder = folder
        self.config = folder / "weighbridge.toml"
        self.announcement: dict[str, Any] = {}
        self._twins: subprocess.Popen[str] | None = None
        self._workers: dict[str, subprocess.Popen[bytes]] = {}
        self._ports: dict[str, int] = {}
        self._http = httpx2.AsyncClient(timeout=30.0)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Demo]:
        """Starts the twins and the workers, with the store still closed; stops all of them at the end."""
        try:
            self._start_twins()
            for number in range(1, self.options.workers + 1):
                self.start_worker(f"worker-{number}")
            yield self
        finally:
            for name in list(self._workers):
                self.stop_worker(name, signal.SIGTERM)
            if self._twins is not None:
                self._twins.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._twins.wait(10)
            await self._http.aclose()

    async def open_store(self) -> None:
        """Starts the shoppers and the warehouse."""
        await self._post("bigcommerce", "world", {})

    async def world_status(self) -> dict[str, Any]:
        return dict(await self._get("bigcommerce", "world"))

    async def store_levels(self) -> dict[str, int]:
        """The stock level that the store shows, by SKU."""
        return dict(await self._post("bigcommerce", "act/stock_levels", {}))

    async def summary(self) -> Summary:
        """The summary at this time, from the twins' state."""
        bigcommerce, cin7, bigcommerce_quota, cin7_quota, world = await asyncio.gather(
            self._get("bigcommerce", "state"),
            self._get("cin7", "state"),
            self._get("bigcommerce", "quota"),
            self._get("cin7", "quota"),
            self.world_status(),
        )
        edited = frozenset(str(number) for number in world["edited_orders"])
        return summarise(bigcommerce, cin7, bigcommerce_quota, cin7_quota, await self._holds(), LOCATIONS, edited)

    def start_worker(self, name: str) -> None:
        """Starts a worker, or restarts it under the same name."""
        config = self._write_config(name)
        command = [sys.executable, "-m", "weighbridge", "run", "--config", str(config)]
        log = (self.folder / f"{name}.log").open("ab")
        self._workers[name] = subprocess.Popen(command, env=self._environment(), stdout=log, stderr=log)

    def stop_worker(self, name: str, how: signal.Signals) -> None:
        """Stops a worker with a signal; SIGKILL simulates a crash."""
        worker = self._workers.pop(name)
        worker.send_signal(how)
        try:
            worker.wait(20)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait(10)

    def worker_names(self) -> list[str]:
        return sorted(self._workers)

    def dead_worker(self) -> str | None:
        """The name of a worker that exited although nobody stopped it; None where all run."""
        return next((name for name, worker in self._workers.items() if worker.poll() is not None), None)

    def _start_twins(self) -> None:
        options = self.options
        command = [sys.executable, "-m", "weighbridge", "twins", "serve", "--bigcommerce-port", "0", "--cin7-port", "0"]
        command += ["--speed", str(options.speed), "--seed", str(options.seed), "--world", "--world-waits"]
        command += ["--world-orders", str(options.orders), "--world-rate", str(options.rate)]
        if options.baskets:
            command += ["--baskets", str(options.baskets)]
        if options.products:
            command += ["--products", str(options.products)]
        if options.record:
            command += ["--record", str(options.record)]
        # Where the product posts no invoices, people make the invoices that it credits.
        world = {**WORLD, "invoice_at_dispatch": options.post == "order", **options.world}
        for name, value in world.items():
            command += ["--world-option", f"{name}={json.dumps(value)}"]
        log = (self.folder / "twins.log").open("ab")
        self._twins = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self._twins.stdout is not None
        line = self._twins.stdout.readline()
        if not line:
            raise DemoFailed(
                f"the twins did not start; end of their log: {(self.folder / 'twins.log').read_text()[-2000:]}"
            )
        self.announcement = json.loads(line)

    def _write_config(self, worker: str) -> Path:
        port = self._ports.setdefault(worker, free_port())
        store = str(self.announcement["bigcommerce_url"]).partition("/stores/")[0]
        example = Example(
            bigcommerce_api=store,
            store_hash=self.announcement["store_hash"],
            cin7_api=self.announcement["cin7_url"],
            secrets=SECRETS,
            database=self.options.database or "sqlite:///weighbridge.db",
            worker=worker,
            clock=self.announcement["clock"],
            port=port,
            public_url=f"http://127.0.0.1:{self._ports[min(self._ports)]}",
            post=self.options.post,
        )
        config = self.folder / f"{worker}.toml"
        config.write_text(example_toml(example) + DESIGN, encoding="utf-8")
        return config

    def _environment(self) -> dict[str, str]:
        secrets = {**self.announcement, "webhooks": WEBHOOK_SECRET}
        return {**os.environ, **{variable: str(secrets[name]) for name, variable in SECRETS.items()}}

    async def _holds(self) -> dict[str, Held]:
        """The product's holds and their reasons; the only part of a summary that does not come from the twins."""
        installation = load_installation(next(self.folder.glob("worker-*.toml")))
        database = Database(installation.installation.database)
        try:
            clock = ScaledClock.parse(self.announcement["clock"])
            held = transfers.c.flow.in_(("orders", "refunds")) & transfers.c.state.in_([State.HELD, State.REJECTED])
            rows = await Repositories.of(database, clock).transfers.select(held, limit=100_000)
            return {row.key: Held(row.key, row.reason_kind, row.owner, row.reason) for row in rows}
        except DatabaseError:
            return {}
        finally:
            await database.close()

    async def _get(self, platform: str, path: str) -> Any:
        answer = await self._http.get(f"{self.announcement[f'{platform}_control']}/{path}")
        answer.raise_for_status()
        return answer.json()

    async def _post(self, platform: str, path: str, body: Any) -> Any:
        answer = await self._http.post(f"{self.announcement[f'{platform}_control']}/{path}", json=body)
        answer.raise_for_status()
        return answer.json()


@contextlib.contextmanager
def demo_folder() -> Iterator[Path]:
    """A temporary folder for the databases and logs of one demonstration."""
    with tempfile.TemporaryDirectory(prefix="weighbridge-demo-") as folder:
        yield Path(folder)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
