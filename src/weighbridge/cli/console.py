"""`weighbridge console`: serves the pages and the JSON API; `weighbridge run` does so too if the console is enabled."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from weighbridge.cli.context import DEFAULT_CONFIG, Config, err, fail, installation_of
from weighbridge.design.schema import Installation
from weighbridge.design.secrets import SecretsProblem
from weighbridge.observability.logs import configure_logs
from weighbridge.web.server import embedded_console, serve_console
from weighbridge.worker.worker import Worker

Port = Annotated[int | None, typer.Option(min=0, max=65535, help="Port; default: the one of the configuration.")]


def console_command(config: Config = DEFAULT_CONFIG, port: Port = None) -> None:
    """Serve the console until stopped: pages for users, and the JSON API."""
    installation = installation_of(config)
    configure_logs(installation.installation.log_level, installation.installation.log_format)
    console = installation.console

    def announce(actual_port: int) -> None:
        address = console.public_url or f"http://{console.host}:{actual_port}"
        err.print(f"The console answers at {address}", highlight=False, markup=False)

    try:
        uvloop.run(serve_console(installation, config.absolute().parent, os.environ, port, announce))
    except SecretsProblem as missing:
        fail(str(missing))


async def run_with_console(worker: Worker, installation: Installation, config: Path) -> None:
    """Runs a worker that receives webhooks, and the console beside it."""
    async with embedded_console(installation, config.absolute().parent, os.environ), worker.receiving() as stopped:
        await stopped
