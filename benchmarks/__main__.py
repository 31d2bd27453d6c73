"""`python -m benchmarks orders`, `receiver` or `stock`: run against the twins, print, exit."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer

from benchmarks import orders, receiver, stock
from weighbridge.logs import configure_logs

app = typer.Typer(help="Measure the product against the twins.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]


@app.command("orders")
def orders_command(
    size: Annotated[list[int] | None, typer.Option(min=1, help="Orders in a run; may be repeated.")] = None,
    post: Annotated[str, typer.Option(help="order, invoice or invoice_and_payment.")] = "order",
    as_json: AsJson = False,
) -> None:
    """Calls, quota, processor time and SQL statements per order, for growing numbers of orders."""
    costs = orders.measure(size or [50, 100, 200], post)
    _print(orders.as_json(costs) if as_json else orders.table(costs))


@app.command("receiver")
def receiver_command(
    rush: Annotated[int, typer.Option(min=1, help="Orders that are placed at once.")] = 150,
    hooks: Annotated[int, typer.Option(min=1, help="Hooks delivered in each phase.")] = 300,
    rate: Annotated[float, typer.Option(min=0.1, help="Hooks a second.")] = 30.0,
    as_json: AsJson = False,
) -> None:
    """How soon hooks are answered, while the worker is quiet and while it posts a rush of orders."""
    phases = receiver.measure(rush, hooks, rate)
    _print(receiver.as_json(phases) if as_json else receiver.table(phases))


@app.command("stock")
def stock_command(
    skus: Annotated[list[int] | None, typer.Option(min=1, help="SKUs in a run; may be repeated.")] = None,
    as_json: AsJson = False,
) -> None:
    """Calls, memory and processor time of a refresh of stock, for growing numbers of SKUs at three locations."""
    grown = stock.measure(skus or [1_000, 10_000, 100_000])
    _print(stock.as_json(grown) if as_json else stock.table(grown))


def _print(value: Any) -> None:
    sys.stdout.write((value if isinstance(value, str) else json.dumps(value, indent=2)) + "\n")


if __name__ == "__main__":
    configure_logs("error")
    app()
