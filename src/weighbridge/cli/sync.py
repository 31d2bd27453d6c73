"""`weighbridge sync`: runs one flow now."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
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
    choose_connection,
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
from weighbridge.domain.job_types import WHOLE_CONNECTION, Flow
from weighbridge.flows.catalogue import flow as catalogue
from weighbridge.flows.discovery import sweeps
from weighbridge.flows.reference_data import load as reference_data
from weighbridge.flows.stock import approval, fast_lane
from weighbridge.flows.stock import flow as stock
from weighbridge.persistence.documents import STOCK_PROPOSAL
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.reports.catalogue_proposal import as_json as proposal_as_json
from weighbridge.reports.catalogue_proposal import is_current, print_proposal
from weighbridge.reports.stock_explanation import print_levels

sync_app = typer.Typer(help="Run one flow now.", no_args_is_help=True)
OneConnection = Annotated[str, typer.Option("--connection", help="Name of a connection; default: all, one by one.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print what would change; write nothing to the store.")]
Accept = Annotated[
    str, typer.Option(help="Accept what the dry run with this name printed, and write nothing; the next run writes it.")
]
ORDER_FLOWS = (Flow.REFERENCE_DATA, Flow.ORDER_SWEEP, Flow.ORDERS, Flow.REPLAY, Flow.VOID_DUPLICATES, Flow.REFUNDS)
STOCK_FLOWS = (Flow.REFERENCE_DATA, Flow.STOCK, Flow.STOCK_FAST, Flow.STOCK_DECREASES)
FULFILMENT_FLOWS = (Flow.FULFILMENT_SWEEP, Flow.FULFILMENT)
"""What each command may run: what its flows lead to, and nothing else that happens to be due."""


@sync_app.command("orders")
def sync_orders(config: Config = DEFAULT_CONFIG, connection: OneConnection = "", as_json: AsJson = False) -> None:
    """Find changed orders and process each until it is posted, held or rejected."""
    _sync(config, connection, (reference_data.FLOW, sweeps.ORDER_SWEEP), ORDER_FLOWS, as_json)


@sync_app.command("stock")
def sync_stock(
    config: Config = DEFAULT_CONFIG,
    connection: OneConnection = "",
    dry_run: DryRun = False,
    accept: Accept = "",
    limit: Annotated[int, typer.Option(min=0, help="Maximum number of changes printed.")] = 30,
    as_json: AsJson = False,
) -> None:
    """Read the stock and publish changed levels to the store; the first levels only after you accept them."""
    _refuse_both(dry_run, accept)
    if accept:
        _accept_stock(config, connection, accept)
    elif dry_run:
        _print_stock_proposal(config, connection, limit, as_json)
    else:
        _sync(config, connection, (reference_data.FLOW, stock.FLOW, fast_lane.FLOW), STOCK_FLOWS, as_json)


@sync_app.command("fulfilment")
def sync_fulfilment(config: Config = DEFAULT_CONFIG, connection: OneConnection = "", as_json: AsJson = False) -> None:
    """Find shipped parcels and report them to the store."""
    _sync(config, connection, (sweeps.FULFILMENT_SWEEP,), FULFILMENT_FLOWS, as_json)


@sync_app.command("catalogue")
def sync_catalogue(
    config: Config = DEFAULT_CONFIG,
    connection: Connection = "",
    dry_run: DryRun = False,
    accept: Accept = "",
    limit: Annotated[int, typer.Option(min=0, help="Maximum number of listings printed in full.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Compare both catalogues, and write to the store what the design allows or you have accepted."""
    _refuse_both(dry_run, accept)
    installation = installation_of(config)
    name = connection_of(installation, connection)
    if not dry_run and not installation.connections[name].design.catalogue.enabled:
        fail(f"the catalogue of {name} is off; set enabled = true in [connections.{name}.design.catalogue]")
    if accept:
        _accept_catalogue(installation, name, accept)
    elif dry_run:
        _print_catalogue_proposal(config, installation, name, limit, as_json)
    else:
        _sync(config, name, (catalogue.FLOW,), (catalogue.FLOW,), as_json)


def run_once(
    config: Path,
    flows: tuple[str, ...],
    key: str = WHOLE_CONNECTION,
    *,
    connections: Collection[str] = (),
    leading_to: Collection[str] = (),
) -> list[tuple[str, str, str, str, int]]:
    """Runs these flows until their jobs are done, on `connections` or on all, and with them the jobs of `leading_to`;
    returns (connection, flow, state, kind, count) of the transfers.

    Ends the command with the reason when a flow has to be tried again later.
    """
    worker = worker_of(config, as_separate_worker=True)

    async def run() -> tuple[list[tuple[str, str, str, str, int]], list[Transfer]]:
        async with worker.working(connections=connections, flows={*flows, *leading_to}):
            await worker.run_once(flows, key)
            transfers = worker.repositories.transfers
            ended = [await transfers.find(name, flow, key) for name in connections or worker.contexts for flow in flows]
            return await transfers.counts(), [row for row in ended if row and row.state is State.WAITING]

    counts, unfinished = asyncio.run(run())
    if unfinished:
        fail("; ".join(f"{row.flow} of {row.connection} did not finish: {row.reason}" for row in unfinished))
    return [row for row in counts if not connections or row[0] in connections]


