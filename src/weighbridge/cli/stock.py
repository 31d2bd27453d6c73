"""`weighbridge stock`: why a SKU shows its level, what kits lack, and old sales that hold stock."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.markup import escape
from rich.table import Table

from weighbridge.cli.api_client import ApiClient, ServerOption, connection_name, with_api
from weighbridge.cli.context import (
    DEFAULT_CONFIG,
    AsJson,
    Config,
    Connection,
    connection_of,
    installation_of,
    out,
    print_json,
)
from weighbridge.cli.sync import run_once
from weighbridge.flows.reference_data import load as reference_data
from weighbridge.flows.stock import stale_allocations
from weighbridge.persistence.repositories.transfers import State
from weighbridge.reports.shortages import print_shortages
from weighbridge.reports.stock_explanation import print_explanation
from weighbridge.web.api.reports import TransferResponse
from weighbridge.web.api.stock import ShortagesResponse

stock_app = typer.Typer(help="Stock levels, shortages and stale allocations.", no_args_is_help=True)


@stock_app.command("explain")
def explain(
    sku: Annotated[str, typer.Argument(help="The SKU, exactly as in the store.")],
    config: Config = DEFAULT_CONFIG,
    connection: Connection = "",
    as_json: AsJson = False,
    server: ServerOption = "",
) -> None:
    """Explain the level of a SKU in the store: every term, when it was published, and the oversell bound."""

    async def read(api: ApiClient) -> dict[str, Any]:
        path = f"/stock/{await connection_name(api, connection)}/{quote(sku, safe='')}"
        response: dict[str, Any] = await api.get(path, dict[str, Any])
        return response

    explanation = with_api(config, server, "", read)
    if as_json:
        print_json(explanation)
    else:
        print_explanation(explanation, out)


@stock_app.command("shortages")
def list_shortages(
    config: Config = DEFAULT_CONFIG,
    connection: Connection = "",
    goal: Annotated[int, typer.Option(min=1, help="How many more of each kit to sell at most.")] = 30,
    as_json: AsJson = False,
    server: ServerOption = "",
) -> None:
    """List the components to buy so that more kits can be sold, at the location that ships the store's orders."""

    async def read(api: ApiClient) -> ShortagesResponse:
        path = f"/shortages/{await connection_name(api, connection)}"
        response: ShortagesResponse = await api.get(path, ShortagesResponse, {"goal": goal})
        return response

    report = with_api(config, server, "", read)
    if as_json:
        print_json([asdict(shortage) for shortage in report.shortages])
    else:
        print_shortages(report.shortages, report.location, out)


@stock_app.command("stale-allocations")
def list_stale_allocations(
    config: Config = DEFAULT_CONFIG, connection: Connection = "", as_json: AsJson = False
) -> None:
    """Find old sales in Cin7 that hold stock and will not ship, and list them with what to do. Voids nothing."""
    name = connection_of(installation_of(config), connection)
    run_once(config, (reference_data.FLOW, stale_allocations.FLOW), connections=(name,))

    async def read(api: ApiClient) -> list[TransferResponse]:
        query = {"connection": name, "flow": stale_allocations.SALE, "state": [State.HELD]}
        response: list[TransferResponse] = await api.get("/transfers", list[TransferResponse], query)
        return response

    rows = with_api(config, "", "", read)
    if as_json:
        print_json([{"sale": row.key, "owner": row.owner, **row.findings[0]} for row in rows])
        return
    if not rows:
        out.print("There are no stale allocations.")
        return
    title = f"Stale allocations of {rows[0].connection}"
    table = Table("Sale", "Owner", "What it holds", "What to do", title=title)
    for row in rows:
        finding = row.findings[0]
        table.add_row(escape(row.key), row.owner, escape(finding["value"]), escape(finding["expected"]))
    out.print(table)
