"""The product in a storm: a worker process with its configuration, its log and its database."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from weighbridge.design.example import Example, example_toml
from weighbridge.design.loading import load_installation
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories import Repositories
from weighbridge_simulation.demo.run import free_port
from weighbridge_twins.http.server import TwinServer

SECRETS: Final = {
    name: f"STORM_{name.upper()}"
    for name in ("access_token", "client_secret", "account_id", "application_key", "webhooks")
}
WEBHOOK_SECRET: Final = "storm-webhook-secret-not-for-real-use"
CONNECTION: Final = "main"
CONCURRENCY: Final = 100
"""An order that waits for a Cin7 call occupies a slot; with the default of 12, new orders would wait to be read."""


class StormFailed(Exception):
    """The storm could not be played to its end."""


@dataclass
class Product:
    """The product as a separate process on the twins' clock."""

    twins: TwinServer
    folder: Path
    stock: str
    """Lines of `design.stock` that are added to the example's."""
    _worker: subprocess.Popen[bytes] | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Starts the worker; stops it when the block ends."""
        worker = self._worker = self._start()
        try:
            yield
        finally:
            worker.send_signal(signal.SIGTERM)
            await asyncio.to_thread(_wait_for_exit, worker)

    def check(self) -> None:
        """Raises StormFailed when the worker has exited."""
        if self._worker is not None and self._worker.poll() is not None:
            raise StormFailed(f"the product exited; end of its log: {self._log.read_text()[-3000:]}")

    @asynccontextmanager
    async def repositories(self) -> AsyncIterator[Repositories]:
        """The product's database."""
        database = Database(f"sqlite:///{self.folder}/weighbridge.db")
        try:
            yield Repositories.of(database, self.twins.clock)
        finally:
            await database.close()

    def sales_hours(self) -> float:
        """Hours of past sales that the oversell bound is computed from, as the design says."""
        return load_installation(self._config).connections[CONNECTION].design.stock.sales_hours

    def _start(self) -> subprocess.Popen[bytes]:
        self._config.write_text(self._configuration(), encoding="utf-8")
        keys = self.twins.credentials
        secrets = {name: WEBHOOK_SECRET if name == "webhooks" else str(getattr(keys, name)) for name in SECRETS}
        environment = {**os.environ, **{SECRETS[name]: value for name, value in secrets.items()}}
        command = [sys.executable, "-m", "weighbridge", "run", "--config", str(self._config)]
        with self._log.open("ab") as log:
            return subprocess.Popen(command, env=environment, stdout=log, stderr=log)

    def _configuration(self) -> str:
        port = free_port()
        text = example_toml(
            Example(
                bigcommerce_api=self.twins.bigcommerce_url.partition("/stores/")[0],
                store_hash=self.twins.credentials.store_hash,
                cin7_api=self.twins.cin7_url,
                secrets=SECRETS,
                database=f"sqlite:///{self.folder}/weighbridge.db",
                clock=str(self.twins.clock),
                connection=CONNECTION,
                port=port,
                public_url=f"http://127.0.0.1:{port}",
                locations=("Main Warehouse",),
                installation={"concurrency": CONCURRENCY},
            )
        )
        table = f"[connections.{CONNECTION}.design.stock]\n"
        return text.replace(table, table + self.stock)

    @property
    def _config(self) -> Path:
        return self.folder / "weighbridge.toml"

    @property
    def _log(self) -> Path:
        return self.folder / "product.log"


def _wait_for_exit(worker: subprocess.Popen[bytes]) -> None:
    try:
        worker.wait(30)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait(10)
