"""`weighbridge week`: plays and prints a week; fails when a fault was not found or an exception was a false alarm."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import structlog
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from weighbridge_simulation.week.fault import InjectedFault
from weighbridge_simulation.week.options import WeekOptions
from weighbridge_simulation.week.play import Outcome, WeekFailed, play
from weighbridge_simulation.week.report import as_json, passed, print_week
from weighbridge_simulation.week.table import FAULTS_PER_WEEK, draw_faults
from weighbridge_twins.baskets import UnreadableBaskets

PIPED_WIDTH = 150
"""Width in columns where the output is not a terminal, so that no table is cut."""
out = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH)
err = Console(stderr=True)
DEFAULTS = WeekOptions()


def week_command(
    bad: Annotated[bool, typer.Option("--bad/--clean", help="A week with faults, or an ordinary week.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of what people do, of the faults drawn and of their times.")] = 1,
    orders: Annotated[int, typer.Option(min=1, help="Number of baskets ordered, without those of the faults.")] = (
        DEFAULTS.orders
    ),
    hours: Annotated[float, typer.Option(min=1, help="Length; default: a week and a morning.")] = DEFAULTS.hours,
    faults: Annotated[int, typer.Option(min=1, help="Number of faults drawn from the table.")] = FAULTS_PER_WEEK,
    only: Annotated[list[str] | None, typer.Option(help="Only the fault of this name; may be repeated.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the results to this file.")] = None,
    log_file: Annotated[Path | None, typer.Option("--log", help="Write the product's log to this file.")] = None,
) -> None:
    """Play a week of real baskets against both twins, with or without faults, and check the exceptions it opened.

    Exit code 1: a fault was not found in time, or an exception was a false alarm.
    """
    options = WeekOptions(orders=orders, seed=seed, hours=hours, bad=bad, names=tuple(only or ()))
    try:
        injected = draw_faults(seed, options.length, faults, options.names) if bad else []
    except ValueError as unknown:
        _fail(unknown)
    try:
        outcome = _played(options, injected, log_file)
    except (UnreadableBaskets, WeekFailed) as failure:
        _fail(failure)
    print_week(outcome, out)
    if json_file is not None:
        json_file.write_text(json.dumps(as_json(outcome), indent=2) + "\n", encoding="utf-8")
    if not passed(outcome):
        raise typer.Exit(1)


def _fail(reason: Exception) -> NoReturn:
    err.print(str(reason), style="red", highlight=False, markup=False)
    raise typer.Exit(2) from reason


def _played(options: WeekOptions, injected: Sequence[InjectedFault], log_file: Path | None) -> Outcome:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
               TimeElapsedColumn())  # fmt: skip
    with (
        tempfile.TemporaryDirectory(prefix="weighbridge-week-") as folder,
        (log_file or Path(folder) / "product.log").open("w", encoding="utf-8") as log,
        Progress(*columns, console=err, transient=True) as progress,
    ):
        before = structlog.get_config()
        structlog.configure(
            processors=[
                structlog.contextvars.merge_contextvars,
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(default=str),
            ],
            logger_factory=structlog.PrintLoggerFactory(log),
        )
        task = progress.add_task("Starting the twins and the product", total=None)

        def report_progress(message: str, done: int, of: int) -> None:
            progress.update(task, description=message, completed=done, total=of)

        try:
            return play(options, injected, Path(folder), report_progress)
        finally:
            structlog.configure(**before)
