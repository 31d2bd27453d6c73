"""The command line: `weighbridge --help` lists its commands; each lives in `weighbridge.commands`."""

from __future__ import annotations

import gc

import typer
import uvloop

from weighbridge.commands import exception_actions as _adds_its_commands  # noqa: F401
from weighbridge.commands.alerts import alerts_app
from weighbridge.commands.console import console_command, run_with_console
from weighbridge.commands.demo import demo_command
from weighbridge.commands.design import design_app
from weighbridge.commands.exceptions import exceptions_app
from weighbridge.commands.installation import DEFAULT_CONFIG, Config, installation_of, service_of
from weighbridge.commands.monitors import monitors_command
from weighbridge.commands.reports import reports_app
from weighbridge.commands.sync import sync_app
from weighbridge.commands.users import users_app
from weighbridge.logs import configure_logs
from weighbridge.storm.command import storm_command
from weighbridge.twins.command import twins_app
from weighbridge.week.command import week_command

app = typer.Typer(help="The controlled layer between BigCommerce and Cin7 Core.", no_args_is_help=True)


@app.command()
def run(config: Config = DEFAULT_CONFIG) -> None:
    """Work until stopped: receive hooks, sweep, post, push stock, report parcels."""
    service, installation = service_of(config), installation_of(config)
    # What is loaded by now stays; without this the collector walks it again and again.
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    uvloop.run(run_with_console(service, installation, config) if installation.console.enabled else service.run())


app.add_typer(sync_app, name="sync")
app.add_typer(reports_app)
app.add_typer(exceptions_app, name="exceptions")
app.add_typer(design_app, name="design")
app.command("console")(console_command)
app.command("monitors")(monitors_command)
app.add_typer(alerts_app, name="alerts")
app.add_typer(users_app, name="users")
app.command("demo")(demo_command)
app.command("storm")(storm_command)
app.command("week")(week_command)
app.add_typer(twins_app, name="twins")


def main() -> None:
    """The entry point of the `weighbridge` command."""
    configure_logs()
    app()
