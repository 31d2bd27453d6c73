"""What every command begins with: the installation's file, its database, one of its connections; and how it answers."""

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
from weighbridge.design.secrets import SecretsProblem, resolve_channels, resolve_provider_secret, resolve_secrets
from weighbridge.observability.logs import configure_logs
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories import Journal
from weighbridge.worker.worker import Service

Config = Annotated[Path, typer.Option("--config", "-c", envvar="WEIGHBRIDGE_CONFIG", help="The installation's file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]
Connection = Annotated[str, typer.Option(help="Connection; may be left out where there is one.")]
DEFAULT_CONFIG = Path("weighbridge.toml")
COMMAND_LINE = "command line"
Answer = TypeVar("Answer")
PIPED_WIDTH = 130
"""Columns where the output goes to a file or another program: a table must not be cut to a screen nobody has."""
out = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH)
err = Console(stderr=True)


def service_of(config: Path, *, beside_workers: bool = False) -> Service:
    """The service of a configuration; with `beside_workers` as a worker of its own name, since the one that the
    configuration names may be at work."""
    installation = installation_of(config)
    if beside_workers:
        name = f"{installation.installation.worker[:40]}-command-{token_hex(4)}"
        own = installation.installation.model_copy(update={"worker": name})
        installation = installation.model_copy(update={"installation": own})
    try:
        secrets = resolve_secrets(installation, config.absolute().parent)
        channels = resolve_channels(installation, config.absolute().parent)
        if installation.console.enabled:
            resolve_provider_secret(installation, config.absolute().parent)
    except SecretsProblem as missing:
        fail(str(missing))
    configure_logs(installation.installation.log_level)
    return Service(installation, secrets, channels)


def installation_of(config: Path) -> Installation:
    try:
        return load_installation(config)
    except ConfigurationProblem as problem:
        fail(str(problem))


def connection_of(installation: Installation, wanted: str) -> str:
    return one_of(installation.connections, wanted)


def one_of(connections: Iterable[str], wanted: str) -> str:
    """The connection that is meant; may be left out where there is one."""
    names = sorted(connections)
    if wanted and wanted not in names:
        fail(f"no connection {wanted!r}; there are {', '.join(names)}")
    if not wanted and len(names) > 1:
        fail(f"say which connection: --connection {' | '.join(names)}")
    return wanted or names[0]


def with_journal(installation: Installation, ask: Callable[[Journal], Awaitable[Answer]]) -> Answer:
    return with_database(installation, lambda database, clock: ask(Journal.of(database, clock)))


def with_database(installation: Installation, ask: Callable[[Database, Clock], Awaitable[Answer]]) -> Answer:
    async def work() -> Answer:
        settings = installation.installation
        database = Database(settings.database)
        clock = ScaledClock.parse(settings.clock) if settings.clock else REAL_CLOCK
        try:
            await database.create_tables()
            return await ask(database, clock)
        finally:
            await database.close()

    return asyncio.run(work())


def actor() -> str:
    """Who acts at the command line, as the audit log tells it."""
    return f"{login_name()} ({COMMAND_LINE})"


def login_name() -> str:
    """The machine's own name for whoever acts."""
    try:
        return getpass.getuser()
    except OSError:
        return "somebody"


def print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, indent=2, default=str) + "\n")


def fail(message: str) -> NoReturn:
    err.print(message, style="red", highlight=False, markup=False)
    raise typer.Exit(2)
