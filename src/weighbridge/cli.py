"""The command line: `weighbridge run`, `sync`, `trace`, `holds`, `status`, `returns`, `demo`, `twins serve`."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
import uvloop
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from weighbridge.catalogue_command import as_json as proposal_as_json
from weighbridge.catalogue_command import is_current, print_proposal
from weighbridge.clock import REAL_CLOCK, Clock, ScaledClock
from weighbridge.database import Database
from weighbridge.demo import Demo, DemoFailed, DemoOptions, demo_folder, play
from weighbridge.demo_summary import Summary
from weighbridge.design.loading import ConfigurationProblem, load_installation
from weighbridge.design.schema import Installation
from weighbridge.flows import bookkeeping, catalogue, ghost_allocations, stock, stock_fast, stock_review, sweeps
from weighbridge.journal import Journal
from weighbridge.journal.trace import Story, tell_order
from weighbridge.journal.transfers import State
from weighbridge.logs import configure_logs
from weighbridge.returns import as_json as returns_json
from weighbridge.returns import print_returns, returns_of
from weighbridge.service import Service
from weighbridge.settings import SecretFinder, SecretsProblem, resolve_secrets
from weighbridge.shortage_report import as_json as shortages_as_json
from weighbridge.shortage_report import print_shortages, shortages_of
from weighbridge.status import print_status, sharing_stock, status_of
from weighbridge.stock_explained import explain_sku, print_explanation, print_levels
from weighbridge.storm.command import storm_command
from weighbridge.tables import transfers
from weighbridge.twins.command import twins_app

app = typer.Typer(help="The controlled layer between BigCommerce and Cin7 Core.", no_args_is_help=True)
sync_app = typer.Typer(help="Run one flow now.", no_args_is_help=True)
app.add_typer(twins_app, name="twins")
explain_app = typer.Typer(help="Tell why something is as it is.", no_args_is_help=True)
app.add_typer(sync_app, name="sync")
app.add_typer(explain_app, name="explain")
app.command("storm")(storm_command)

Config = Annotated[Path, typer.Option("--config", "-c", envvar="WEIGHBRIDGE_CONFIG", help="The installation's file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]
Connection = Annotated[str, typer.Option(help="Connection; may be left out where there is one.")]
DEFAULT_CONFIG = Path("weighbridge.toml")
Answer = TypeVar("Answer")
PIPED_WIDTH = 130
"""Columns where the output goes to a file or another program: a table must not be cut to a screen nobody has."""
out = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH)
err = Console(stderr=True)


@app.command()
def run(config: Config = DEFAULT_CONFIG) -> None:
    """Work until stopped: receive hooks, sweep, post, push stock, report parcels."""
    service = _service(config)
    # What is loaded by now stays; without this the collector walks it again and again.
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    uvloop.run(service.run())


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
        installation = _installation(config)
        name = _connection(installation, connection)
        if not _with_journal(installation, lambda journal: stock_review.accept(journal, name, accept)):
            _fail(f"{accept} is not what was last proposed for {name}; look at the levels with --dry-run again")
    if not dry_run:
        _sync(config, (bookkeeping.FLOW, stock.FLOW, stock_fast.FLOW), as_json)
        return
    installation = _installation(config)
    name = _connection(installation, connection)
    _run(config, (bookkeeping.FLOW,))
    _run(config, (stock.FLOW,), stock_review.DRY_RUN)
    found = _with_journal(installation, lambda journal: journal.transfers.find(name, stock.FLOW, stock_review.DRY_RUN))
    if found is None or found.state is not State.POSTED:
        _fail(f"the dry run of {name} has not come to an end: {found.reason if found else 'see the log'}")
    if as_json:
        _print_json(found.content)
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
    installation = _installation(config)
    name = _connection(installation, connection)
    if not dry_run and not installation.connections[name].design.catalogue.enabled:
        _fail(f"the catalogue of {name} is off; set enabled = true in [connections.{name}.design.catalogue]")
    if accept:
        if not _with_journal(installation, lambda journal: is_current(journal, name, accept)):
            _fail(f"{accept} is not what was last proposed for {name}; look at the changes with --dry-run again")
        _with_journal(installation, lambda journal: journal.listings.accept(name))
    if not dry_run:
        _sync(config, (catalogue.FLOW,), as_json)
        return
    _run(config, (catalogue.FLOW,), catalogue.DRY_RUN)
    proposal = _with_journal(
        installation, lambda journal: journal.transfers.find(name, catalogue.FLOW, catalogue.DRY_RUN)
    )
    reviews = _with_journal(installation, lambda journal: journal.listings.proposed(name))
    if proposal is None:
        _fail(f"the dry run of {name} has not come to an end; see the worker's log")
    if as_json:
        _print_json(proposal_as_json(proposal, reviews))
    else:
        print_proposal(out, proposal, reviews, limit)
    if proposal.state is not State.POSTED:
        raise typer.Exit(1)


@app.command()
def trace(
    kind: Annotated[str, typer.Argument(help="What to trace: order.")],
    number: Annotated[str, typer.Argument(help="Its number at the shop.")],
    config: Config = DEFAULT_CONFIG,
    connection: Connection = "",
    as_json: AsJson = False,
) -> None:
    """Tell the story of an order: what came, what was decided, what was sent and answered."""
    if kind != "order":
        _fail(f"cannot trace a {kind!r}; expected: order")
    installation = _installation(config)
    name = _connection(installation, connection)
    story = _with_journal(installation, lambda journal: tell_order(journal, name, number))
    if story is None:
        _fail(f"order {number} was never seen on connection {name}")
    if as_json:
        _print_json(story.as_json())
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
    installation = _installation(config)
    name = _connection(installation, connection)
    sharing = sharing_stock(installation, SecretFinder(config.absolute().parent, os.environ), name)
    design = installation.connections[name]
    told = _with_journal(installation, lambda journal: explain_sku(journal, name, design, sharing, sku))
    if told.item is None and not told.levels:
        _fail(f"{name} knows no SKU {sku!r}; case and spaces count")
    if as_json:
        _print_json(told.as_json())
    else:
        print_explanation(told, out)


@app.command("shortages")
def list_shortages(
    config: Config = DEFAULT_CONFIG,
    connection: Connection = "",
    goal: Annotated[int, typer.Option(min=1, help="Most kits more that are wanted of each.")] = 30,
    as_json: AsJson = False,
) -> None:
    """List what to buy so that more kits can be sold, at the location that ships the shop's orders."""
    installation = _installation(config)
    name = _connection(installation, connection)
    location = installation.connections[name].design.sale.location
    found = _with_journal(installation, lambda journal: shortages_of(journal, name, location, goal))
    if found is None:
        _fail(f"the stock of {name} was not read yet, or it has no kits: weighbridge sync stock")
    if as_json:
        _print_json(shortages_as_json(found))
    else:
        print_shortages(found, location, out)


