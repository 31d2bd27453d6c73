"""`weighbridge sync`: one flow, now."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from weighbridge.access.audit import AuditLog
from weighbridge.cli.context import (
    DEFAULT_CONFIG,
    AsJson,
    Config,
    Connection,
    actor,
    connection_of,
    fail,
    installation_of,
    out,
    print_json,
    service_of,
    with_database,
    with_journal,
)
from weighbridge.design.schema import Installation
from weighbridge.flows.catalogue import flow as catalogue
from weighbridge.flows.discovery import sweeps
from weighbridge.flows.reference_data import load as bookkeeping
from weighbridge.flows.stock import approval as stock_review
from weighbridge.flows.stock import fast_lane as stock_fast
from weighbridge.flows.stock import flow as stock
from weighbridge.persistence.repositories.transfers import State
from weighbridge.reports.catalogue_proposal import as_json as proposal_as_json
from weighbridge.reports.catalogue_proposal import is_current, print_proposal
from weighbridge.reports.stock_explanation import print_levels

sync_app = typer.Typer(help="Run one flow now.", no_args_is_help=True)


@sync_app.command("orders")
def sync_orders(config: Config = DEFAULT_CONFIG, once: bool = True, as_json: AsJson = False) -> None:
    """Find changed orders and bring each to posted, held or rejected."""
    _sync(config, (bookkeeping.FLOW, sweeps.ORDER_SWEEP), as_json)


@sync_app.command("stock")
def sync_stock(
    config: Config = DEFAULT_CONFIG,
    connection: Connection = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what the shop would be told, tell nothing.")] = False,
    accept: Annotated[str, typer.Option(help="Name of the levels that you have read, as a dry run shows it.")] = "",
    limit: Annotated[int, typer.Option(min=0, help="Most changes shown.")] = 30,
    as_json: AsJson = False,
) -> None:
    """Read the stock, tell the shop what changed; the first time once you have accepted it."""
    if accept:
        installation = installation_of(config)
        name = connection_of(installation, connection)
        if not with_journal(installation, lambda journal: stock_review.is_current(journal, name, accept)):
            fail(f"{accept} is not what was last proposed for {name}; look at the levels with --dry-run again")
        _note_accepted(installation, "stock", name, accept)
        with_journal(installation, lambda journal: stock_review.accept(journal, name, accept))
    if not dry_run:
        _sync(config, (bookkeeping.FLOW, stock.FLOW, stock_fast.FLOW), as_json)
        return
    installation = installation_of(config)
    name = connection_of(installation, connection)
    run_once(config, (bookkeeping.FLOW,))
    run_once(config, (stock.FLOW,), stock_review.DRY_RUN)
    found = with_journal(installation, lambda journal: journal.transfers.find(name, stock.FLOW, stock_review.DRY_RUN))
    if found is None or found.state is not State.POSTED:
        fail(f"the dry run of {name} has not come to an end: {found.reason if found else 'see the log'}")
    if as_json:
        print_json(found.content)
    else:
        print_levels(found.content, limit, out)


@sync_app.command("fulfilment")
def sync_fulfilment(config: Config = DEFAULT_CONFIG, once: bool = True, as_json: AsJson = False) -> None:
    """Find shipped parcels and report them to the shop."""
    _sync(config, (sweeps.FULFILMENT_SWEEP,), as_json)


@sync_app.command("catalogue")
def sync_catalogue(
    config: Config = DEFAULT_CONFIG,
    connection: Connection = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, write nothing.")] = False,
    accept: Annotated[str, typer.Option(help="Name of the changes that you have read, as a dry run shows it.")] = "",
    limit: Annotated[int, typer.Option(min=0, help="Most listings shown in full.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Compare both catalogues; write to the shop what the design allows or you have accepted."""
    installation = installation_of(config)
    name = connection_of(installation, connection)
    if not dry_run and not installation.connections[name].design.catalogue.enabled:
        fail(f"the catalogue of {name} is off; set enabled = true in [connections.{name}.design.catalogue]")
    if accept:
        if not with_journal(installation, lambda journal: is_current(journal, name, accept)):
            fail(f"{accept} is not what was last proposed for {name}; look at the changes with --dry-run again")
        _note_accepted(installation, "catalogue", name, accept)
        with_journal(installation, lambda journal: journal.listings.accept(name))
    if not dry_run:
        _sync(config, (catalogue.FLOW,), as_json)
        return
    run_once(config, (catalogue.FLOW,), catalogue.DRY_RUN)
    proposal = with_journal(
        installation, lambda journal: journal.transfers.find(name, catalogue.FLOW, catalogue.DRY_RUN)
    )
    reviews = with_journal(installation, lambda journal: journal.listings.proposed(name))
    if proposal is None:
        fail(f"the dry run of {name} has not come to an end; see the worker's log")
    if as_json:
        print_json(proposal_as_json(proposal, reviews))
    else:
        print_proposal(out, proposal, reviews, limit)
    if proposal.state is not State.POSTED:
        raise typer.Exit(1)


def run_once(config: Path, flows: tuple[str, ...], key: str = "*") -> list[tuple[str, str, str, str, int]]:
    service = service_of(config, beside_workers=True)

    async def work() -> list[tuple[str, str, str, str, int]]:
        async with service.working():
            await service.run_once(flows, key)
            return await service.journal.transfers.counts()

    return asyncio.run(work())


def _note_accepted(installation: Installation, what: str, connection: str, proposal: str) -> None:
    """Adds to the audit log who let the shop be told of what; before it is so, as with every deed."""
    noted = {"proposal": proposal}
    with_database(
        installation,
        lambda database, clock: AuditLog(database, clock).note(
            actor(), f"{what}.accepted", f"{what} of {connection}", noted
        ),
    )


def _sync(config: Path, flows: tuple[str, ...], as_json: bool) -> None:
    counts = run_once(config, flows)
    rows = [dict(zip(("connection", "flow", "state", "kind", "count"), row, strict=True)) for row in counts]
    if as_json:
        print_json(rows)
    else:
        for row in rows:
            out.print(f"{row['connection']} {row['flow']} {row['state']} {row['kind']}: {row['count']}")
