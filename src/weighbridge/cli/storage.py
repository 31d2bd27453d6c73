"""`weighbridge storage`: what is stored, how large it is, and how long it is kept."""

from __future__ import annotations

from dataclasses import asdict

import typer
from rich.table import Table

from weighbridge.cli.api_client import ServerOption, with_api
from weighbridge.cli.context import DEFAULT_CONFIG, AsJson, Config, out, print_json
from weighbridge.queries.storage import Storage, StoredKind

storage_app = typer.Typer(help="What is stored, how large it is, and how long it is kept.", no_args_is_help=True)


@storage_app.callback()
def storage() -> None:
    """What is stored, how large it is, and how long it is kept."""


@storage_app.command("sizes")
def sizes(config: Config = DEFAULT_CONFIG, as_json: AsJson = False, server: ServerOption = "") -> None:
    """Show rows, bytes, age and retention of each kind of record, and how many are due for removal."""
    stored: Storage = with_api(config, server, "", lambda api: api.get("/storage", Storage))
    if as_json:
        print_json(asdict(stored))
        return
    table = Table("Records")
    for column in ("Rows", "Bytes", "Oldest", "Kept", "Due for removal"):
        table.add_column(column, justify="right")
    for kind in stored.kinds:
        table.add_row(
            kind.label,
            _number(kind.rows),
            _number(kind.bytes),
            f"{kind.oldest:%Y-%m-%d}" if kind.oldest else "",
            _kept(kind),
            f"{kind.removable:,}",
        )
    out.print(table)
    free = "" if stored.free_bytes is None else f", of which {stored.free_bytes:,} are free for new records"
    out.print(f"The whole database: {stored.total_bytes:,} bytes{free}.", highlight=False)


def _kept(kind: StoredKind) -> str:
    if kind.rows is None:
        return "while current"
    return "for good" if kind.kept_days is None else f"{kind.kept_days} days"


def _number(number: int | None) -> str:
    return "" if number is None else f"{number:,}"
