"""`weighbridge demo`: plays real baskets through the product against both twins and prints a summary."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from weighbridge.cli.context import err, fail, out
from weighbridge_simulation.demo.play import play
from weighbridge_simulation.demo.run import Demo, DemoFailed, DemoOptions, demo_folder
from weighbridge_simulation.demo.summary import Summary


def demo_command(
    orders: Annotated[int, typer.Option(min=1, help="Number of baskets that are ordered.")] = 300,
    baskets: Annotated[Path | None, typer.Option(help="Baskets, CSV or CSV.gz; default: the packaged sample.")] = None,
    products: Annotated[Path | None, typer.Option(help="Products of the baskets, CSV or CSV.gz.")] = None,
    speed: Annotated[float, typer.Option(min=0.1, help="Seconds of the twins' time per second.")] = 60.0,
    rate: Annotated[float, typer.Option(min=0.1, help="Orders per minute of the twins' time.")] = 7.0,
    seed: Annotated[int, typer.Option(help="Seed of everything that shoppers and staff do.")] = 1,
    post: Annotated[str, typer.Option(help="order, invoice or invoice_and_payment.")] = "order",
    record: Annotated[Path | None, typer.Option(help="Write every HTTP exchange to this file, as JSON lines.")] = None,
    database: Annotated[str, typer.Option(help="postgresql://... instead of SQLite.")] = "",
    workers: Annotated[int, typer.Option(min=1, max=8, help="Worker processes (more than 1 on PostgreSQL).")] = 1,
    limit: Annotated[float, typer.Option(help="Give up after this many seconds.")] = 240.0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the summary to this file.")] = None,
) -> None:
    """Play real baskets through the product against twins of both platforms, and compare both sides at the end."""
    options = DemoOptions(
        baskets=baskets, products=products, orders=orders, speed=speed, rate=rate, seed=seed, post=post, record=record,
        database=database, workers=workers, limit_seconds=limit,
    )  # fmt: skip
    try:
        summary = asyncio.run(_play(options))
    except DemoFailed as failure:
        fail(str(failure))
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

        def report_progress(message: str, done: int, of: int) -> None:
            progress.update(task, description=message, completed=done, total=of)

        async with Demo(options, folder).running() as running:
            return await play(running, report_progress)


def print_summary(summary: Summary) -> None:
    """Prints the summary as tables."""
    table = Table(title="State of the twins at the end", show_header=False, title_justify="left")
    table.add_column()
    table.add_column(justify="right")
    changes = summary.changes
    rows = (
        ("Orders in the store", f"{summary.orders_in_store:,}"),
        ("Orders that should have a sale (paid, not cancelled before)", f"{summary.orders_to_post:,}"),
        ("... with exactly one live sale in Cin7", f"{summary.orders_with_one_sale:,}"),
        ("... with more than one", f"{summary.orders_with_several_sales:,}"),
        ("... held, with a reason", f"{summary.held_without_sale:,}"),
        ("Live sales without such an order", f"{summary.sales_without_order:,}"),
        ("Total of these orders in the store", f"{summary.store_total}"),
        ("Total of their sales in Cin7", f"{summary.cin7_total}"),
        ("... invoiced", f"{summary.invoiced_total}"),
        ("... paid", f"{summary.paid_total}"),
        ("Every sale equals its order to the cent", "yes" if summary.totals_equal else "NO"),
        ("Orders edited / whose sale followed", f"{changes.edited_orders:,} / {changes.edited_equal:,}"),
        ("Orders cancelled or refunded in full / with a live sale",
         f"{changes.ended_orders:,} / {changes.ended_with_sale:,}"),
        ("Refunds of shipped orders / credit notes", f"{changes.refunds:,} / {changes.credit_notes:,}"),
        ("Amount refunded in the store", f"{changes.refunded_total}"),
        ("Amount credited in Cin7", f"{changes.credited_total}"),
        ("Units restocked", f"{changes.units_restocked}"),
        ("SKUs whose stock is equal on both sides", f"{summary.ats_equal:,} of {summary.skus:,}"),
        ("Parcels shipped / reported / tracked",
         f"{summary.parcels_in_cin7:,} / {summary.parcels_in_store:,} / {summary.parcels_tracked:,}"),
        ("Cin7 calls per order (all flows)", summary.cin7_calls_per_order),
        ("BigCommerce calls per order (all flows)", summary.bigcommerce_calls_per_order),
        ("Largest share of the Cin7 quota in any minute", summary.cin7_peak_share),
        ("Largest share of the BigCommerce quota in any window", summary.bigcommerce_peak_share),
        ("Throttled calls", f"{summary.throttles:,}"),
    )  # fmt: skip
    for label, value in rows:
        table.add_row(label, value)
    out.print(table)
    if summary.held:
        reasons = Table("Order", "Owner", "Reason", title="Orders that wait for a person", title_justify="left")
        for hold in summary.held:
            reasons.add_row(hold.order, hold.owner, f"{hold.kind}: {hold.reason}")
        out.print(reasons)
    if summary.ats_different:
        out.print(f"SKUs whose stock differs: {', '.join(summary.ats_different)}")
    out.print("[bold green]Everything balances.[/]" if summary.balanced else "[bold red]Something does not balance.[/]")
