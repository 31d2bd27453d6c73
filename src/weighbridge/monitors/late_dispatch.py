"""Finds paid orders that are posted in Cin7 and of which nothing was shipped within the agreed days."""

from __future__ import annotations

from datetime import timedelta

from weighbridge.domain.documents import UnreadableDocument
from weighbridge.domain.findings.finding import hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.flows.context import ConnectionContext
from weighbridge.monitors.monitor import CheckResult, Monitor
from weighbridge.persistence.documents import ORDER_SNAPSHOT
from weighbridge.persistence.types import StoredDocument

LOOKBACK = timedelta(days=90)


async def _check(ctx: ConnectionContext) -> CheckResult:
    days = ctx.connection.design.monitors.dispatch_days
    if not days:
        return CheckResult()
    now = ctx.clock.now()
    before = now - timedelta(days=days)
    rows = await ctx.repositories.monitoring_facts.undispatched(ctx.name, now - LOOKBACK, before)
    late = [row for row in rows if _has_goods(row.content)]
    expected = f"a parcel within {days} days: ship it, or inform the shopper and cancel the order in the store"
    return CheckResult(
        {
            row.key: hold(
                FindingKind.DISPATCH_LATE,
                f"sale {row.target_number}",
                f"nothing shipped for {(now - row.posted_at).days} days",
                expected,
            )
            for row in late
        },
        {row.key: (row.amount, row.currency) for row in late if row.amount is not None},
    )


def _has_goods(content: StoredDocument | None) -> bool:
    """Whether any line of the order remains to be shipped; True when its lines cannot be read any more."""
    if content is None:
        return False
    try:
        lines = content.read(ORDER_SNAPSHOT).lines
    except UnreadableDocument:
        return True
    return any(line.kind == "physical" and line.quantity > line.quantity_shipped for line in lines)


MONITOR = Monitor(
    "late_dispatch", "Every paid order ships a parcel within the agreed days.", FindingKind.DISPATCH_LATE, _check
)
