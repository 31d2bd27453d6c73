"""Commands that only tell: `trace`, `explain`, `shortages`, `ghosts`, `holds`, `status`, `returns`."""

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
    with_database,
    with_journal,
)
from weighbridge.cli.sync import run_once
from weighbridge.design.secrets import SecretFinder
from weighbridge.flows.reference_data import load as bookkeeping
from weighbridge.flows.stock import stale_allocations as ghost_allocations
from weighbridge.persistence.repositories.order_history import Story, tell_order
from weighbridge.persistence.repositories.transfers import State
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.reports.returns import as_json as returns_json
from weighbridge.reports.returns import print_returns, returns_of
from weighbridge.reports.shortages import as_json as shortages_as_json
from weighbridge.reports.shortages import print_shortages, shortages_of
from weighbridge.reports.status import print_status, sharing_stock, status_of
from weighbridge.reports.stock_explanation import explain_sku, print_explanation

reports_app = typer.Typer()
explain_app = typer.Typer(help="Tell why something is as it is.", no_args_is_help=True)
reports_app.add_typer(explain_app, name="explain")


@reports_app.command()
def trace(
    kind: Annotated[str, typer.Argument(help="What to trace: order.")],
    number: Annotated[str, typer.Argument(help="Its number at the shop.")],
    config: Config = DEFAULT_CONFIG,
    connection: Connection = "",
    as_json: AsJson = False,
) -> None:
    """Tell the story of an order: what came, what was decided, what was sent and answered."""
    if kind != "order":
        fail(f"cannot trace a {kind!r}; expected: order")
    installation = installation_of(config)
    name = connection_of(installation, connection)
    story = with_journal(installation, lambda journal: tell_order(journal, name, number))
    if story is None:
        fail(f"order {number} was never seen on connection {name}")
    if as_json:
        print_json(story.as_json())
    else:
        _print_story(story)


@explain_app.command("sku")
def explain(
    sku: Annotated[str, typer.Argument(help="The SKU, exactly as the shop has it.")],
    config: Config = DEFAULT_CONFIG,
    connection: Connection = "",
    as_json: AsJson = False,
) -> None:
    """Tell why the shop shows what it shows of a SKU: every term, what was told when, and the largest oversell."""
    installation = installation_of(config)
    name = connection_of(installation, connection)
    sharing = sharing_stock(installation, SecretFinder(config.absolute().parent, os.environ), name)
    design = installation.connections[name]
    told = with_journal(installation, lambda journal: explain_sku(journal, name, design, sharing, sku))
    if told.item is None and not told.levels:
        fail(f"{name} knows no SKU {sku!r}; case and spaces count")
    if as_json:
        print_json(told.as_json())
    else:
        print_explanation(told, out)


@reports_app.command("shortages")
def list_shortages(
    config: Config = DEFAULT_CONFIG,
    connection: Connection = "",
    goal: Annotated[int, typer.Option(min=1, help="Most kits more that are wanted of each.")] = 30,
    as_json: AsJson = False,
) -> None:
    """List what to buy so that more kits can be sold, at the location that ships the shop's orders."""
    installation = installation_of(config)
    name = connection_of(installation, connection)
    location = installation.connections[name].design.sale.location
    found = with_journal(installation, lambda journal: shortages_of(journal, name, location, goal))
    if found is None:
        fail(f"the stock of {name} was not read yet, or it has no kits: weighbridge sync stock")
    if as_json:
        print_json(shortages_as_json(found))
    else:
        print_shortages(found, location, out)


@reports_app.command()
def ghosts(config: Config = DEFAULT_CONFIG, connection: Connection = "", as_json: AsJson = False) -> None:
    """Look now for old sales that hold stock in Cin7 and do not ship; list them with what to do. Voids nothing."""
    installation = installation_of(config)
    name = connection_of(installation, connection)
    run_once(config, (bookkeeping.FLOW, ghost_allocations.FLOW))
    own = (
        (transfers.c.connection == name)
        & (transfers.c.flow == ghost_allocations.SALE)
        & (transfers.c.state == State.HELD)
    )
    rows = with_journal(installation, lambda journal: journal.transfers.select(own, limit=10_000))
    if as_json:
        print_json([{"sale": row.key, "owner": row.owner, **row.findings[0]} for row in rows])
        return
    if not rows:
        out.print("No old sale holds stock.")
        return
    table = Table("Sale", "Owner", "What it holds", "What to do", title=f"Old sales that hold stock of {name}")
    for row in rows:
        finding = row.findings[0]
        table.add_row(escape(row.key), row.owner, escape(finding["value"]), escape(finding["expected"]))
    out.print(table)


@reports_app.command()
def holds(config: Config = DEFAULT_CONFIG, connection: Connection = "", as_json: AsJson = False) -> None:
    """List what waits for a person: order, owner, reason."""
    installation = installation_of(config)
    name = connection_of(installation, connection)
    held = (transfers.c.connection == name) & transfers.c.state.in_([State.HELD, State.REJECTED])
    rows = with_journal(installation, lambda journal: journal.transfers.select(held, limit=10_000))
    if as_json:
        print_json(
            [
                {"flow": r.flow, "key": r.key, "state": r.state, "kind": r.reason_kind, "owner": r.owner,
                 "reason": r.reason, "amount": str(r.amount or ""), "currency": r.currency,
                 "since": r.updated_at.isoformat()}
                for r in rows
            ]
        )  # fmt: skip
        return
    if not rows:
        out.print("Nothing waits for a person.")
        return
    table = Table("Flow", "Key", "State", "Owner", "Amount", "Reason", title=f"Waiting for a person on {name}")
    for row in rows:
        amount = f"{row.amount} {row.currency}" if row.amount is not None else ""
        table.add_row(row.flow, row.key, row.state, row.owner, amount, f"{row.reason_kind}: {row.reason}")
    out.print(table)


@reports_app.command()
def status(config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Count transfers by flow and state and tell what is left of the API budgets, for every connection."""
    installation = installation_of(config)
    folder = config.absolute().parent
    found = with_database(
        installation, lambda database, clock: status_of(installation, folder, os.environ, database, clock)
    )
    if as_json:
        print_json(found.as_json())
    else:
        print_status(found, out)


@reports_app.command()
def returns(config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """List returns whose money, goods and stock do not agree yet, with their age and owner."""
    found = with_database(installation_of(config), returns_of)
    if as_json:
        print_json(returns_json(found))
    else:
        print_returns(found, out)


def _print_story(story: Story) -> None:
    out.print(f"[bold]{story.headline}[/]")
    for finding in story.transfer.findings:
        out.print(f"  {finding['severity']}: {finding['field']} is {finding['value']}; expected {finding['expected']}")
    for event in story.events:
        out.print(f"{event.at:%Y-%m-%d %H:%M:%S}  {event.text}", highlight=False, markup=False)