def _refuse_both(dry_run: bool, accept: str) -> None:
    if dry_run and accept:
        fail("--accept names what an earlier --dry-run printed; give one of the two")


def _accept_stock(config: Path, connection: str, accept: str) -> None:
    """Records that a person accepts the first levels."""
    installation = installation_of(config)
    name = connection_of(installation, connection)
    if not with_repositories(installation, lambda repositories: approval.is_current(repositories, name, accept)):
        fail(f"{accept} is not the latest proposal for {name}; read the levels again with --dry-run")
    _record_acceptance(installation, "stock", name, accept)
    with_repositories(installation, lambda repositories: approval.accept(repositories, name, accept))
    out.print(f"Accepted. The next stock run publishes the levels: a worker's, or `weighbridge sync stock` for {name}.")


def _print_stock_proposal(config: Path, connection: str, limit: int, as_json: bool) -> None:
    installation = installation_of(config)
    name = connection_of(installation, connection)
    run_once(config, (reference_data.FLOW,), connections=(name,))
    run_once(config, (stock.FLOW,), approval.DRY_RUN, connections=(name,))
    proposal = with_repositories(
        installation, lambda repositories: repositories.transfers.find(name, stock.FLOW, approval.DRY_RUN)
    )
    if proposal is None or proposal.state is not State.POSTED:
        fail(f"the dry run of {name} did not finish: {_why_unfinished(proposal)}")
    if as_json:
        print_json(STOCK_PROPOSAL.fields(proposal.read(STOCK_PROPOSAL)))
    else:
        print_levels(proposal.read(STOCK_PROPOSAL), limit, out)


def _accept_catalogue(installation: Installation, name: str, accept: str) -> None:
    """Records that a person accepts the proposed changes of the catalogue."""
    if not with_repositories(installation, lambda repositories: is_current(repositories, name, accept)):
        fail(f"{accept} is not the latest proposal for {name}; read the changes again with --dry-run")
    _record_acceptance(installation, "catalogue", name, accept)
    with_repositories(installation, lambda repositories: repositories.listings.accept(name))
    out.print(f"Accepted. The next run writes the changes: a worker's, or `weighbridge sync catalogue` for {name}.")


def _print_catalogue_proposal(config: Path, installation: Installation, name: str, limit: int, as_json: bool) -> None:
    run_once(config, (catalogue.FLOW,), catalogue.DRY_RUN, connections=(name,))
    proposal = with_repositories(
        installation, lambda repositories: repositories.transfers.find(name, catalogue.FLOW, catalogue.DRY_RUN)
    )
    reviews = with_repositories(installation, lambda repositories: repositories.listings.proposed(name))
    if proposal is None:
        fail(f"the dry run of {name} did not finish: {_why_unfinished(proposal)}")
    if as_json:
        print_json(proposal_as_json(proposal, reviews))
    else:
        print_proposal(out, proposal, reviews, limit)
    if proposal.state is not State.POSTED:
        raise typer.Exit(1)


def _why_unfinished(transfer: Transfer | None) -> str:
    """Why a run has no result, never empty."""
    return (transfer.reason if transfer else "") or "another run of it is in progress; try again when that has ended"


def _record_acceptance(installation: Installation, subject: str, connection: str, proposal: str) -> None:
    """Adds to the audit log who accepted a proposal, before it takes effect, as with every action."""
    detail = {"proposal": proposal}
    with_database(
        installation,
        lambda database, clock: AuditLog(database, clock).record(
            actor(), f"{subject}.accepted", f"{subject} of {connection}", detail
        ),
    )


def _sync(config: Path, connection: str, flows: tuple[str, ...], leading_to: Collection[str], as_json: bool) -> None:
    """Runs flows on the named connection, or on all if `connection` is empty, and prints what the transfers became."""
    names = (choose_connection(installation_of(config).connections, connection),) if connection else ()
    counts = run_once(config, flows, connections=names, leading_to=leading_to)
    rows = [dict(zip(("connection", "flow", "state", "kind", "count"), row, strict=True)) for row in counts]
    if as_json:
        print_json(rows)
    else:
        for row in rows:
            out.print(f"{row['connection']} {row['flow']} {row['state']} {row['kind']}: {row['count']}")
