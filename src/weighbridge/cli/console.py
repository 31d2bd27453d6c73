"""`weighbridge console`: serve the pages and the JSON API; `weighbridge run` does so too when configured."""

from __future__ import annotations

import os
from typing import Annotated

import typer
import uvloop

from weighbridge.cli.context import DEFAULT_CONFIG, Config, err, fail, installation_of
from weighbridge.design.schema import Installation
from weighbridge.design.secrets import SecretsProblem
from weighbridge.observability.logs import configure_logs
from weighbridge.web.server import console_beside, serve_console
from weighbridge.worker.worker import Service

Port = Annotated[int | None, typer.Option(min=0, max=65535, help="Another port than the configuration's.")]


def console_command(config: Config = DEFAULT_CONFIG, port: Port = None) -> None:
    """Serve the console until stopped: pages for people, and the JSON API."""
    installation = installation_of(config)
    configure_logs(installation.installation.log_level)
    where = installation.console
    address = where.public_url or f"http://{where.host}:{where.port if port is None else port}"
    err.print(f"The console answers at {address}", highlight=False, markup=False)
    try:
        uvloop.run(serve_console(installation, config.absolute().parent, os.environ, port))
    except SecretsProblem as missing:
        fail(str(missing))
    except OSError as problem:
        fail(f"the console cannot listen on {where.host}: {problem.strerror or problem}; operations acts")


async def run_with_console(service: Service, installation: Installation, config: Config) -> None:
    """A worker that receives hooks, and the console beside it."""
    async with console_beside(installation, config.absolute().parent, os.environ), service.receiving() as stopped:
        await stopped
