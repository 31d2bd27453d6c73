"""`weighbridge reports`: reports on the whole installation."""

from __future__ import annotations

from typing import Any

import typer

from weighbridge.cli.api_client import ServerOption, with_api
from weighbridge.cli.context import DEFAULT_CONFIG, AsJson, Config, out, print_json
from weighbridge.reports.status import print_status

reports_app = typer.Typer(help="Reports on the whole installation.", no_args_is_help=True)


@reports_app.callback()
def reports() -> None:
    """Reports on the whole installation."""


@reports_app.command("status")
def status(config: Config = DEFAULT_CONFIG, as_json: AsJson = False, server: ServerOption = "") -> None:
    """Count transfers by flow and state, and show the remaining API budgets, for every connection."""
    report: dict[str, Any] = with_api(config, server, "", lambda api: api.get("/status", dict[str, Any]))
    if as_json:
        print_json(report)
    else:
        print_status(report, out)
