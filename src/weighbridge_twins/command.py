"""`weighbridge twins serve`: both twins from the command line."""

from __future__ import annotations

import asyncio
import gc
import json
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop

from weighbridge_twins.baskets import SAMPLE_BASKETS, SAMPLE_PRODUCTS, UnreadableBaskets
from weighbridge_twins.bigcommerce import catalog_switches as bigcommerce_catalog_switches
from weighbridge_twins.bigcommerce import switches as bigcommerce_switches
from weighbridge_twins.cin7 import switches as cin7_switches
from weighbridge_twins.reference_tables import fault_table, filled, switch_table, world_table
from weighbridge_twins.serving import RunningTwins, ServeOptions, serve
from weighbridge_twins.world_options import WorldOptions

twins_app = typer.Typer(help="Local simulators of BigCommerce and Cin7 Core.", no_args_is_help=True)


@twins_app.callback()
def twins() -> None:
    """Local simulators of BigCommerce and Cin7 Core."""


@twins_app.command("serve")
def serve_command(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    bigcommerce_port: Annotated[int, typer.Option(help="Port of the BigCommerce twin, 0 for any free one.")] = 8801,
    cin7_port: Annotated[int, typer.Option(help="Port of the Cin7 Core twin, 0 for any free one.")] = 8802,
    record: Annotated[Path | None, typer.Option(help="Write every exchange to this file, a JSON line each.")] = None,
    speed: Annotated[float, typer.Option(min=0.001, help="Seconds of the twins' clock per second.")] = 1.0,
    start: Annotated[datetime | None, typer.Option(help="What the twins' clock shows first, UTC.")] = None,
    state: Annotated[Path | None, typer.Option(help="Take the state from this file and leave it there.")] = None,
    tls: Annotated[bool, typer.Option("--tls", help="Serve https with a self-made certificate.")] = False,
    seed: Annotated[int, typer.Option(help="Decides credentials, ids and people.")] = 1,
    cin7_switch: Annotated[list[str] | None, typer.Option(help="name=reading, a switch of the Cin7 twin.")] = None,
    bigcommerce_switch: Annotated[list[str] | None, typer.Option(help="name=reading, a BigCommerce switch.")] = None,
    world: Annotated[bool, typer.Option("--world", help="Let shoppers and a warehouse act at once.")] = False,
    world_waits: Annotated[bool, typer.Option("--world-waits", help="The people wait for POST /_twin/world.")] = False,
    baskets: Annotated[Path, typer.Option(help="The baskets that shoppers order, CSV or CSV.gz.")] = SAMPLE_BASKETS,
    products: Annotated[Path, typer.Option(help="The products of the baskets, CSV or CSV.gz.")] = SAMPLE_PRODUCTS,
    world_orders: Annotated[int | None, typer.Option(help="How many baskets are ordered; all without.")] = None,
    world_rate: Annotated[float, typer.Option(help="Orders a minute of the twins' clock.")] = 8.0,
    world_option: Annotated[list[str] | None, typer.Option(help="name=value, any other option of the world.")] = None,
) -> None:
    """Serve both twins until Ctrl-C; prints one line of JSON with addresses and credentials when they answer."""
    try:
        options = ServeOptions(
            host=host,
            bigcommerce_port=bigcommerce_port,
            cin7_port=cin7_port,
            speed=speed,
            start=_utc(start),
            seed=seed,
            record=record,
            state=state,
            tls=tls,
            cin7_switches=_pairs(cin7_switch),
            bigcommerce_switches=_pairs(bigcommerce_switch),
            world=WorldOptions.read(
                {
                    "baskets": baskets,
                    "products": products,
                    "seed": seed,
                    "orders": world_orders,
                    "arrivals_per_minute": world_rate,
                    **_pairs(world_option),
                }
            )
            if world
            else None,
            world_starts=world and not world_waits,
        )
        # A full company is hundreds of thousands of objects, and none of them goes: looking for garbage among them at
        # every long list takes longer than the list.
        gc.set_threshold(50_000, 50, 100)
        uvloop.run(_serve(options))
    except (ValueError, OSError, UnreadableBaskets) as error:
        typer.echo(f"The twins cannot be served: {error}", err=True)
        raise typer.Exit(1) from error


@twins_app.command("document")
def document_command(file: Annotated[Path, typer.Argument(help="The page whose marked tables are written.")]) -> None:
    """Write the tables of faults, switches and world options into a page, between its marks."""
    file.write_text(filled(file.read_text(encoding="utf-8"), documented_tables()), encoding="utf-8")


def documented_tables() -> dict[str, str]:
    """The tables of docs/twins.md by the names of their marks."""
    return {
        "faults": fault_table(),
        "bigcommerce switches": switch_table((*bigcommerce_switches.SWITCHES, *bigcommerce_catalog_switches.SWITCHES)),
        "cin7 switches": switch_table(cin7_switches.SWITCHES),
        "world": world_table(),
    }


async def _serve(options: ServeOptions) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await serve(options, _announce, stop)


def _announce(running: RunningTwins) -> None:
    sys.stdout.write(json.dumps(running.announcement()) + "\n")
    sys.stdout.flush()


def _utc(moment: datetime | None) -> datetime | None:
    if moment is None or moment.tzinfo is not None:
        return moment
    # The option's format has no zone; the help says UTC.
    return datetime.fromisoformat(moment.isoformat() + "+00:00")


def _pairs(given: list[str] | None) -> dict[str, Any]:
    pairs: dict[str, Any] = {}
    for pair in given or []:
        name, sign, value = pair.partition("=")
        if not sign:
            raise ValueError(f"{pair!r} is not of the form name=value")
        try:
            pairs[name] = json.loads(value)
        except ValueError:
            pairs[name] = value
    return pairs


def main() -> None:
    """The entry point of the `weighbridge-twins` command."""
    twins_app()
