"""The command line: `weighbridge-twins serve`, also available as `weighbridge twins serve`."""

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
from weighbridge_twins.http.serving import RunningTwins, ServeOptions, serve
from weighbridge_twins.reference_tables import fault_table, filled, switch_table, world_table
from weighbridge_twins.world.options import WorldOptions

twins_app = typer.Typer(help="Local simulators of BigCommerce and Cin7 Core.", no_args_is_help=True)


@twins_app.callback()
def twins() -> None:
    """Local simulators of BigCommerce and Cin7 Core."""


@twins_app.command("serve")
def serve_command(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    bigcommerce_port: Annotated[int, typer.Option(help="Port of the BigCommerce twin; 0 for any free port.")] = 8801,
    cin7_port: Annotated[int, typer.Option(help="Port of the Cin7 Core twin; 0 for any free port.")] = 8802,
    record: Annotated[Path | None, typer.Option(help="Write each exchange to this file as one line of JSON.")] = None,
    speed: Annotated[float, typer.Option(min=0.001, help="Seconds of the twins' clock per second.")] = 1.0,
    start: Annotated[datetime | None, typer.Option(help="Start time of the twins' clock, UTC.")] = None,
    state: Annotated[Path | None, typer.Option(help="Load the state from this file and save it at exit.")] = None,
    tls: Annotated[bool, typer.Option("--tls", help="Serve HTTPS with a self-signed certificate.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of credentials, ids and simulated people.")] = 1,
    cin7_switch: Annotated[list[str] | None, typer.Option(help="name=reading: set a switch of the Cin7 twin.")] = None,
    bigcommerce_switch: Annotated[
        list[str] | None, typer.Option(help="name=reading: set a BigCommerce switch.")
    ] = None,
    world: Annotated[bool, typer.Option("--world", help="Simulate shoppers and a warehouse.")] = False,
    world_waits: Annotated[bool, typer.Option("--world-waits", help="Start the world at POST /_twin/world.")] = False,
    baskets: Annotated[Path, typer.Option(help="Baskets that shoppers order, CSV or CSV.gz.")] = SAMPLE_BASKETS,
    products: Annotated[Path, typer.Option(help="Products of the baskets, CSV or CSV.gz.")] = SAMPLE_PRODUCTS,
    world_orders: Annotated[int | None, typer.Option(help="Number of baskets to order; default: all.")] = None,
    world_rate: Annotated[float, typer.Option(help="Orders per minute of the twins' clock.")] = 8.0,
    world_option: Annotated[list[str] | None, typer.Option(help="name=value: set another option of the world.")] = None,
) -> None:
    """Serve both twins until Ctrl-C; print one line of JSON with addresses and credentials once they answer."""
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
        # A full company holds hundreds of thousands of long-lived objects: with the default thresholds, garbage
        # collection during a long list takes longer than the list itself.
        gc.set_threshold(50_000, 50, 100)
        uvloop.run(_serve(options))
    except (ValueError, OSError, UnreadableBaskets) as error:
        typer.echo(f"The twins cannot be served: {error}", err=True)
        raise typer.Exit(1) from error


@twins_app.command("document")
def document_command(file: Annotated[Path, typer.Argument(help="The page whose marked tables are updated.")]) -> None:
    """Write the tables of faults, switches and world options between the marks of a page."""
    file.write_text(filled(file.read_text(encoding="utf-8"), documented_tables()), encoding="utf-8")


def documented_tables() -> dict[str, str]:
    """Returns the tables of docs/reference/twins.md by the names of their marks."""
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


def _utc(timestamp: datetime | None) -> datetime | None:
    if timestamp is None or timestamp.tzinfo is not None:
        return timestamp
    # The option's format has no zone; the help says UTC.
    return datetime.fromisoformat(timestamp.isoformat() + "+00:00")


def _pairs(given: list[str] | None) -> dict[str, Any]:
    pairs: dict[str, Any] = {}
    for pair in given or []:
        name, sign, value = pair.partition("=")
        if not sign:
            raise ValueError(f"{pair!r}: expected name=value")
        try:
            pairs[name] = json.loads(value)
        except ValueError:
            pairs[name] = value
    return pairs


def main() -> None:
    """The entry point of the `weighbridge-twins` command."""
    twins_app()
