"""Serving the console: by itself, or beside a worker in the same process."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import structlog
import uvicorn

from weighbridge.app.context import Office
from weighbridge.design.schema import Installation
from weighbridge.persistence.database import Database
from weighbridge.web.console.app import console_app

log = structlog.get_logger()


class _Beside(uvicorn.Server):
    """A server that leaves the process's signals to somebody else."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve_console(
    installation: Installation, folder: Path, environment: Mapping[str, str], port: int | None = None
) -> None:
    """Serves until told to stop; `port` overrides the configuration's. Raises OSError when it is taken."""
    async with _office(installation, folder, environment) as office:
        listening = _listen(office, port)
        await uvicorn.Server(_config(office)).serve([listening])


@asynccontextmanager
async def console_beside(
    installation: Installation, folder: Path, environment: Mapping[str, str], port: int | None = None
) -> AsyncIterator[int]:
    """The console alive while the block runs; answers its port. Raises OSError when that is taken."""
    async with _office(installation, folder, environment) as office:
        listening = _listen(office, port)
        server = _Beside(_config(office))
        serving = asyncio.create_task(server.serve([listening]))
        try:
            yield int(listening.getsockname()[1])
        finally:
            server.should_exit = True
            await serving


@asynccontextmanager
async def _office(installation: Installation, folder: Path, environment: Mapping[str, str]) -> AsyncIterator[Office]:
    database = Database(installation.installation.database)
    try:
        await database.create_tables()
        yield Office.of(installation, folder, environment, database)
    finally:
        await database.close()


def _listen(office: Office, port: int | None) -> socket.socket:
    console = office.installation.console
    family = socket.AF_INET6 if ":" in console.host else socket.AF_INET
    listening = socket.create_server((console.host, console.port if port is None else port), family=family)
    log.info("console_started", host=console.host, port=listening.getsockname()[1])
    return listening


def _config(office: Office) -> uvicorn.Config:
    return uvicorn.Config(
        console_app(office),
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=office.installation.console.behind_proxy,
        forwarded_allow_ips="127.0.0.1",
        timeout_graceful_shutdown=3,
    )
