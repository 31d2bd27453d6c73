"""Generates `docs/explanation/bad-week.md`, the table of faults, from the code that plays them.

Run `python -m tools.docs.bad_week docs/explanation/bad-week.md` after a change of the table.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

from weighbridge_simulation.week.fault import HOUR, Area, Fault
from weighbridge_simulation.week.table import FAULTS, FAULTS_PER_WEEK

HEAD = f"""# A bad week

    make week ARGS=--clean      an ordinary week of real baskets: no exception may open
    make week ARGS=--bad        the same week with {FAULTS_PER_WEEK} faults: each must be found, without false alarms

Both commands play seven days and the next morning against twins of both platforms, over HTTP, with the product as a
real worker on an empty database. Orders are edited, cancelled before picking, returned and refunded; the seed and the
baskets decide which. The baskets are those of the packaged sample that a store could have sold without changes: lines
without units, fuel by the thousandth of a gallon and products that are in no list are left out.

Faults are injected through the twins only, at times that the seed decides: {FAULTS_PER_WEEK} of the {len(FAULTS)}
below. `--faults 99` injects all of them, `--only NAME` a single one. At the end, the exceptions are read over the
product's JSON API with the token of a read-only user. A fault is *found* when an exception of the given kind names its
object, has the given owner, and opened after the fault and within the given time. A *tolerated* fault must open no
exception; its expectation is checked in the twins' state. An exception that no fault explains is a false alarm. The
command ends with exit code 1 when a fault is not found or an exception is a false alarm.

The clock moves by some minutes whenever no job is due. Sweeps and monitors run once an hour and stock is read every
four hours, less often than by default, so the times below are longer than in ordinary operation.
"""
TITLES = {
    Area.ORDERS: "Incoming orders",
    Area.SALES: "Sales and parcels",
    Area.RETURNS: "Returns",
    Area.STOCK: "Stock",
    Area.PLATFORMS: "Platforms and network",
}
COLUMNS = "\n| fault | what happens | exception | owner | within |\n|---|---|---|---|---|\n"


def page() -> str:
    """The whole page as Markdown."""
    sections = [HEAD]
    for area, title in TITLES.items():
        rows = [_row(fault) for fault in FAULTS if fault.area is area]
        sections.append(f"\n## {title}\n{COLUMNS}{''.join(rows)}")
    return "".join(sections)


def _row(fault: Fault) -> str:
    if fault.kind is None:
        return f"| `{fault.name}` | {fault.description} | tolerated: {fault.expectation} | none | the week |\n"
    kind = f"[`{fault.kind}`](../reference/exceptions.md#{fault.kind})"
    return f"| `{fault.name}` | {fault.description} | {kind} | {fault.owner} | {_hours(fault.within)} |\n"


def _hours(within: timedelta) -> str:
    return f"{within / HOUR:g} h"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
