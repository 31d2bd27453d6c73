"""`weighbridge demo`: real baskets through the product against both twins, and what came of it."""

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
