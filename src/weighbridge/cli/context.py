"""Shared parts of the commands: options, the installation of a configuration, its database, and output."""

from __future__ import annotations

import asyncio
import getpass
import json
import sys
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from secrets import token_hex
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from rich.console import Console

from weighbridge.common.clock import REAL_CLOCK, Clock, ScaledClock
from weighbridge.design.loading import ConfigurationProblem, load_installation
from weighbridge.design.schema import Installation
from weighbridge.design.secrets import (
    SecretsProblem,
    resolve_channels,
    resolve_metrics_token,
    resolve_provider_secret,
    resolve_secrets,
)
from weighbridge.observability.logs import configure_logs
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories import Repositories
from weighbridge.worker.worker import Worker

Config = Annotated[Path, typer.Option("--config", "-c", envvar="WEIGHBRIDGE_CONFIG", help="The configuration file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Connection = Annotated[str, typer.Option(help="Name of a connection; optional if there is only one.")]
DEFAULT_CONFIG = Path("weighbridge.toml")
COMMAND_LINE = "command line"
Answer = TypeVar("Answer")
PIPED_WIDTH = 130
"""Columns if the output goes to a file or another program, so that tables are not cut to a terminal."""
out = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH)
err = Console(stderr=True)


def worker_of(config: Path, *, as_separate_worker: bool = False) -> Worker:
    """The worker of a configuration; with `as_separate_worker` under a name of its own, because the worker that the
    configuration names may be running."""
    installation = installation_of(config)
    if as_separate_worker:
        name = f"{installation.installation.worker[:40]}-command-{token_hex(4)}"
        settings = installation.installation.model_copy(update={"worker": name})
        installation = installation.model_copy(update={"installation": settings})
    try:
        secrets = resolve_secrets(installation, config.absolute().parent)
        channels = resolve_channels(installation, config.absolute().parent)
        metrics_token = resolve_metrics_token(installation, config.absolute().parent)
        if installation.console.enabled:
            resolve_provider_secret(installation, config.absolute().parent)
    except SecretsProblem as missing:
        fail(str(missing))
    settings = installation.installation
    configure_logs(settings.log_level, settings.log_format, settings.worker)
    return Worker(installation, secrets, channels, metrics_token=metrics_token)


def installation_of(config: Path) -> Installation:
    """The installation that a configuration file describes; a problem in the file ends the command."""
    try:
        return load_installation(config)
    except ConfigurationProblem as problem:
        fail(str(problem))


def connection_of(installation: Installation, name: str) -> str:
    """The connection with this name; the only one if `name` is empty."""
    return choose_connection(installation.connections, name)


def choose_connection(connections: Iterable[str], name: str) -> str:
    """The connection with this name; the only one if `name` is empty."""
    names = sorted(connections)
    if name and name not in names:
        fail(f"no connection {name!r}; there are {', '.join(names)}")
    if not name and len(names) > 1:
        fail(f"name the connection: --connection {' | '.join(names)}")
    return name or names[0]


def with_repositories(installation: Installation, work: Callable[[Repositories], Awaitable[Answer]]) -> Answer:
    """The result of `work` on the repositories of the installation."""
    return with_database(installation, lambda database, clock: work(Repositories.of(database, clock)))


def with_database(installation: Installation, work: Callable[[Database, Clock], Awaitable[Answer]]) -> Answer:
    """The result of `work` on the database of the installation."""

    async def run() -> Answer:
        settings = installation.installation
        database = Database(settings.database, settings.lock_wait_seconds)
        clock = ScaledClock.parse(settings.clock) if settings.clock else REAL_CLOCK
        try:
            await database.create_tables()
            return await work(database, clock)
        finally:
            await database.close()

    return asyncio.run(run())


def actor() -> str:
    """The user of the command line, as the audit log names them."""
    return f"{login_name()} ({COMMAND_LINE})"


def login_name() -> str:
    """The login name of the user on this machine."""
    try:
        return getpass.getuser()
    except OSError:
        return "unknown"


def print_json(value: Any) -> None:
    """Prints `value` as indented JSON."""
    sys.stdout.write(json.dumps(value, indent=2, default=str) + "\n")


def fail(message: str) -> NoReturn:
    """Prints an error message and ends the command with exit code 2."""
    err.print(message, style="red", highlight=False, markup=False, soft_wrap=True)
    raise typer.Exit(2)
