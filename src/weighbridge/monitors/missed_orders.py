"""Finds missed orders: reads the missing numbers between known orders one by one and enqueues the orders that exist.

Orders that were placed before the first known order do not count: they were booked in another way.
Source: platform notes, bigcommerce 2.1 (a list that is paged while its key moves can skip rows).
"""

from __future__ import annotations

from datetime import timedelta

from weighbridge.domain.findings.finding import hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.lanes import Lane
from weighbridge.domain.monitoring import missing_numbers
from weighbridge.domain.orders.order import OrderStatus
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.discovery.sweeps import ORDER_SWEEP
from weighbridge.flows.orders import flow as orders
from weighbridge.monitors.monitor import CheckResult, Monitor
from weighbridge.platforms.http_exchange import NotFound

LOOKBACK = timedelta(days=7)
CHECKED_NUMBERS = "missing_orders_checked"
MAX_CHECKED_NUMBERS = 1_000
"""Numbers without an order that are stored, so that each is requested only once."""


async def _check(ctx: ConnectionContext) -> CheckResult:
    repositories = ctx.repositories
    known = await repositories.monitoring_facts.order_numbers(ctx.name, ctx.clock.now() - LOOKBACK)
    cached = await repositories.reference_cache.read(ctx.name, CHECKED_NUMBERS)
    checked = [int(number) for number in cached[0]] if cached else []
    since = await repositories.monitoring_facts.first_order_at(ctx.name)
    if since is None:
        return CheckResult()
    swept = await repositories.watermarks.read(ctx.name, ORDER_SWEEP)
    findings = {}
    gaps = missing_numbers(known, frozenset(checked))
    # If two orders were seen out of sequence, the higher number leaves the lookback first and would count as a gap.
    seen_before = await repositories.monitoring_facts.known_orders(ctx.name, gaps)
    for number in (gap for gap in gaps if gap not in seen_before):
        try:
            header = await ctx.bigcommerce.order(number, lane=Lane.RECONCILIATION)
        except NotFound:
            checked.append(number)
            continue
        if swept is None or header.date_modified >= swept:
            # The sweep has not reached this order yet. If the sweep misses it, the next check finds it.
            continue
        if header.status_id == OrderStatus.INCOMPLETE or header.date_created < since:
            checked.append(number)
            continue
        await repositories.job_queue.enqueue(ctx.name, orders.FLOW, str(number), "missed order")
        expected = "an order found by a webhook or sweep; it is being processed now"
        findings[str(number)] = hold(FindingKind.ORDER_MISSED, "order", number, expected)
    await repositories.reference_cache.store(ctx.name, CHECKED_NUMBERS, checked[-MAX_CHECKED_NUMBERS:])
    return CheckResult(findings)


MONITOR = Monitor("missed_order", "No number is missing between known orders.", FindingKind.ORDER_MISSED, _check)
