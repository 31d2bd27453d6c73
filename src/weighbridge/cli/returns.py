"""`weighbridge returns`: the returns whose money, goods and stock do not agree yet."""

from __future__ import annotations

from dataclasses import asdict

import typer

from weighbridge.cli.api_client import ServerOption, with_api
from weighbridge.cli.context import DEFAULT_CONFIG, AsJson, Config, out, print_json
from weighbridge.reports.returns import OpenReturn, print_returns

returns_app = typer.Typer(help="Returns whose money, goods and stock do not agree yet.", no_args_is_help=True)


@returns_app.callback()
def returns() -> None:
    """Returns whose money, goods and stock do not agree yet."""


@returns_app.command("list")
def list_returns(config: Config = DEFAULT_CONFIG, as_json: AsJson = False, server: ServerOption = "") -> None:
    """List the open returns with their age and owner."""
    open_returns: list[OpenReturn] = with_api(config, server, "", lambda api: api.get("/returns", list[OpenReturn]))
    if as_json:
        print_json([asdict(row) | {"since": row.since.isoformat()} for row in open_returns])
    else:
        print_returns(open_returns, out)
