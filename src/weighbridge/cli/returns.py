"""`weighbridge returns`: the returns whose money, goods and stock do not agree yet."""

from __future__ import annotations

import typer

from weighbridge.cli.context import DEFAULT_CONFIG, AsJson, Config, installation_of, out, print_json, with_database
from weighbridge.reports.returns import as_json as returns_as_json
from weighbridge.reports.returns import print_returns, returns_of

returns_app = typer.Typer(help="Returns whose money, goods and stock do not agree yet.", no_args_is_help=True)


@returns_app.callback()
def returns() -> None:
    """Returns whose money, goods and stock do not agree yet."""


@returns_app.command("list")
def list_returns(config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """List the open returns with their age and owner."""
    open_returns = with_database(installation_of(config), returns_of)
    if as_json:
        print_json(returns_as_json(open_returns))
    else:
        print_returns(open_returns, out)
