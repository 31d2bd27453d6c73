"""`weighbridge week`: play it, print it, and fail when a fault was not found or anything was told without a reason."""

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

from weighbridge_simulation.week.fault import Injected
from weighbridge_simulation.week.options import WeekOptions
from weighbridge_simulation.week.play import Outcome, WeekFailed, play
from weighbridge_simulation.week.report import as_json, passed, print_week
from weighbridge_simulation.week.table import A_WEEKS_FAULTS, drawn
from weighbridge_twins.baskets import UnreadableBaskets

PIPED_WIDTH = 150
"""Columns where the output goes to a file: a table must not be cut to a screen nobody has."""
out = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH)
err = Console(stderr=True)
DEFAULTS = WeekOptions()


def week_command(
    bad: Annotated[bool, typer.Option("--bad/--clean", help="With faults, or an ordinary week.")] = False,
    seed: Annotated[int, typer.Option(help="Decides everything that people do, which faults strike, and when.")] = 1,
    orders: Annotated[int, typer.Option(min=1, help="How many baskets are ordered beside the faults'.")] = (
        DEFAULTS.orders
    ),
    hours: Annotated[float, typer.Option(min=1, help="How long: a week and the next morning.")] = DEFAULTS.hours,
    faults: Annotated[int, typer.Option(min=1, help="How many faults are drawn from the table.")] = A_WEEKS_FAULTS,
    only: Annotated[list[str] | None, typer.Option(help="These faults by name instead; several times.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the same to this file.")] = None,
    log_file: Annotated[Path | None, typer.Option("--log", help="Write what the product logs to this file.")] = None,
) -> None:
    """Play a week of real baskets against both twins, clean or with faults, and judge what the product told.

    Exit code 1: a fault was not found in time, or something was told without a reason.
    """
    options = WeekOptions(orders=orders, seed=seed, hours=hours, bad=bad, names=tuple(only or ()))
    try:
        injected = drawn(seed, options.length, faults, options.names) if bad else []
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


def _played(options: WeekOptions, injected: Sequence[Injected], log_file: Path | None) -> Outcome:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
               TimeElapsedColumn())  # fmt: skip
    with (
        tempfile.TemporaryDirectory(prefix="weighbridge-week-") as folder,
        (log_file or Path(folder) / "product.log").open("w", encoding="utf-8") as log,
        Progress(*columns, console=err, transient=True) as progress,
    ):
        before = structlog.get_config()
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(log))
        task = progress.add_task("Starting the twins and the product", total=None)

        def tell(words: str, done: int, of: int) -> None:
            progress.update(task, description=words, completed=done, total=of)

        try:
            return play(options, injected, Path(folder), tell)
        finally:
            structlog.configure(**before)
