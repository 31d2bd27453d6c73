"""A database that fails while a worker works: nothing acknowledged is lost, and work goes on by itself afterwards."""

from __future__ import annotations

import asyncio
import logging
import resource
import shutil
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import psycopg
import pytest
import sqlalchemy as sa
import uvloop
from structlog.testing import capture_logs

from tests.flows.harness import Harness, harness
from tests.postgres import OwnServer, own_server
from weighbridge.app.jobs import recurring_cadences
from weighbridge.domain.job_types import WHOLE_CONNECTION
from weighbridge.persistence.tables.work import jobs
from weighbridge.worker.worker import Worker
from weighbridge_simulation.demo.run import free_port

PATIENCE_SECONDS = 120.0
LOCK_WAIT = {"polling_seconds = 0.03": "polling_seconds = 0.03\nlock_wait_seconds = 2"}
SHORT_CADENCE = timedelta(minutes=10)
"""Of the twins' time; it is one second of the machine's."""


class Trouble(Protocol):
    """A failure of the database, from outside the worker."""

    database: str

    def begin(self) -> None: ...

    def end(self) -> None: ...


class StoppedServer:
    """PostgreSQL crashes, and is started again later."""

    def __init__(self, server: OwnServer) -> None:
        self.database = server.url
        self._server = server

    def begin(self) -> None:
        self._server.stop()

    def end(self) -> None:
        self._server.start()


class ReadOnlyServer:
    """PostgreSQL refuses writes, as a primary does that has become a standby."""

    def __init__(self, server: OwnServer) -> None:
        self.database = server.url

    def begin(self) -> None:
        self._set("on")

    def end(self) -> None:
        self._set("off")

    def _set(self, value: str) -> None:
        with psycopg.connect(self.database, autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM SET default_transaction_read_only = {value}")
            connection.execute("SELECT pg_reload_conf()")


class Quota:
    """No file of this process may grow."""

    def __init__(self, folder: Path) -> None:
        self.database = f"sqlite:///{folder}/weighbridge.db"
        self._before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def begin(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, self._before[1]))

    def end(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, self._before)


class FullDisk:
    """Another program fills the disk, and its file is removed later."""

    def __init__(self, folder: Path) -> None:
        self.database = f"sqlite:///{folder}/weighbridge.db"
        self._filler = folder / "filler"

    def begin(self) -> None:
        with self._filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                return

    def end(self) -> None:
        self._filler.unlink()


class Lock:
    """Another program keeps the write lock."""

    def __init__(self, folder: Path) -> None:
        self.database = f"sqlite:///{folder}/weighbridge.db"
        self._file = folder / "weighbridge.db"
        self._connection: sqlite3.Connection | None = None

    def begin(self) -> None:
        self._connection = sqlite3.connect(self._file, isolation_level=None, check_same_thread=False, timeout=30)
        self._connection.execute("BEGIN IMMEDIATE")

    def end(self) -> None:
        assert self._connection is not None
        self._connection.close()


@contextmanager
def stopped_server(folder: Path) -> Iterator[Trouble]:
    with own_server() as server:
        yield StoppedServer(server)


@contextmanager
def read_only_server(folder: Path) -> Iterator[Trouble]:
    with own_server() as server:
        yield ReadOnlyServer(server)


@contextmanager
def quota(folder: Path) -> Iterator[Trouble]:
    trouble = Quota(folder)
    try:
        yield trouble
    finally:
        trouble.end()


@contextmanager
def full_disk(folder: Path) -> Iterator[Trouble]:
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(disk)]
    if not shutil.which("mount") or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("needs the right to mount a small file system")
    try:
        yield FullDisk(disk)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@contextmanager
def lock(folder: Path) -> Iterator[Trouble]:
    yield Lock(folder)


Events = list[Any]


