"""The command line: `weighbridge --help` lists its commands; each lives in `weighbridge.cli`.

A command is loaded when it is called: the twins need nothing of the product, and a report nothing of the console, so
that most commands begin in half the time or less.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

import typer
from typer.core import TyperGroup

from weighbridge.observability.logs import configure_logs

REPORTS = ("trace", "shortages", "ghosts", "holds", "status", "returns", "explain")
OWN: dict[str, str] = {
    "run": "weighbridge.cli.run:run_command",
    "console": "weighbridge.cli.console:console_command",
    "monitors": "weighbridge.cli.monitors:monitors_command",
    "sync": "weighbridge.cli.sync:sync_app",
    **dict.fromkeys(REPORTS, "weighbridge.cli.reports:reports_app"),
    "exceptions": "weighbridge.cli.exception_actions:exceptions_app",
    "design": "weighbridge.cli.design:design_app",
    "alerts": "weighbridge.cli.alerts:alerts_app",
    "users": "weighbridge.cli.users:users_app",
}
"""Command -> its module, and there the function, the group, or the group that it is one of; in the help's order."""
ENTRY_POINT_GROUP = "weighbridge.commands"
"""Other installed distributions add commands under this group: the twins, the simulations."""
WHERE = OWN | {point.name: point.value for point in sorted(entry_points(group=ENTRY_POINT_GROUP))}


class LoadedWhenCalled(TyperGroup):
    """The commands of `WHERE`."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names, in the order of the help."""
        return list(WHERE)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of this name, loaded now. Of a name that is none all are loaded: the error names those near."""
        for name in [cmd_name] if cmd_name in WHERE else list(WHERE):
            if name not in self.commands:
                self.commands[name] = _loaded(name)
        return super().get_command(ctx, cmd_name)


def _loaded(name: str) -> Any:
    module, _, attribute = WHERE[name].partition(":")
    found = getattr(import_module(module), attribute)
    holder = typer.Typer(add_completion=False)
    if not isinstance(found, typer.Typer):
        holder.command(name)(found)
    elif name in REPORTS:
        holder.add_typer(found)
    else:
        holder.add_typer(found, name=name)
    holder.callback()(lambda: None)
    return typer.main.get_group(holder).commands[name]


app = typer.Typer(cls=LoadedWhenCalled, no_args_is_help=True)


@app.callback()
def weighbridge() -> None:
    """The controlled layer between BigCommerce and Cin7 Core."""


def main() -> None:
    """The entry point of the `weighbridge` command."""
    configure_logs()
    app()
