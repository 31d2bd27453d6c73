"""`weighbridge orders`: the history of an order, and the transfers that are held."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.table import Table

from weighbridge.cli.api_client import ApiClient, ServerOption, connection_name, with_api
from weighbridge.cli.context import (
    DEFAULT_CONFIG,
    AsJson,
    Config,
    Connection,
    out,
    print_json,
)
from weighbridge.persistence.repositories.transfers import State
from weighbridge.web.api.records import OrderResponse
from weighbridge.web.api.reports import TransferResponse

orders_app = typer.Typer(help="The history of an order, and the orders that are held.", no_args_is_help=True)


@orders_app.command("show")
def show(
    number: Annotated[str, typer.Argument(metavar="ORDER", help="Number of the order in the store.")],
    config: Config = DEFAULT_CONFIG,
    connection: Connection = "",
    as_json: AsJson = False,
    server: ServerOption = "",
) -> None:
    """Show the history of an order: what was received, decided, sent and answered."""

    async def read(api: ApiClient) -> OrderResponse:
        path = f"/orders/{await connection_name(api, connection)}/{quote(number, safe='')}"
        response: OrderResponse = await api.get(path, OrderResponse)
        return response

    history = with_api(config, server, "", read).history
    if as_json:
        print_json(history)
    else:
        _print_history(history)


@orders_app.command("held")
def held(
    config: Config = DEFAULT_CONFIG, connection: Connection = "", as_json: AsJson = False, server: ServerOption = ""
) -> None:
    """List the held and rejected transfers of a connection with their owner and reason."""

    async def read(api: ApiClient) -> list[TransferResponse]:
        name = await connection_name(api, connection)
        response: list[TransferResponse] = await api.get(
            "/transfers", list[TransferResponse], {"connection": name, "state": [State.HELD, State.REJECTED]}
        )
        return response

    rows = with_api(config, server, "", read)
    if as_json:
        print_json([row.model_dump(mode="json", exclude={"connection", "findings"}) for row in rows])
        return
    if not rows:
        out.print("No transfers are held.")
        return
    table = Table("Flow", "Key", "State", "Owner", "Amount", "Reason", title=f"Held transfers of {rows[0].connection}")
    for row in rows:
        amount = f"{row.amount.amount} {row.amount.currency}" if row.amount is not None else ""
        table.add_row(row.flow, row.key, row.state, row.owner, amount, f"{row.kind}: {row.reason}")
    out.print(table)


def _print_history(history: dict[str, Any]) -> None:
    out.print(f"[bold]{history['headline']}[/]")
    for finding in history["findings"]:
        out.print(f"  {finding['severity']}: {finding['field']} is {finding['value']}; expected {finding['expected']}")
    for event in history["events"]:
        at = datetime.fromisoformat(event["at"])
        out.print(f"{at:%Y-%m-%d %H:%M:%S}  {event['text']}", highlight=False, markup=False)
