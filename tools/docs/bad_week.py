"""`docs/bad-week.md`: the table of faults, drawn from the code that plays them.

Run `python -m tools.docs.bad_week docs/bad-week.md` after a change of the table.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

from weighbridge_simulation.week.fault import HOUR, Area, Fault
from weighbridge_simulation.week.table import A_WEEKS_FAULTS, FAULTS

HEAD = f"""# A bad week

    make week ARGS=--clean      an ordinary week of real baskets: nothing may be told
    make week ARGS=--bad        the same with {A_WEEKS_FAULTS} different faults: each must be found, nothing else told

Both play seven days and the next morning against twins of both platforms, over HTTP, with the product as a real worker
on an empty database. Shoppers, staff and warehouse edit, cancel before anything is picked, return and are refunded, as
the seed and the baskets decide. The baskets are those of the packaged sample that a shop could have sold as they stand:
lines without units, fuel by the thousandth of a gallon and products that no list knows are left out.

Faults come through the twins alone, at moments that the seed draws: {A_WEEKS_FAULTS} of the {len(FAULTS)} below;
`--faults 99` takes them all, `--only NAME` one. At the end the exceptions are read over the product's own JSON API, by
a reader with a token. *Found* means: an exception of this kind names this object, opened after the fault struck and
within the time given, for this owner. What must be *borne* opens none; what must be true then is looked for in the
twins' state. Every exception that no fault explains is a false alarm, and one is too many: the command ends with exit
code 1.

The clock is moved by some minutes whenever nothing is left to do. Sweeps and monitors look once an hour and stock is
read every four hours, rarer than by default, so the times below are longer than in ordinary operation.
"""
TITLES = {
    Area.ORDERS: "Orders as they come",
    Area.SALES: "Sales and parcels",
    Area.RETURNS: "Returns",
    Area.STOCK: "Stock",
    Area.PLATFORMS: "Platforms, and the way between",
}
COLUMNS = "\n| fault | what happens | must be found as | by | within |\n|---|---|---|---|---|\n"


def page() -> str:
    """The whole page as Markdown."""
    parts = [HEAD]
    for area, title in TITLES.items():
        rows = [_row(one) for one in FAULTS if one.area is area]
        parts.append(f"\n## {title}\n{COLUMNS}{''.join(rows)}")
    return "".join(parts)


def _row(fault: Fault) -> str:
    if fault.kind is None:
        return f"| `{fault.name}` | {fault.what} | borne: {fault.then} | nobody | the week |\n"
    kind = f"[`{fault.kind}`](exceptions.md#{fault.kind})"
    return f"| `{fault.name}` | {fault.what} | {kind} | {fault.owner} | {_hours(fault.within)} |\n"


def _hours(within: timedelta) -> str:
    return f"{within / HOUR:g} h"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
