"""`docs/monitors.md`: everything that is watched, drawn from the code that watches.

Run `python -m tools.docs.monitors_page docs/monitors.md` after a change of a monitor.
"""

from __future__ import annotations

import sys
from pathlib import Path

from weighbridge.domain.exceptions.kinds import CATALOGUE, ExceptionKind
from weighbridge.domain.findings.finding import FindingKind, default_owner
from weighbridge.monitors import MONITORS

HEAD = """# Monitors

What is watched although nothing failed. A round looks at everything every 15 minutes (`[...design.monitors]`), in what
Weighbridge has kept anyway. Only three ask a platform: the search for missed orders asks the shop once for each number,
standing and unfinished sales take four calls to Cin7 a round, and where there are kits their bills take one call more.
What a monitor finds opens an exception, with its owner, and closes by itself when a later round finds it gone.
`weighbridge monitors` tells when each looked last and what it found.

| monitor | watches that | exception | owner |
|---|---|---|---|
"""
ELSEWHERE_HEAD = """
## Watched by the flows themselves

These see what they watch while they do their work, and open exceptions in the same way.

| watched | by | exceptions |
|---|---|---|
"""
ELSEWHERE: tuple[tuple[str, str, tuple[FindingKind, ...]], ...] = (
    (
        "What failed, was refused, or is tried in vain",
        "every flow",
        (
            FindingKind.REFUSED_BY_CIN7,
            FindingKind.REFUSED_BY_BIGCOMMERCE,
            FindingKind.RETRIES_EXHAUSTED,
            FindingKind.UNEXPECTED_ERROR,
        ),
    ),
    (
        "SKUs of the shop that Cin7 does not have, or has twice",
        "`references`, daily",
        (FindingKind.SKU_UNKNOWN, FindingKind.SKU_NEARLY_MATCHES, FindingKind.SKU_NOT_UNIQUE),
    ),
    ("Levels that somebody changed at the shop", "`stock_parity`, daily", (FindingKind.STOCK_DRIFT,)),
    (
        "Stock that reaches no shop, or is sold at zero; kits of themselves",
        "`stock`, every 5 minutes",
        (FindingKind.STOCK_UNTRACKED, FindingKind.SELLABLE_AT_ZERO, FindingKind.BILL_CIRCULAR),
    ),
    ("Old sales that hold stock", "`ghost_allocations`, daily", (FindingKind.GHOST_ALLOCATION,)),
    ("Orders with more than one sale", "`orders`", (FindingKind.DUPLICATE_SALES,)),
    ("One shopper's basket that came twice within minutes", "`orders`", (FindingKind.ORDER_REPEATED,)),
    (
        "Sales that people changed in Cin7, so that they are billed at another total than their order",
        "`fulfilment_sweep`",
        (FindingKind.TOTAL_DIFFERS_IN_CIN7,),
    ),
    (
        "Refunds whose goods are back on no shelf, credits without a refund",
        "`refunds`, `fulfilment_sweep`",
        (FindingKind.NOT_RESTOCKED, FindingKind.CREDITED_NOT_REFUNDED, FindingKind.REFUND_AT_GATEWAY_ONLY),
    ),
    ("Hooks that died: armed again, and the gap swept", "`hooks`, every 10 minutes", ()),
)
"""What, by which flow, and the exceptions it opens."""


def page() -> str:
    """The whole page as Markdown."""
    rows = [
        f"| `{one.name}` | {one.watches} | {_link(CATALOGUE[one.kind])} | {default_owner(one.kind)} |\n"
        for one in MONITORS
    ]
    others = [
        f"| {what} | {flow} | {', '.join(_link(CATALOGUE[kind]) for kind in kinds) or 'none: mended by itself'} |\n"
        for what, flow, kinds in ELSEWHERE
    ]
    return "".join((HEAD, *rows, ELSEWHERE_HEAD, *others))


def _link(kind: ExceptionKind) -> str:
    return f"[`{kind.kind}`](exceptions.md#{kind.kind})"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
