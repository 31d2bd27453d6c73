"""`weighbridge design`: what counts now, what was agreed beside the file, and how patiently causes are tried again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from weighbridge.cli.context import (
    DEFAULT_CONFIG,
    AsJson,
    Config,
    Connection,
    fail,
    out,
    print_json,
)
from weighbridge.cli.design_backend import DesignDesk, at_the_desk
from weighbridge.cli.server import AtServer
from weighbridge.design.overrides import CHANGEABLE, DesignChange
from weighbridge.design.schema import Design, design_version
from weighbridge.design.timing import DEFAULT_SCHEDULES
from weighbridge.persistence.repositories.designs import AgreedChange

design_app = typer.Typer(help="The operating model as it counts now, and what was agreed since.", no_args_is_help=True)
By = Annotated[str, typer.Option("--by", envvar="WEIGHBRIDGE_PERSON", help="Who acts; by default who is signed in.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept with the change.")]


@design_app.command("show")
def show(
    config: Config = DEFAULT_CONFIG, connection: Connection = "", as_json: AsJson = False, server: AtServer = ""
) -> None:
    """Show mappings, owners and retry schedules as they count now, and every change that people agreed on."""

    async def read(desk: DesignDesk) -> tuple[str, Design, Sequence[AgreedChange]]:
        name = await desk.connection(connection)
        return name, *await desk.shown(name)

    name, design, changes = at_the_desk(config, server, "", read)
    schedules = {cause: list(design.retry.schedule(cause)) for cause in DEFAULT_SCHEDULES}
    if as_json:
        print_json(
            {
                "version": design_version(design),
                "design": design.model_dump(mode="json"),
                "schedules": schedules,
                "changes": [{slot: getattr(one, slot) for slot in one.__slots__} for one in changes],
            }
        )
        return
    out.print(f"[bold]{name}[/] works by {design_version(design)}")
    tables = ("tax.rules", design.tax.rules), ("payments.accounts", design.payments.accounts), ("skus", design.skus)
    own: tuple[tuple[str, Mapping[Any, Any]], ...] = (
        ("owners", design.owners), ("backups", design.backups), ("deadlines", design.deadlines),
        ("autonomy", design.autonomy),
    )  # fmt: skip
    for setting, entries in (*tables, *own):
        for key, value in sorted(entries.items()):
            out.print(f"  {setting}  {key} = {value}", markup=False, highlight=False)
    waits = Table("Cause", "Seconds before each next try; then the object is held", title_justify="left")
    for cause, seconds in schedules.items():
        waits.add_row(cause, ", ".join(f"{one:g}" for one in seconds))
    out.print(waits)
    for one in changes:
        undone = f" (taken back by {one.undone_by})" if one.undone_at else ""
        before = f", before {one.before}" if one.before is not None else ""
        told = f"{one.id}: {one.at:%Y-%m-%d %H:%M} {one.actor}: {one.setting} {one.key} = {one.value}{before}{undone}"
        out.print(f"{told}. {one.reason}", markup=False, highlight=False)


@design_app.command("change")
def change(
    setting: Annotated[str, typer.Argument(help=f"One of {', '.join(CHANGEABLE)}.")],
    key: Annotated[str, typer.Argument(help="Which entry: a tax, a tender, a SKU, a kind, a cause.")],
    value: Annotated[str, typer.Argument(help="What it is from now on; a list as JSON, such as [5, 60, 600].")],
    reason: Reason,
    config: Config = DEFAULT_CONFIG,
    connection: Connection = "",
    by: By = "",
    server: AtServer = "",
) -> None:
    """Change one entry, beside the file. Running workers take it up within seconds."""
    wanted = DesignChange(setting, key, json.loads(value) if value.startswith("[") else value)
    if not reason.strip():
        fail("a change needs a reason")

    async def agree(desk: DesignDesk) -> int:
        return await desk.change(await desk.connection(connection), wanted, reason)

    number = at_the_desk(config, server, by, agree)
    out.print(f"Change {number}: {escape(setting)} {escape(key)} is {escape(value)} from now on.")


@design_app.command("undo")
def undo(
    number: Annotated[int, typer.Argument(help="Number of the change.")],
    config: Config = DEFAULT_CONFIG,
    by: By = "",
    server: AtServer = "",
) -> None:
    """Take a change back: the one agreed before it, or the file, counts again."""
    at_the_desk(config, server, by, lambda desk: desk.undo(number))
    out.print(f"Change {number} no longer counts.")


@design_app.command("version")
def version(
    name: Annotated[str, typer.Argument(help="A version as transfers name it, such as v1-1a2b3c4d.")],
    config: Config = DEFAULT_CONFIG,
    connection: Connection = "",
    server: AtServer = "",
) -> None:
    """Print the whole design that transfers of that version crossed under, as JSON."""

    async def read(desk: DesignDesk) -> Any:
        return await desk.version(await desk.connection(connection), name)

    print_json(at_the_desk(config, server, "", read))
