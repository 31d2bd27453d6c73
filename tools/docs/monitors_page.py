"""Generates `docs/reference/monitors.md`, the list of all checks that run although nothing failed, from the code.

Run `python -m tools.docs.monitors_page docs/reference/monitors.md` after a change of a monitor.
"""

from __future__ import annotations

import sys
from pathlib import Path

from weighbridge.domain.exceptions.kinds import CATALOGUE, ExceptionKind
from weighbridge.domain.exceptions.owners import default_owner
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.monitors import MONITORS

HEAD = """# Monitors

Monitors find problems that no failure would show. They all run every 15 minutes (`[...design.monitors]`) on the data
that Weighbridge has stored. Only some call a platform: the search for missed orders makes one call to the store for
each missing number, the checks of orphaned and unfinished sales make four calls to Cin7 per run, and the check of kits
makes one more if there are kits.

A finding of a monitor opens an exception with its owner, which closes automatically when a later run no longer finds
it. `weighbridge monitors` prints when each monitor last ran and what it found.

| monitor | checks that | exception | owner |
|---|---|---|---|
"""
FLOW_CHECKS_HEAD = """
## Checks of the flows

The flows check the following while they run, and open exceptions in the same way.

| check | flow | exceptions |
|---|---|---|
"""
FLOW_CHECKS: tuple[tuple[str, str, tuple[FindingKind, ...]], ...] = (
    (
        "Objects that failed, were refused, or whose retries all failed",
        "every flow",
        (
            FindingKind.REFUSED_BY_CIN7,
            FindingKind.REFUSED_BY_BIGCOMMERCE,
            FindingKind.RETRIES_EXHAUSTED,
            FindingKind.UNEXPECTED_ERROR,
        ),
    ),
    (
        "SKUs of the store that Cin7 does not have or that are not unique",
        "`reference_data`, daily",
        (FindingKind.SKU_UNKNOWN, FindingKind.SKU_NEARLY_MATCHES, FindingKind.SKU_NOT_UNIQUE),
    ),
    ("Stock levels that were changed in the store", "`stock_parity`, daily", (FindingKind.STOCK_DRIFT,)),
    (
        "Stock that cannot be published, or is sold at zero; kits that contain themselves",
        "`stock`, every 5 minutes",
        (FindingKind.STOCK_UNTRACKED, FindingKind.SELLABLE_AT_ZERO, FindingKind.BOM_CIRCULAR),
    ),
    ("Old sales that hold stock", "`stale_allocations`, daily", (FindingKind.STALE_ALLOCATION,)),
    ("Orders with more than one sale", "`orders`", (FindingKind.DUPLICATE_SALES,)),
    ("The same basket of one shopper ordered twice within minutes", "`orders`", (FindingKind.DOUBLE_SUBMIT,)),
    (
        "Manually edited sales, which would be billed at another total than their order",
        "`fulfilment_sweep`",
        (FindingKind.TOTAL_DIFFERS_IN_CIN7,),
    ),
    (
        "Refunded goods that are not restocked, and orphan credit notes",
        "`refunds`, `fulfilment_sweep`",
        (FindingKind.NOT_RESTOCKED, FindingKind.CREDITED_NOT_REFUNDED, FindingKind.REFUND_AT_GATEWAY_ONLY),
    ),
    (
        "Webhooks that were deactivated: they are registered again, and the gap is swept",
        "`webhooks`, every 10 minutes",
        (),
    ),
)
"""(check, flow, exceptions that it opens)."""


def page() -> str:
    """The whole page as Markdown."""
    rows = [
        f"| `{monitor.name}` | {monitor.watches} | {_link(CATALOGUE[monitor.kind])} | {default_owner(monitor.kind)} |\n"
        for monitor in MONITORS
    ]
    others = [
        f"| {check} | {flow} | {', '.join(_link(CATALOGUE[kind]) for kind in kinds) or 'none: fixed automatically'} |\n"
        for check, flow, kinds in FLOW_CHECKS
    ]
    return "".join((HEAD, *rows, FLOW_CHECKS_HEAD, *others))


def _link(kind: ExceptionKind) -> str:
    return f"[`{kind.kind}`](exceptions.md#{kind.kind})"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
