"""`python -m benchmarks NAME` runs one benchmark and prints its results; `--help` lists them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks import compare, console, orders, quiet, readings, receiver, stock, storage
from benchmarks.plans import plans_page
from weighbridge.observability.logs import configure_logs

app = typer.Typer(help="Measure the product against the twins.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("orders")
def orders_command(
    size: Annotated[list[int] | None, typer.Option(min=1, help="Orders per run; may be repeated.")] = None,
    post: Annotated[str, typer.Option(help="order, invoice or invoice_and_payment.")] = "order",
    check: Annotated[bool, typer.Option("--check", help="Fail above the counts in limits.toml.")] = False,
    as_json: AsJson = False,
) -> None:
    """Measure calls, quota, processor time and SQL statements per order, for growing numbers of orders."""
    costs = orders.measure(size or [50, 100, 200], post)
    _print(orders.as_json(costs) if as_json else orders.table(costs))
    if check and (lines := orders.exceeded(costs[-1])):
        _print("\n".join(lines))
        raise typer.Exit(1)


@app.command("compare")
def compare_command(
    commit: Annotated[str, typer.Option(help="The earlier commit.")] = "2cf3de8",
    size: Annotated[int, typer.Option(min=1, help="Orders per run.")] = 200,
    rounds: Annotated[int, typer.Option(min=1, help="Runs of each, in turn.")] = 3,
    as_json: AsJson = False,
) -> None:
    """Measure the cost of an order against that of an earlier commit, both in turn on this machine."""
    comparison = compare.measure(commit, size, rounds)
    _print(compare.as_json(comparison) if as_json else compare.table(comparison))


@app.command("receiver")
def receiver_command(
    rush: Annotated[int, typer.Option(min=1, help="Orders that are placed at once.")] = 150,
    webhooks: Annotated[int, typer.Option(min=1, help="Webhooks delivered in each phase.")] = 300,
    rate: Annotated[float, typer.Option(min=0.1, help="Webhooks per second.")] = 30.0,
    as_json: AsJson = False,
) -> None:
    """Measure response times of webhooks while the worker is quiet and while it posts a rush of orders."""
    phases = receiver.measure(rush, webhooks, rate)
    _print(receiver.as_json(phases) if as_json else receiver.table(phases))


@app.command("stock")
def stock_command(
    skus: Annotated[list[int] | None, typer.Option(min=1, help="SKUs per run; may be repeated.")] = None,
    as_json: AsJson = False,
) -> None:
    """Measure calls, memory and processor time of a stock run, for growing numbers of SKUs at three locations."""
    grown = stock.measure(skus or [1_000, 10_000, 100_000])
    _print(stock.as_json(grown) if as_json else stock.table(grown))


@app.command("quiet")
def quiet_command(
    connections: Annotated[int, typer.Option(min=1, help="Connections, each with a store and a company.")] = 100,
    seconds: Annotated[float, typer.Option(min=1, help="How long to measure.")] = 120.0,
    settle: Annotated[float, typer.Option(min=1, help="How long to wait for the first readings.")] = 90.0,
    as_json: AsJson = False,
) -> None:
    """Measure processor time and SQL statements per second of connections in which nothing happens."""
    cost = quiet.measure(connections, seconds, settle)
    _print(quiet.as_json(cost) if as_json else quiet.table(cost))


@app.command("storage")
def storage_command(
    orders_posted: Annotated[int, typer.Option("--orders", min=1, help="Orders that are measured.")] = 100,
    postgresql: Annotated[
        str, typer.Option(envvar="WEIGHBRIDGE_BENCH_POSTGRES", help="An empty PostgreSQL database; none: SQLite only.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Measure the bytes that an order takes, by table with its indexes, on SQLite and PostgreSQL."""
    measured = storage.measure(orders_posted, postgresql)
    _print(storage.as_json(measured) if as_json else storage.table(measured))


@app.command("readings")
def readings_command(
    number: Annotated[int, typer.Option("--readings", min=1, max=288, help="Readings of one day.")] = readings.READINGS,
    as_json: AsJson = False,
) -> None:
    """Measure the bytes that a day of stock readings takes, stored as what changed."""
    day = readings.measure(number)
    _print(readings.as_json(day) if as_json else readings.table(day))


@app.command("console")
def console_command(
    database: Annotated[str, typer.Option(envvar="WEIGHBRIDGE_BENCH_POSTGRES", help="An empty PostgreSQL database.")],
    transfers: Annotated[int, typer.Option(min=1_000, help="Transfers that are inserted.")] = 1_000_000,
    plans: Annotated[Path | None, typer.Option(help="Write the plan of every SELECT to this file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Measure response times of the console's pages in a large installation; exit code 1 on a full table scan."""
    answers, explained = console.measure(database, transfers)
    if plans is not None:
        plans.parent.mkdir(parents=True, exist_ok=True)
        plans.write_text(plans_page(explained, transfers, console.OPEN), encoding="utf-8")
    _print(console.as_json(answers) if as_json else console.table(answers))
    if any(answer.full_scans for answer in answers):
        raise typer.Exit(1)


def _print(value: Any) -> None:
    sys.stdout.write((value if isinstance(value, str) else json.dumps(value, indent=2)) + "\n")


if __name__ == "__main__":
    configure_logs("error")
    app()
