"""`weighbridge design`: what counts now, what was agreed beside the file, and how patiently causes are tried again."""

from __future__ import annotations

import getpass
import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from weighbridge.clock import Clock
from weighbridge.commands.installation import (
    DEFAULT_CONFIG,
    AsJson,
    Config,
    Connection,
    connection_of,
    fail,
    installation_of,
    out,
    print_json,
    with_database,
    with_journal,
)
from weighbridge.database import Database
from weighbridge.design.overriding import CHANGEABLE, DesignChange, UnusableChange
from weighbridge.design.schema import Design, design_version
from weighbridge.design.timing import DEFAULT_SCHEDULES
from weighbridge.journal import Journal

design_app = typer.Typer(help="The operating model as it counts now, and what was agreed since.", no_args_is_help=True)
By = Annotated[str, typer.Option("--by", envvar="WEIGHBRIDGE_PERSON", help="Who acts; by default who is signed in.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept with the change.")]


@design_app.command("show")
def show(config: Config = DEFAULT_CONFIG, connection: Connection = "", as_json: AsJson = False) -> None:
    """Show mappings, owners and retry schedules as they count now, and every change that people agreed on."""
    installation = installation_of(config)
    name = connection_of(installation, connection)
    of_file = installation.connections[name].design

    async def read(journal: Journal) -> tuple[Design, list[Any]]:
        return await journal.designs.effective(name, of_file), await journal.designs.changes(name)

    design, changes = with_journal(installation, read)
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
) -> None:
    """Change one entry, beside the file. Running workers take it up within seconds."""
    installation = installation_of(config)
    name = connection_of(installation, connection)
    wanted = DesignChange(setting, key, json.loads(value) if value.startswith("[") else value)
    of_file = installation.connections[name].design
    if not reason.strip():
        fail("a change needs a reason")

    async def agree(database: Database, clock: Clock) -> int:
        designs = Journal.of(database, clock).designs
        effective = await designs.effective(name, of_file)
        async with database.transaction() as transaction:
            return await designs.agree(transaction, name, effective, wanted, reason, by or getpass.getuser())

    try:
        number = with_database(installation, agree)
    except UnusableChange as problem:
        fail(str(problem))
    out.print(f"Change {number}: {escape(setting)} {escape(key)} is {escape(value)} from now on.")


@design_app.command("undo")
def undo(
    number: Annotated[int, typer.Argument(help="Number of the change.")], config: Config = DEFAULT_CONFIG, by: By = ""
) -> None:
    """Take a change back: the one agreed before it, or the file, counts again."""

    async def take_back(database: Database, clock: Clock) -> bool:
        async with database.transaction() as transaction:
            return await Journal.of(database, clock).designs.undo(transaction, number, by or getpass.getuser())

    if not with_database(installation_of(config), take_back):
        fail(f"there is no change {number}, or it was taken back before")
    out.print(f"Change {number} no longer counts.")


@design_app.command("version")
def version(
    name: Annotated[str, typer.Argument(help="A version as transfers name it, such as v1-1a2b3c4d.")],
    config: Config = DEFAULT_CONFIG,
    connection: Connection = "",
) -> None:
    """Print the whole design that transfers of that version crossed under, as JSON."""
    installation = installation_of(config)
    of = connection_of(installation, connection)
    content = with_journal(installation, lambda journal: journal.designs.version(of, name))
    if content is None:
        fail(f"{of} never worked by {name}")
    print_json(content)
