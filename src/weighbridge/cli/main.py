"""The command line: `weighbridge --help` lists the commands.

Commands are grouped by object: first the noun, then a verb or noun, as in `exceptions list`. A command is loaded when
it is called, so the twins load nothing of the product and a report loads nothing of the console; most commands start
in half the time or less.
"""

from __future__ import annotations

import platform
import sqlite3
from importlib import import_module
from importlib.metadata import PackageNotFoundError, entry_points, version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from weighbridge import __version__
from weighbridge.observability.logs import configure_logs

BUILT_IN_COMMANDS: dict[str, str] = {
    "run": "weighbridge.cli.run:run_command",
    "console": "weighbridge.cli.console:console_command",
    "migrate": "weighbridge.cli.migrate:migrate_command",
    "backup": "weighbridge.cli.backup:backup_command",
    "restore": "weighbridge.cli.backup:restore_command",
    "sync": "weighbridge.cli.sync:sync_app",
    "monitors": "weighbridge.cli.monitors:monitors_command",
    "orders": "weighbridge.cli.orders:orders_app",
    "stock": "weighbridge.cli.stock:stock_app",
    "returns": "weighbridge.cli.returns:returns_app",
    "exceptions": "weighbridge.cli.exception_actions:exceptions_app",
    "design": "weighbridge.cli.design:design_app",
    "alerts": "weighbridge.cli.alerts:alerts_app",
    "reports": "weighbridge.cli.reports:reports_app",
    "storage": "weighbridge.cli.storage:storage_app",
    "users": "weighbridge.cli.users:users_app",
}
"""Command -> module and attribute of its function or group, in the order of the help."""
ENTRY_POINT_GROUP = "weighbridge.commands"
"""Other installed distributions add commands under this group, as the twins and the simulations do."""
COMMANDS = BUILT_IN_COMMANDS | {point.name: point.value for point in sorted(entry_points(group=ENTRY_POINT_GROUP))}


class LazyCommandGroup(TyperGroup):
    """The group of `COMMANDS`; loads a command when it is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of the commands, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command with this name. For an unknown name it loads all commands, so that the error suggests one."""
        for name in [cmd_name] if cmd_name in COMMANDS else list(COMMANDS):
            if name not in self.commands:
                self.commands[name] = load_command(name)
        return super().get_command(ctx, cmd_name)

    def invoke(self, ctx: Any) -> Any:
        """Runs the command. A problem that its user can remove is one sentence and exit code 2, without a traceback."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            start_problems = import_module("weighbridge.cli.start_problems")
            message = start_problems.message_of(error)
            if message is None:
                raise
            start_problems.fail(message)


def load_command(name: str) -> Any:
    """Imports the command with this name and builds it."""
    module, _, attribute = COMMANDS[name].partition(":")
    command = getattr(import_module(module), attribute)
    parent = typer.Typer(add_completion=False)
    if isinstance(command, typer.Typer):
        parent.add_typer(command, name=name)
    else:
        parent.command(name)(command)
    parent.callback()(lambda: None)
    return typer.main.get_group(parent).commands[name]


app = typer.Typer(cls=LazyCommandGroup, no_args_is_help=True)


def print_versions(is_given: bool) -> None:
    """Prints the versions of the installed distributions and of what they run on, and ends the command."""
    if is_given:
        typer.echo("\n".join(_versions()))
        raise typer.Exit


def _versions() -> list[str]:
    lines = [f"weighbridge {__version__}"]
    for distribution in ("weighbridge-twins", "weighbridge-simulation"):
        try:
            lines.append(f"{distribution} {version(distribution)}")
        except PackageNotFoundError:
            continue
    return [*lines, f"Python {platform.python_version()}", f"SQLite {sqlite3.sqlite_version}"]


Version = Annotated[
    bool, typer.Option("--version", callback=print_versions, is_eager=True, help="Print the versions and exit.")
]


@app.callback()
def weighbridge(prints_versions: Version = False) -> None:
    """The controlled layer between BigCommerce and Cin7 Core."""


def main() -> None:
    """The entry point of the `weighbridge` command."""
    configure_logs()
    app()
