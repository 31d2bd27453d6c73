"""`weighbridge reports`: reports on the whole installation."""

from __future__ import annotations

import os

import typer

from weighbridge.cli.context import DEFAULT_CONFIG, AsJson, Config, installation_of, out, print_json, with_database
from weighbridge.reports.status import print_status, status_of

reports_app = typer.Typer(help="Reports on the whole installation.", no_args_is_help=True)


@reports_app.callback()
def reports() -> None:
    """Reports on the whole installation."""


@reports_app.command("status")
def status(config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Count transfers by flow and state, and show the remaining API budgets, for every connection."""
    installation = installation_of(config)
    folder = config.absolute().parent
    report = with_database(
        installation, lambda database, clock: status_of(installation, folder, os.environ, database, clock)
    )
    if as_json:
        print_json(report.as_json())
    else:
        print_status(report, out)
