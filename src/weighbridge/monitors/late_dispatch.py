"""Late dispatch: paid orders whose sale stands in Cin7 and of which nothing has left after so many days."""

from __future__ import annotations

from datetime import timedelta

from weighbridge.domain.findings.finding import FindingKind, hold
from weighbridge.domain.orders.snapshot import CAPTURED
from weighbridge.flows.context import Site, running
from weighbridge.monitors.monitor import Monitor, Seen

LOOK_BACK = timedelta(days=90)


async def _look(site: Site) -> Seen:
    days = site.connection.design.monitors.dispatch_days
    if not days:
        return Seen()
    now = running().clock.now()
    before = now - timedelta(days=days)
    rows = await running().journal.watching.undispatched(site.name, now - LOOK_BACK, before)
    late = [row for row in rows if _has_goods(row.content)]
    expected = f"a parcel within {days} days: ship it, or tell the shopper and cancel the order at the shop"
    return Seen(
        {
            row.key: hold(
                FindingKind.DISPATCH_LATE,
                f"sale {row.target_number}",
                f"nothing has left for {(now - row.posted_at).days} days",
                expected,
            )
            for row in late
        },
        {row.key: (row.amount, row.currency) for row in late if row.amount is not None},
    )


def _has_goods(content: object) -> bool:
    """Whether anything of the order is to be shipped at all."""
    if not content:
        return False
    lines = CAPTURED.validate_python(content).lines
    return any(line.kind == "physical" and line.quantity > line.quantity_shipped for line in lines)


MONITOR = Monitor(
    "late_dispatch", "Of every paid order something leaves within the days agreed.", FindingKind.DISPATCH_LATE, _look
)