def work_through(trial: Harness, trouble: Trouble, trouble_seconds: float) -> Events:
    """A worker with recurring jobs works before, during and after the trouble. Returns what it logged."""
    trial.use_webhooks(free_port())

    async def until(is_reached: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not await asyncio.to_thread(is_reached):
            assert time.monotonic() < deadline, counts(events)
            await asyncio.sleep(0.05)

    async def place(number: int) -> list[int]:
        return [await asyncio.to_thread(trial.place) for _ in range(number)]

    async def run() -> None:
        worker = trial.worker()
        async with worker.receiving():
            await until(lambda: bool(trial.bigcommerce_webhooks() and trial.cin7_webhooks()))
            before = await place(4)
            await until(lambda: bool(trial.sales()))
            await asyncio.to_thread(trouble.begin)
            began = time.monotonic()
            try:
                during = await place(2)
                event = {"type": "order", "id": during[0]}
                status = await asyncio.to_thread(trial.deliver_webhook, "store/order/created", event)
                assert status == 503, "an event that is not stored is not acknowledged"
                await until(lambda: any(event["event"] == "worker_task_failed" for event in events))
                await asyncio.sleep(max(0.0, began + trouble_seconds - time.monotonic()))
            finally:
                await asyncio.to_thread(trouble.end)
            ended = worker.clock.now()
            orders = [*before, *during, *await place(2)]
            await until(lambda: all(trial.sales(order_id) for order_id in orders))
            while not await recurring_jobs_started_since(worker, ended):
                assert time.monotonic() < began + trouble_seconds + PATIENCE_SECONDS, counts(events)
                await asyncio.sleep(0.05)
            await worker.settle()
            for order_id in orders:
                trial.assert_one_sale(order_id)

    with capture_logs() as events:
        uvloop.run(run())
    return events


async def recurring_jobs_started_since(worker: Worker, since: datetime) -> bool:
    """Whether each recurring job of a short cadence has started since then, and each other one runs or will be due."""
    cadences = recurring_cadences({name: ctx.connection for name, ctx in worker.contexts.items()})
    async with worker.database.reading() as reading:
        rows = (await reading.execute(sa.select(jobs).where(jobs.c.key == WHOLE_CONNECTION))).all()
    known = {(row.connection, row.flow): row for row in rows}
    assert all(known[job].worker or known[job].due_at for job in cadences)
    frequent = [known[job] for job, cadence in cadences.items() if cadence <= SHORT_CADENCE]
    assert frequent
    return all(row.started_at and row.started_at > since for row in frequent)


def counts(events: Events) -> dict[str, int]:
    return dict(Counter(f"{event['event']}: {event.get('reason', '')}" for event in events))


TROUBLES = [
    pytest.param(stopped_server, {}, 1.0, id="PostgreSQL stopped"),
    pytest.param(read_only_server, {}, 1.0, id="PostgreSQL read-only"),
    pytest.param(quota, {}, 1.0, id="quota used up"),
    pytest.param(full_disk, {}, 1.0, id="disk full", marks=pytest.mark.slow),
    pytest.param(lock, LOCK_WAIT, 5.0, id="locked"),
    pytest.param(lock, LOCK_WAIT, 60.0, id="locked for a minute", marks=pytest.mark.slow),
    pytest.param(stopped_server, {}, 30.0, id="PostgreSQL stopped for long", marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("trouble", "file", "seconds"), TROUBLES)
def test_work_goes_on_by_itself(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, trouble: Any, file: dict[str, str], seconds: float
) -> None:
    with trouble(tmp_path) as failure, harness(tmp_path, database=failure.database, file=file) as trial:
        events = work_through(trial, failure, seconds)
    tracebacks = [event for event in events if event.get("exc_info")]
    assert tracebacks == []
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []
    once = Counter(
        tuple(event.get(name) for name in ("event", "work", "flow", "key", "reason"))
        for event in events
        if event["event"] in ("worker_task_failed", "job_interrupted", "job_end_not_stored")
    )
    assert max(once.values()) <= 2, "each task and each job names a cause once, and again if another came between"
