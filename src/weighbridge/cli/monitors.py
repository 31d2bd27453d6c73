"""`weighbridge monitors`: what is watched, when each monitor looked last, and what it found."""

from __future__ import annotations

from dataclasses import asdict

from rich.table import Table

from weighbridge.cli.context import (
    DEFAULT_CONFIG,
    AsJson,
    Config,
    Connection,
    connection_of,
    installation_of,
    out,
    print_json,
    with_journal,
)
from weighbridge.monitors.state import looked


def monitors_command(config: Config = DEFAULT_CONFIG, connection: Connection = "", as_json: AsJson = False) -> None:
    """Tell what is watched, when each monitor looked last, and how much it found."""
    installation = installation_of(config)
    name = connection_of(installation, connection)
    found = with_journal(installation, lambda journal: looked(journal, name))
    if as_json:
        print_json([asdict(one) | {"looked_at": one.looked_at and one.looked_at.isoformat()} for one in found])
        return
    table = Table("Monitor", "Watches that", "Looked last, UTC", "Found", "Owner")
    for one in found:
        at = f"{one.looked_at:%Y-%m-%d %H:%M}" if one.looked_at else "never"
        count = "" if one.found is None else "nothing" if not one.found else str(one.found)
        table.add_row(one.monitor, one.watches, at, count, one.owner)
    out.print(table)
