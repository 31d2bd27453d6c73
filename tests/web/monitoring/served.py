"""A console in a process of its own, whose database a test may damage, and rows of a working installation."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import sqlalchemy as sa

from tests.design.examples import SMALL
from weighbridge.common.certificates import ssl_context
from weighbridge.persistence.database import Database
from weighbridge.persistence.tables.work import jobs, workers
from weighbridge.persistence.types import ExactDecimal, new_id
from weighbridge_simulation.demo.run import free_port

PATIENCE_SECONDS = 30.0
POLL_SECONDS = 0.2
TOKEN = "scrape-token"
MONITORING = """
[monitoring]
metrics_token = { env = "METRICS_TOKEN" }
free_megabytes = 0
"""


@dataclass
class Served:
    """A running console and its database."""

    url: str
    database: str
    folder: Path
    process: subprocess.Popen[bytes]
    client: httpx2.Client

    def get(self, path: str, **headers: str) -> httpx2.Response:
        """The answer of the console."""
        return self.client.get(f"{self.url}{path}", headers=headers)

    def problems(self) -> dict[str, str]:
        """The sentences of readiness by id; empty if the console is ready."""
        answer = self.get("/health/ready")
        problems = {problem["id"]: problem["sentence"] for problem in answer.json()["problems"]}
        assert (answer.status_code, answer.json()["status"]) == ((503, "not ready") if problems else (200, "ready"))
        return problems

    def log(self) -> str:
        """What the console has logged."""
        return (self.folder / "log").read_text(encoding="utf-8")

    def wait_until(self, reached: Callable[[dict[str, str]], bool]) -> dict[str, str]:
        """The problems once they are as expected."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not reached(problems := self.problems()):
            assert time.monotonic() < deadline, problems
            time.sleep(POLL_SECONDS)
        return problems

    @contextmanager
    def connected(self) -> Iterator[sa.Connection]:
        """A connection to the database, committed at the end."""
        engine = sa.create_engine(self.database)
        with engine.begin() as connection:
            yield connection
        engine.dispose()

    def execute(self, *statements: str | sa.Executable) -> None:
        """Executes statements in one transaction."""
        with self.connected() as connection:
            for statement in statements:
                connection.execute(sa.text(statement) if isinstance(statement, str) else statement)


def row_of(table: sa.Table, **given: Any) -> sa.Executable:
    """An INSERT of a row with `given`; every other needed column gets an empty value."""
    values = dict(given)
    for column in table.columns:
        if column.name not in values and not column.nullable and column.server_default is None:
            values[column.name] = datetime.now(UTC) if column.name.endswith("_at") else _empty(column)
    return sa.insert(table).values(**values)


def worker_row() -> sa.Executable:
    """A worker that just started and whose heartbeat stays recent for as long as a test can take."""
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    return row_of(workers, id="worker-1-a", name="worker-1", connections=["main"], heartbeat_at=tomorrow)


def pending_job(flow: str, key: str, due_at: datetime) -> sa.Executable:
    """A job that waits for a worker."""
    return row_of(jobs, connection="main", flow=flow, key=key, due_at=due_at, reason="test")


def _empty(column: sa.Column[Any]) -> Any:
    if column.name == "id" and not isinstance(column.type, sa.Integer):
        return new_id()
    return Decimal(0) if isinstance(column.type, ExactDecimal) else column.type.python_type()


@contextmanager
def served(folder: Path, database: str) -> Iterator[Served]:
    """A console over a new `database` with one living worker."""
    asyncio.run(_create_tables(database))
    config = folder / "weighbridge.toml"
    address = database.replace("postgresql+psycopg://", "postgresql://")
    settings = f'[installation]\ndatabase = "{address}"\n'
    config.write_text(settings + SMALL + MONITORING, encoding="utf-8")
    port = free_port()
    command = [sys.executable, "-m", "weighbridge", "console", "-c", str(config), "--port", str(port)]
    environment = os.environ | {"METRICS_TOKEN": TOKEN, "CIN7_ACCOUNT": "account"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*_as_ordinary_user(), *command], env=environment, stderr=log)
    client = httpx2.Client(verify=ssl_context(), timeout=20)
    console = Served(f"http://127.0.0.1:{port}", database, folder, process, client)
    console.execute(worker_row())
    try:
        _wait_until_live(console)
        yield console
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)
        client.close()


async def _create_tables(url: str) -> None:
    database = Database(url)
    await database.create_tables()
    await database.close()


def _as_ordinary_user() -> list[str]:
    """The prefix of a command that obeys the permissions of files, although root started it."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        return []
    return ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]


def _wait_until_live(console: Served) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        assert console.process.poll() is None, console.log()
        assert time.monotonic() < deadline
        try:
            assert console.get("/health/live").json() == {"status": "live"}
        except httpx2.TransportError:
            time.sleep(0.05)
        else:
            return
