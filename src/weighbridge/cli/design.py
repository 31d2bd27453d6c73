"""`weighbridge design`: the design in effect, its changes and versions, and the retry schedules."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.markup import escape
from rich.table import Table

from weighbridge.cli.api_client import ActorOption, ApiClient, ServerOption, connection_name, with_api
from weighbridge.cli.context import DEFAULT_CONFIG, AsJson, Config, Connection, fail, out, print_json
from weighbridge.design.overrides import CHANGEABLE
from weighbridge.design.retry_schedules import DEFAULT_SCHEDULES
from weighbridge.design.schema import Design, design_version
from weighbridge.web.api.design import ChangeResponse, DesignChangeResponse, DesignResponse

design_app = typer.Typer(help="The design in effect, its changes and its versions.", no_args_is_help=True)
Reason = Annotated[str, typer.Option("--reason", help="Reason; it is stored with the change.")]


@design_app.command("show")
def show(
    config: Config = DEFAULT_CONFIG, connection: Connection = "", as_json: AsJson = False, server: ServerOption = ""
) -> None:
    """Show the mappings, owners and retry schedules in effect, and every change of the design."""

    async def read(api: ApiClient) -> DesignResponse:
        response: DesignResponse = await api.get(f"/design/{await connection_name(api, connection)}", DesignResponse)
        return response

    response = with_api(config, server, "", read)
    design = Design.model_validate(response.design)
    schedules = {cause: list(design.retry.schedule(cause)) for cause in DEFAULT_SCHEDULES}
    if as_json:
        print_json(
            {
                "version": design_version(design),
                "design": design.model_dump(mode="json"),
                "schedules": schedules,
                "changes": [change.model_dump() for change in response.changes],
            }
        )
        return
    out.print(f"[bold]{response.connection}[/] uses design {design_version(design)}")
    _print_tables(design)
    _print_schedules(schedules)
    _print_changes(response.changes)


@design_app.command("change")
def change(
    setting: Annotated[str, typer.Argument(help=f"One of {', '.join(CHANGEABLE)}.")],
    key: Annotated[str, typer.Argument(help="The entry: a tax, a tender, a SKU, an exception kind or a cause.")],
    value: Annotated[str, typer.Argument(help="The new value; a list as JSON, such as [5, 60, 600].")],
    reason: Reason,
    config: Config = DEFAULT_CONFIG,
    connection: Connection = "",
    actor: ActorOption = "",
    server: ServerOption = "",
) -> None:
    """Change one entry, which overrides the file. Running workers reload the design within seconds."""
    body = {"setting": setting, "key": key, "value": _parsed(value), "reason": reason}
    if not reason.strip():
        fail("a change needs a reason")

    async def store(api: ApiClient) -> ChangeResponse:
        path = f"/design/{await connection_name(api, connection)}/changes"
        response: ChangeResponse = await api.post(path, ChangeResponse, body)
        return response

    number = with_api(config, server, actor, store).id
    out.print(f"Change {number}: {escape(setting)} {escape(key)} is {escape(value)} from now on.")


@design_app.command("undo")
def undo(
    number: Annotated[int, typer.Argument(help="Number of the change.")],
    config: Config = DEFAULT_CONFIG,
    actor: ActorOption = "",
    server: ServerOption = "",
) -> None:
    """Undo a change: the change before it, or the file, is in effect again."""
    with_api(config, server, actor, lambda api: api.post(f"/design-changes/{number}/undo", ChangeResponse))
    out.print(f"Change {number} is undone.")


@design_app.command("version")
def version(
    name: Annotated[str, typer.Argument(help="A version as transfers name it, such as v1-1a2b3c4d.")],
    config: Config = DEFAULT_CONFIG,
    connection: Connection = "",
    server: ServerOption = "",
) -> None:
    """Print the whole design of a version that transfers used, as JSON."""

    async def read(api: ApiClient) -> dict[str, Any]:
        path = f"/design/{await connection_name(api, connection)}/versions/{quote(name, safe='')}"
        response: dict[str, Any] = await api.get(path, dict[str, Any])
        return response

    print_json(with_api(config, server, "", read))


def _parsed(value: str) -> Any:
    """A list if the value is one as JSON, else the text."""
    if not value.startswith("["):
        return value
    try:
        return json.loads(value)
    except ValueError:
        fail(f"the value is {value!r}; expected a list as JSON, such as [5, 60, 600]")


def _print_tables(design: Design) -> None:
    tables: tuple[tuple[str, Mapping[Any, Any]], ...] = (
        ("tax.rules", design.tax.rules), ("payments.accounts", design.payments.accounts), ("skus", design.skus),
        ("owners", design.owners), ("backups", design.backups), ("deadlines", design.deadlines),
        ("autonomy", design.autonomy),
    )  # fmt: skip
    for setting, entries in tables:
        for key, value in sorted(entries.items()):
            out.print(f"  {setting}  {key} = {value}", markup=False, highlight=False)


def _print_schedules(schedules: Mapping[str, Sequence[float]]) -> None:
    table = Table("Cause", "Seconds before each next try; then the object is held", title_justify="left")
    for cause, seconds in schedules.items():
        table.add_row(cause, ", ".join(f"{wait:g}" for wait in seconds))
    out.print(table)


def _print_changes(changes: Sequence[DesignChangeResponse]) -> None:
    for change in changes:
        undone = f" (undone by {change.undone_by})" if change.undone_at else ""
        before = f", before {change.before}" if change.before is not None else ""
        entry = f"{change.setting} {change.key} = {change.value}{before}{undone}"
        out.print(
            f"{change.id}: {change.at:%Y-%m-%d %H:%M} {change.actor}: {entry}. {change.reason}",
            markup=False,
            highlight=False,
        )
