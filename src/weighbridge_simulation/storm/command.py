"""`weighbridge storm`: play it, print it, and fail when more was oversold than was published as possible."""

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

from weighbridge_simulation.storm.plan import Plan, StormOptions, plan_storm
from weighbridge_simulation.storm.play import Outcome, Protocol, StormFailed, play
from weighbridge_simulation.storm.report import as_json, broken, print_storm
from weighbridge_twins.baskets import SAMPLE_BASKETS, SAMPLE_PRODUCTS, UnreadableBaskets, read_baskets, read_products

PIPED_WIDTH = 130
"""Columns where the output goes to a file: a table must not be cut to a screen nobody has."""
out = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH)
err = Console(stderr=True)
DEFAULTS = StormOptions()


def storm_command(
    orders: Annotated[int, typer.Option(min=1, help="How many baskets come.")] = DEFAULTS.orders,
    baskets: Annotated[Path | None, typer.Option(help="Baskets, CSV or CSV.gz; a sample without.")] = None,
    products: Annotated[Path | None, typer.Option(help="Their products, CSV or CSV.gz.")] = None,
    seed: Annotated[int, typer.Option(help="Decides everything that people do.")] = DEFAULTS.seed,
    speed: Annotated[float, typer.Option(min=0.1, help="Seconds of the twins' time per second.")] = DEFAULTS.speed,
    hot_skus: Annotated[int, typer.Option(min=1, help="SKUs of the flash sale.")] = DEFAULTS.hot_skus,
    calm: Annotated[float, typer.Option(min=0, help="Minutes before the sale.")] = DEFAULTS.calm_minutes,
    flash: Annotated[float, typer.Option(min=0, help="Minutes of the sale.")] = DEFAULTS.flash_minutes,
    after: Annotated[float, typer.Option(min=0, help="Minutes after it.")] = DEFAULTS.after_minutes,
    cadence: Annotated[float, typer.Option(min=0.1, help="Minutes between readings.")] = DEFAULTS.cadence_minutes,
    fast_lane: Annotated[
        float, typer.Option(min=0, help="Seconds between readings of what is on sale; 0: with the rest.")
    ] = DEFAULTS.fast_lane_seconds,
    quota: Annotated[float, typer.Option(min=0.05, max=1, help="Share of Cin7's quota.")] = DEFAULTS.quota_share,
    hooks_lost: Annotated[float, typer.Option(min=0, max=1, help="Share of hooks lost.")] = DEFAULTS.hooks_lost,
    lag: Annotated[float, typer.Option(min=0, help="Seconds until new orders and levels show.")] = DEFAULTS.lag_seconds,
    drift: Annotated[int, typer.Option(help="Rows that vanish between two pages.")] = DEFAULTS.page_drift,
    copy: Annotated[bool, typer.Option(help="Play the plain copy of Cin7's figures too.")] = True,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file.")] = None,
) -> None:
    """Play a flash sale in bad weather with our stock protocol and with a plain copy; count oversells and lost sales.

    Exit code 1: more of a SKU was oversold than was ever published as possible.
    """
    options = StormOptions(
        baskets=baskets or SAMPLE_BASKETS, products=products or SAMPLE_PRODUCTS, orders=orders, seed=seed, speed=speed,
        hot_skus=hot_skus, calm_minutes=calm, flash_minutes=flash, after_minutes=after, cadence_minutes=cadence,
        quota_share=quota, fast_lane_seconds=fast_lane, hooks_lost=hooks_lost, lag_seconds=lag, page_drift=drift,
    )  # fmt: skip
    try:
        plan = plan_storm(read_baskets(options.baskets, limit=orders), read_products(options.products), options)
        outcomes = _play(plan, list(Protocol) if copy else [Protocol.WEIGHBRIDGE], options)
    except (UnreadableBaskets, StormFailed, TimeoutError) as failure:
        err.print(str(failure) or "the shop was not told its stock in time", style="red", highlight=False, markup=False)
        raise typer.Exit(2) from failure
    print_storm(outcomes, plan.hot, out)
    if json_file is not None:
        json_file.write_text(json.dumps(as_json(outcomes, plan.hot), indent=2) + "\n", encoding="utf-8")
    if any(broken(one) for one in outcomes):
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
        return asyncio.run(_side_by_side(plan, protocols, options, progress))


async def _side_by_side(
    plan: Plan, protocols: Sequence[Protocol], options: StormOptions, progress: Progress
) -> list[Outcome]:
    """All protocols at the same time, each with twins and a product of its own: what else the machine does meets them
    alike."""

    async def one(protocol: Protocol) -> Outcome:
        task = progress.add_task("Starting the twins and the product", total=len(plan.shoppers))

        def tell(words: str, done: int, of: int) -> None:
            progress.update(task, description=words, completed=done, total=of)

        with tempfile.TemporaryDirectory(prefix="weighbridge-storm-") as folder:
            return await play(plan, protocol, options, Path(folder), tell)

    return await asyncio.gather(*(one(protocol) for protocol in protocols))
