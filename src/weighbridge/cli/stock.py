"""`weighbridge stock`: why a SKU shows its level, what kits lack, and old sales that hold stock."""

from __future__ import annotations

import os
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from weighbridge.cli.context import (
    DEFAULT_CONFIG,
    AsJson,
    Config,
    Connection,
    connection_of,
    fail,
    installation_of,
    out,
    print_json,
    with_repositories,
)
from weighbridge.cli.sync import run_once
from weighbridge.design.secrets import SecretFinder
from weighbridge.flows.reference_data import load as reference_data
from weighbridge.flows.stock import stale_allocations
from weighbridge.persistence.repositories.transfers import State
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.reports.shortages import as_json as shortages_as_json
from weighbridge.reports.shortages import print_shortages, shortages_of
from weighbridge.reports.status import sharing_stock
from weighbridge.reports.stock_explanation import explain_sku, print_explanation

stock_app = typer.Typer(help="Stock levels, shortages and stale allocations.", no_args_is_help=True)


@stock_app.command("explain")
def explain(
    sku: Annotated[str, typer.Argument(help="The SKU, exactly as in the store.")],
    config: Config = DEFAULT_CONFIG,
    connection: Connection = "",
    as_json: AsJson = False,
) -> None:
    """Explain the level of a SKU in the store: every term, when it was published, and the oversell bound."""
    installation = installation_of(config)
    name = connection_of(installation, connection)
    sharing = sharing_stock(installation, SecretFinder(config.absolute().parent, os.environ), name)
    settings = installation.connections[name]
    explanation = with_repositories(
        installation, lambda repositories: explain_sku(repositories, name, settings, sharing, sku)
    )
    if explanation.item is None and not explanation.levels:
        fail(f"{name} knows no SKU {sku!r}; case and spaces count")
    if as_json:
        print_json(explanation.as_json())
    else:
        print_explanation(explanation, out)


@stock_app.command("shortages")
def list_shortages(
    config: Config = DEFAULT_CONFIG,
    connection: Connection = "",
    goal: Annotated[int, typer.Option(min=1, help="How many more of each kit to sell at most.")] = 30,
    as_json: AsJson = False,
) -> None:
    """List the components to buy so that more kits can be sold, at the location that ships the store's orders."""
    installation = installation_of(config)
    name = connection_of(installation, connection)
    location = installation.connections[name].design.sale.location
    shortages = with_repositories(installation, lambda repositories: shortages_of(repositories, name, location, goal))
    if shortages is None:
        fail(f"the stock of {name} was not read yet, or it has no kits; run weighbridge sync stock")
    if as_json:
        print_json(shortages_as_json(shortages))
    else:
        print_shortages(shortages, location, out)


@stock_app.command("stale-allocations")
def list_stale_allocations(
    config: Config = DEFAULT_CONFIG, connection: Connection = "", as_json: AsJson = False
) -> None:
    """Find old sales in Cin7 that hold stock and will not ship, and list them with what to do. Voids nothing."""
    installation = installation_of(config)
    name = connection_of(installation, connection)
    run_once(config, (reference_data.FLOW, stale_allocations.FLOW))
    condition = (
        (transfers.c.connection == name)
        & (transfers.c.flow == stale_allocations.SALE)
        & (transfers.c.state == State.HELD)
    )
    rows = with_repositories(installation, lambda repositories: repositories.transfers.select(condition, limit=10_000))
    if as_json:
        print_json([{"sale": row.key, "owner": row.owner, **row.findings[0]} for row in rows])
        return
    if not rows:
        out.print("There are no stale allocations.")
        return
    table = Table("Sale", "Owner", "What it holds", "What to do", title=f"Stale allocations of {name}")
    for row in rows:
        finding = row.findings[0]
        table.add_row(escape(row.key), row.owner, escape(finding["value"]), escape(finding["expected"]))
    out.print(table)
