"""`weighbridge storm`: plays and prints a storm; fails when a SKU was oversold beyond its reported bound."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from weighbridge_simulation.storm.outcome import Outcome, Protocol
from weighbridge_simulation.storm.plan import Plan, StormOptions, plan_storm
from weighbridge_simulation.storm.play import play
from weighbridge_simulation.storm.product import StormFailed
from weighbridge_simulation.storm.report import as_json, broken, print_storm
from weighbridge_twins.baskets import SAMPLE_BASKETS, SAMPLE_PRODUCTS, UnreadableBaskets, read_baskets, read_products

PIPED_WIDTH = 130
"""Width in columns where the output is not a terminal, so that no table is cut."""
out = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH)
err = Console(stderr=True)
DEFAULTS = StormOptions()


def storm_command(
    orders: Annotated[int, typer.Option(min=1, help="Number of baskets.")] = DEFAULTS.orders,
    baskets: Annotated[Path | None, typer.Option(help="Baskets, CSV or CSV.gz; default: the packaged sample.")] = None,
    products: Annotated[Path | None, typer.Option(help="Products of the baskets, CSV or CSV.gz.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of everything that people do.")] = DEFAULTS.seed,
    speed: Annotated[float, typer.Option(min=0.1, help="Seconds of the twins' time per second.")] = DEFAULTS.speed,
    hot_skus: Annotated[int, typer.Option(min=1, help="Number of SKUs on flash sale.")] = DEFAULTS.hot_skus,
    calm: Annotated[float, typer.Option(min=0, help="Minutes before the sale.")] = DEFAULTS.calm_minutes,
    flash: Annotated[float, typer.Option(min=0, help="Minutes of the sale.")] = DEFAULTS.flash_minutes,
    after: Annotated[float, typer.Option(min=0, help="Minutes after the sale.")] = DEFAULTS.after_minutes,
    cadence: Annotated[float, typer.Option(min=0.1, help="Minutes between stock runs.")] = DEFAULTS.cadence_minutes,
    fast_lane: Annotated[
        float, typer.Option(min=0, help="Seconds between stock runs of the SKUs on sale; 0: no fast lane.")
    ] = DEFAULTS.fast_lane_seconds,
    quota: Annotated[float, typer.Option(min=0.05, max=1, help="Share of Cin7's quota.")] = DEFAULTS.quota_share,
    webhooks_lost: Annotated[
        float, typer.Option(min=0, max=1, help="Share of webhooks that get lost.")
    ] = DEFAULTS.webhooks_lost,
    lag: Annotated[float, typer.Option(min=0, help="Seconds until new orders and levels show.")] = DEFAULTS.lag_seconds,
    drift: Annotated[int, typer.Option(help="Rows that vanish between two pages.")] = DEFAULTS.page_drift,
    copy: Annotated[bool, typer.Option(help="Play the plain copy of Cin7's stock too.")] = True,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the results to this file.")] = None,
) -> None:
    """Play a flash sale under faults with our stock protocol and with a plain copy; count oversells and lost sales.

    Exit code 1: a SKU was oversold by more units than its largest reported bound.
    """
    options = StormOptions(
        baskets=baskets or SAMPLE_BASKETS, products=products or SAMPLE_PRODUCTS, orders=orders, seed=seed, speed=speed,
        hot_skus=hot_skus, calm_minutes=calm, flash_minutes=flash, after_minutes=after, cadence_minutes=cadence,
        quota_share=quota, fast_lane_seconds=fast_lane, webhooks_lost=webhooks_lost, lag_seconds=lag, page_drift=drift,
    )  # fmt: skip
    try:
        plan = plan_storm(read_baskets(options.baskets, limit=orders), read_products(options.products), options)
        outcomes = _play(plan, list(Protocol) if copy else [Protocol.WEIGHBRIDGE], options)
    except (UnreadableBaskets, StormFailed, TimeoutError) as failure:
        message = str(failure) or "the product did not publish or read the stock in time; try a lower --speed"
        err.print(message, style="red", highlight=False, markup=False)
        raise typer.Exit(2) from failure
    print_storm(outcomes, plan.hot, out)
    if json_file is not None:
        json_file.write_text(json.dumps(as_json(outcomes, plan.hot), indent=2) + "\n", encoding="utf-8")
    if any(broken(outcome) for outcome in outcomes):
        raise typer.Exit(1)


def _play(plan: Plan, protocols: Sequence[Protocol], options: StormOptions) -> list[Outcome]:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=True) as progress:
        return asyncio.run(_play_concurrently(plan, protocols, options, progress))


async def _play_concurrently(
    plan: Plan, protocols: Sequence[Protocol], options: StormOptions, progress: Progress
) -> list[Outcome]:
    """Plays all protocols at the same time, each with separate twins and a separate product, so that other load on the
    machine affects them equally."""

    async def play_one(protocol: Protocol) -> Outcome:
        task = progress.add_task("Starting the twins and the product", total=len(plan.shoppers))

        def report_progress(message: str, done: int, of: int) -> None:
            progress.update(task, description=message, completed=done, total=of)

        with tempfile.TemporaryDirectory(prefix="weighbridge-storm-") as folder:
            return await play(plan, protocol, options, Path(folder), report_progress)

    return await asyncio.gather(*(play_one(protocol) for protocol in protocols))