@app.command()
def ghosts(config: Config = DEFAULT_CONFIG, connection: Connection = "", as_json: AsJson = False) -> None:
    """Look now for old sales that hold stock in Cin7 and do not ship; list them with what to do. Voids nothing."""
    installation = _installation(config)
    name = _connection(installation, connection)
    _run(config, (bookkeeping.FLOW, ghost_allocations.FLOW))
    own = (
        (transfers.c.connection == name)
        & (transfers.c.flow == ghost_allocations.SALE)
        & (transfers.c.state == State.HELD)
    )
    rows = _with_journal(installation, lambda journal: journal.transfers.select(own, limit=10_000))
    if as_json:
        _print_json([{"sale": row.key, "owner": row.owner, **row.findings[0]} for row in rows])
        return
    if not rows:
        out.print("No old sale holds stock.")
        return
    table = Table("Sale", "Owner", "What it holds", "What to do", title=f"Old sales that hold stock of {name}")
    for row in rows:
        finding = row.findings[0]
        table.add_row(escape(row.key), row.owner, escape(finding["value"]), escape(finding["expected"]))
    out.print(table)


@app.command()
def holds(config: Config = DEFAULT_CONFIG, connection: Connection = "", as_json: AsJson = False) -> None:
    """List what waits for a person: order, owner, reason."""
    installation = _installation(config)
    name = _connection(installation, connection)
    held = (transfers.c.connection == name) & transfers.c.state.in_([State.HELD, State.REJECTED])
    rows = _with_journal(installation, lambda journal: journal.transfers.select(held, limit=10_000))
    if as_json:
        _print_json(
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


@app.command()
def status(config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Count transfers by flow and state and tell what is left of the API budgets, for every connection."""
    installation = _installation(config)
    folder = config.absolute().parent
    found = _with_database(
        installation, lambda database, clock: status_of(installation, folder, os.environ, database, clock)
    )
    if as_json:
        _print_json(found.as_json())
    else:
        print_status(found, out)


@app.command()
def returns(config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """List returns whose money, goods and stock do not agree yet, with their age and owner."""
    found = _with_database(_installation(config), returns_of)
    if as_json:
        _print_json(returns_json(found))
    else:
        print_returns(found, out)


@app.command()
def demo(
    orders: Annotated[int, typer.Option(min=1, help="How many baskets are ordered.")] = 300,
    baskets: Annotated[Path | None, typer.Option(help="Baskets to play, CSV or CSV.gz; a sample without.")] = None,
    products: Annotated[Path | None, typer.Option(help="Their products, CSV or CSV.gz.")] = None,
    speed: Annotated[float, typer.Option(min=0.1, help="Seconds of the twins' time per second.")] = 60.0,
    rate: Annotated[float, typer.Option(min=0.1, help="Orders a minute of the twins' time.")] = 7.0,
    seed: Annotated[int, typer.Option(help="Decides everything that people do.")] = 1,
    post: Annotated[str, typer.Option(help="order, invoice or invoice_and_payment.")] = "order",
    record: Annotated[Path | None, typer.Option(help="Write every exchange here, a JSON line each.")] = None,
    database: Annotated[str, typer.Option(help="postgresql://... instead of SQLite.")] = "",
    workers: Annotated[int, typer.Option(min=1, max=8, help="Worker processes (more than 1 on PostgreSQL).")] = 1,
    limit: Annotated[float, typer.Option(help="Give up after so many seconds.")] = 240.0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the summary to this file.")] = None,
) -> None:
    """Play real baskets through the product against twins of both platforms, and count what came of it."""
    options = DemoOptions(
        baskets=baskets, products=products, orders=orders, speed=speed, rate=rate, seed=seed, post=post, record=record,
        database=database, workers=workers, limit_seconds=limit,
    )  # fmt: skip
    try:
        summary = asyncio.run(_play(options))
    except DemoFailed as failure:
        _fail(str(failure))
    print_summary(summary)
    if json_file is not None:
        json_file.write_text(json.dumps(summary.as_json(), indent=2) + "\n", encoding="utf-8")
    if not summary.balanced:
        raise typer.Exit(1)


async def _play(options: DemoOptions) -> Summary:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with demo_folder() as folder, Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task("Starting the twins and the product", total=options.orders)

        def tell(words: str, done: int, of: int) -> None:
            progress.update(task, description=words, completed=done, total=of)

        async with Demo(options, folder).running() as running:
            return await play(running, tell)


def print_summary(summary: Summary) -> None:
    """The summary as a person reads it."""
    table = Table(title="What the twins hold at the end", show_header=False, title_justify="left")
    table.add_column()
    table.add_column(justify="right")
    changes = summary.changes
    rows = (
        ("Orders in the shop", f"{summary.orders_in_shop:,}"),
        ("Orders that should have a sale (paid, not ended before)", f"{summary.orders_to_cross:,}"),
        ("... with exactly one live sale in Cin7", f"{summary.orders_with_one_sale:,}"),
        ("... with more than one", f"{summary.orders_with_several_sales:,}"),
        ("... held, with a reason", f"{summary.held_without_sale:,}"),
        ("Live sales without such an order", f"{summary.sales_without_order:,}"),
        ("Money of these orders at the shop", f"{summary.shop_total}"),
        ("Money of their sales in Cin7", f"{summary.books_total}"),
        ("... invoiced", f"{summary.invoiced_total}"),
        ("... paid", f"{summary.paid_total}"),
        ("Every sale equals its order to the cent", "yes" if summary.totals_equal else "NO"),
        ("Orders edited / whose sale followed", f"{changes.edited_orders:,} / {changes.edited_equal:,}"),
        ("Orders cancelled or refunded whole / with a live sale",
         f"{changes.ended_orders:,} / {changes.ended_with_sale:,}"),
        ("Refunds of shipped orders / credit notes", f"{changes.refunds:,} / {changes.credit_notes:,}"),
        ("Money refunded at the shop", f"{changes.refunded_total}"),
        ("Money credited in Cin7", f"{changes.credited_total}"),
        ("Units back on their shelves", f"{changes.units_restocked}"),
        ("SKUs whose stock is equal on both sides", f"{summary.ats_equal:,} of {summary.skus:,}"),
        ("Parcels shipped / reported / tracked",
         f"{summary.parcels_in_books:,} / {summary.parcels_in_shop:,} / {summary.parcels_tracked:,}"),
        ("Cin7 calls per order (all flows together)", summary.cin7_calls_per_order),
        ("Largest share of the Cin7 quota in any minute", summary.cin7_peak_share),
        ("Largest share of the BigCommerce quota in any window", summary.bigcommerce_peak_share),
        ("Throttle answers caused", f"{summary.throttles:,}"),
    )  # fmt: skip
    for label, value in rows:
        table.add_row(label, value)
    out.print(table)
    if summary.held:
        reasons = Table("Order", "Owner", "Why it is held", title="What waits for a person", title_justify="left")
        for one in summary.held:
            reasons.add_row(one.order, one.owner, f"{one.kind}: {one.reason}")
        out.print(reasons)
    if summary.ats_different:
        out.print(f"Different stock: {', '.join(summary.ats_different)}")
    out.print("[bold green]Everything balances.[/]" if summary.balanced else "[bold red]Something does not balance.[/]")


def main() -> None:
    """The entry point of the `weighbridge` command."""
    configure_logs()
    app()


def _run(config: Path, flows: tuple[str, ...], key: str = "*") -> list[tuple[str, str, str, str, int]]:
    service = _service(config)

    async def work() -> list[tuple[str, str, str, str, int]]:
        async with service.working():
            await service.run_once(flows, key)
            return await service.journal.transfers.counts()

    return asyncio.run(work())


def _sync(config: Path, flows: tuple[str, ...], as_json: bool) -> None:
    counts = _run(config, flows)
    rows = [dict(zip(("connection", "flow", "state", "kind", "count"), row, strict=True)) for row in counts]
    if as_json:
        _print_json(rows)
    else:
        for row in rows:
            out.print(f"{row['connection']} {row['flow']} {row['state']} {row['kind']}: {row['count']}")


def _service(config: Path) -> Service:
    installation = _installation(config)
    try:
        secrets = resolve_secrets(installation, config.absolute().parent)
    except SecretsProblem as missing:
        _fail(str(missing))
    configure_logs(installation.installation.log_level)
    return Service(installation, secrets)


def _installation(config: Path) -> Installation:
    try:
        return load_installation(config)
    except ConfigurationProblem as problem:
        _fail(str(problem))


def _connection(installation: Installation, wanted: str) -> str:
    names = sorted(installation.connections)
    if wanted and wanted not in names:
        _fail(f"no connection {wanted!r}; there are {', '.join(names)}")
    if not wanted and len(names) > 1:
        _fail(f"say which connection: --connection {' | '.join(names)}")
    return wanted or names[0]


def _with_journal(installation: Installation, ask: Callable[[Journal], Awaitable[Answer]]) -> Answer:
    return _with_database(installation, lambda database, clock: ask(Journal.of(database, clock)))


def _with_database(installation: Installation, ask: Callable[[Database, Clock], Awaitable[Answer]]) -> Answer:
    async def work() -> Answer:
        settings = installation.installation
        database = Database(settings.database)
        clock = ScaledClock.parse(settings.clock) if settings.clock else REAL_CLOCK
        try:
            await database.create_tables()
            return await ask(database, clock)
        finally:
            await database.close()

    return asyncio.run(work())


def _print_story(story: Story) -> None:
    out.print(f"[bold]{story.headline}[/]")
    for finding in story.transfer.findings:
        out.print(f"  {finding['severity']}: {finding['field']} is {finding['value']}; expected {finding['expected']}")
    for event in story.events:
        out.print(f"{event.at:%Y-%m-%d %H:%M:%S}  {event.text}", highlight=False, markup=False)


def _print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, indent=2, default=str) + "\n")


def _fail(message: str) -> NoReturn:
    err.print(message, style="red", highlight=False, markup=False)
    raise typer.Exit(2)
