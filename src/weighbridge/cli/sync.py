"""`weighbridge sync`: runs one flow now."""

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
    with_database,
    with_repositories,
    worker_of,
)
from weighbridge.design.schema import Installation
from weighbridge.flows.catalogue import flow as catalogue
from weighbridge.flows.discovery import sweeps
from weighbridge.flows.reference_data import load as reference_data
from weighbridge.flows.stock import approval, fast_lane
from weighbridge.flows.stock import flow as stock
from weighbridge.persistence.repositories.transfers import State
from weighbridge.reports.catalogue_proposal import as_json as proposal_as_json
from weighbridge.reports.catalogue_proposal import is_current, print_proposal
from weighbridge.reports.stock_explanation import print_levels

sync_app = typer.Typer(help="Run one flow now.", no_args_is_help=True)


@sync_app.command("orders")
def sync_orders(config: Config = DEFAULT_CONFIG, once: bool = True, as_json: AsJson = False) -> None:
    """Find changed orders and process each until it is posted, held or rejected."""
    _sync(config, (reference_data.FLOW, sweeps.ORDER_SWEEP), as_json)


@sync_app.command("stock")
def sync_stock(
    config: Config = DEFAULT_CONFIG,
    connection: Connection = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the levels that would be published; publish none.")
    ] = False,
    accept: Annotated[str, typer.Option(help="Accept the levels with this name, which a dry run prints.")] = "",
    limit: Annotated[int, typer.Option(min=0, help="Maximum number of changes printed.")] = 30,
    as_json: AsJson = False,
) -> None:
    """Read the stock and publish changed levels to the store; the first levels only after you accept them."""
    if accept:
        installation = installation_of(config)
        name = connection_of(installation, connection)
        if not with_repositories(installation, lambda repositories: approval.is_current(repositories, name, accept)):
            fail(f"{accept} is not the latest proposal for {name}; read the levels again with --dry-run")
        _record_acceptance(installation, "stock", name, accept)
        with_repositories(installation, lambda repositories: approval.accept(repositories, name, accept))
    if not dry_run:
        _sync(config, (reference_data.FLOW, stock.FLOW, fast_lane.FLOW), as_json)
        return
    installation = installation_of(config)
    name = connection_of(installation, connection)
    run_once(config, (reference_data.FLOW,))
    run_once(config, (stock.FLOW,), approval.DRY_RUN)
    proposal = with_repositories(
        installation, lambda repositories: repositories.transfers.find(name, stock.FLOW, approval.DRY_RUN)
    )
    if proposal is None or proposal.state is not State.POSTED:
        fail(f"the dry run of {name} did not finish: {proposal.reason if proposal else 'see the log'}")
    if as_json:
        print_json(proposal.content)
    else:
        print_levels(proposal.content, limit, out)


@sync_app.command("fulfilment")
def sync_fulfilment(config: Config = DEFAULT_CONFIG, once: bool = True, as_json: AsJson = False) -> None:
    """Find shipped parcels and report them to the store."""
    _sync(config, (sweeps.FULFILMENT_SWEEP,), as_json)


@sync_app.command("catalogue")
def sync_catalogue(
    config: Config = DEFAULT_CONFIG,
    connection: Connection = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would change; write nothing.")] = False,
    accept: Annotated[str, typer.Option(help="Accept the changes with this name, which a dry run prints.")] = "",
    limit: Annotated[int, typer.Option(min=0, help="Maximum number of listings printed in full.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Compare both catalogues, and write to the store what the design allows or you have accepted."""
    installation = installation_of(config)
    name = connection_of(installation, connection)
    if not dry_run and not installation.connections[name].design.catalogue.enabled:
        fail(f"the catalogue of {name} is off; set enabled = true in [connections.{name}.design.catalogue]")
    if accept:
        if not with_repositories(installation, lambda repositories: is_current(repositories, name, accept)):
            fail(f"{accept} is not the latest proposal for {name}; read the changes again with --dry-run")
        _record_acceptance(installation, "catalogue", name, accept)
        with_repositories(installation, lambda repositories: repositories.listings.accept(name))
    if not dry_run:
        _sync(config, (catalogue.FLOW,), as_json)
        return
    run_once(config, (catalogue.FLOW,), catalogue.DRY_RUN)
    proposal = with_repositories(
        installation, lambda repositories: repositories.transfers.find(name, catalogue.FLOW, catalogue.DRY_RUN)
    )
    reviews = with_repositories(installation, lambda repositories: repositories.listings.proposed(name))
    if proposal is None:
        fail(f"the dry run of {name} did not finish; see the log of the worker")
    if as_json:
        print_json(proposal_as_json(proposal, reviews))
    else:
        print_proposal(out, proposal, reviews, limit)
    if proposal.state is not State.POSTED:
        raise typer.Exit(1)


def run_once(config: Path, flows: tuple[str, ...], key: str = "*") -> list[tuple[str, str, str, str, int]]:
    """Runs these flows until their jobs are done; returns (connection, flow, state, kind, count) of the transfers."""
    worker = worker_of(config, as_separate_worker=True)

    async def run() -> list[tuple[str, str, str, str, int]]:
        async with worker.working():
            await worker.run_once(flows, key)
            return await worker.repositories.transfers.counts()

    return asyncio.run(run())


def _record_acceptance(installation: Installation, subject: str, connection: str, proposal: str) -> None:
    """Adds to the audit log who accepted a proposal, before it takes effect, as with every action."""
    detail = {"proposal": proposal}
    with_database(
        installation,
        lambda database, clock: AuditLog(database, clock).record(
            actor(), f"{subject}.accepted", f"{subject} of {connection}", detail
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
