"""Serves the console alone, or next to a worker in the same process."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import structlog
import uvicorn

from weighbridge.app.context import AppContext
from weighbridge.design.schema import Installation
from weighbridge.persistence.database import Database
from weighbridge.web.console.app import console_app
from weighbridge.web.listening import listen

log = structlog.get_logger()


class _EmbeddedServer(uvicorn.Server):
    """A server that leaves the process's signals to the worker."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve_console(
    installation: Installation,
    folder: Path,
    environment: Mapping[str, str],
    port: int | None = None,
    announce: Callable[[int], None] = lambda port: None,
) -> None:
    """Serves until a signal stops it; `port` overrides the configuration. `announce` gets the port that it listens on.

    Raises CannotListen, DatabaseProblem or SecretsProblem.
    """
    async with _app_context(installation, folder, environment) as app:
        listening = _listen(app, port)
        announce(int(listening.getsockname()[1]))
        await uvicorn.Server(_config(app)).serve([listening])


@asynccontextmanager
async def embedded_console(
    installation: Installation, folder: Path, environment: Mapping[str, str], port: int | None = None
) -> AsyncIterator[int]:
    """Serves the console while the block runs; yields its port.

    Raises CannotListen, DatabaseProblem or SecretsProblem.
    """
    async with _app_context(installation, folder, environment) as app:
        listening = _listen(app, port)
        server = _EmbeddedServer(_config(app))
        serving = asyncio.create_task(server.serve([listening]))
        try:
            yield int(listening.getsockname()[1])
        finally:
            server.should_exit = True
            await serving


@asynccontextmanager
async def _app_context(
    installation: Installation, folder: Path, environment: Mapping[str, str]
) -> AsyncIterator[AppContext]:
    settings = installation.installation
    database = Database(settings.database, settings.lock_wait_seconds)
    try:
        await database.create_tables()
        yield AppContext.of(installation, folder, environment, database)
    finally:
        await database.close()


def _listen(app_context: AppContext, port: int | None) -> socket.socket:
    console = app_context.installation.console
    listening = listen("the console", console.host, console.port if port is None else port, "console")
    log.info("console_started", host=console.host, port=listening.getsockname()[1])
    return listening


def _config(app_context: AppContext) -> uvicorn.Config:
    return uvicorn.Config(
        console_app(app_context),
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=app_context.installation.console.behind_proxy,
        forwarded_allow_ips="127.0.0.1",
        timeout_graceful_shutdown=3,
    )
