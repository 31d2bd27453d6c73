"""Stock parity: once a day every level of the store is compared with the published level and corrected if it differs.

Cin7's stock is read in full in every run. The store's levels are read back only once after each push, so a level that
a person changes in the store later would stay wrong until the level of the SKU changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from weighbridge.domain.job_types import WHOLE_CONNECTION, Flow
from weighbridge.domain.lanes import Lane
from weighbridge.domain.stock.available import LevelKey
from weighbridge.domain.stock.parity import differences, parity_findings
from weighbridge.flows.attempt_runner import record_run, run_attempt
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.open_findings import report
from weighbridge.flows.orders.changes import find_changed_orders
from weighbridge.flows.stock.approval import may_publish
from weighbridge.flows.stock.locations import store_locations
from weighbridge.flows.stock.unevaluated_orders import (
    AFTER_ORDERS,
    store_until_evaluated,
    unevaluated_orders,
    when_evaluated,
)
from weighbridge.persistence.repositories.job_queue import CADENCE
from weighbridge.persistence.repositories.transfers import Transfer

log = structlog.get_logger()

FLOW = Flow.STOCK_PARITY
DRIFT = "stock_drift"
"""The flow under which SKUs are held whose store level differs from the published level, until it is confirmed."""
SETTLED_AFTER = timedelta(minutes=2)
"""How long the store takes to show a published level. Source: platform notes, bigcommerce 5.3 (applied asynchronously).
"""
STOCK_RUNS_UNTIL_RECHECK = 2
"""The number of stock runs after which the levels that differed are compared again."""


async def stock_parity(ctx: ConnectionContext, key: str) -> str:
    """Compares every level of the store with the published level."""
    return await compare_levels(ctx, key)


async def compare_levels(ctx: ConnectionContext, key: str) -> str:
    transfer = await ctx.repositories.transfers.open(ctx.name, FLOW, WHOLE_CONNECTION)
    work = _compare_again if key == AFTER_ORDERS else _compare
    outcome = await run_attempt(ctx, transfer, FLOW, (FLOW, key), work)
    await record_run(ctx, transfer, outcome)
    await _confirm_corrections(ctx)
    return outcome


async def _compare(ctx: ConnectionContext, transfer: Transfer) -> str:
    """Compares the levels. Orders are read after the levels, so that every order the store deducted is known."""
    if not await may_publish(ctx):
        return "the first levels are not accepted yet"
    started_at = ctx.clock.now()
    current: dict[LevelKey, int] = {}
    locations = (await store_locations(ctx)).published_locations(frozenset(ctx.connection.design.stock.locations))
    async for page in ctx.bigcommerce.all_inventory_levels(locations, lane=Lane.RECONCILIATION):
        current |= page
    pending = await unevaluated_orders(ctx, (await find_changed_orders(ctx)).changed)
    differing = differences(await _expected_levels(ctx, started_at), current)
    if differing and pending:
        # What those orders took is no difference. They make the levels of their SKUs unknown once they are evaluated.
        await store_until_evaluated(ctx, FLOW, {level_key: current[level_key] for level_key in differing}, pending)
        return f"{len(differing)} levels differ while {len(pending)} orders are being evaluated"
    return await _report(ctx, started_at, current)


async def _compare_again(ctx: ConnectionContext, transfer: Transfer) -> str:
    """Compares the levels that differed before new orders were evaluated."""
    started_at = ctx.clock.now()

    async def report_differences(current: Mapping[LevelKey, int]) -> str:
        return await _report(ctx, started_at, current)

    return await when_evaluated(ctx, FLOW, report_differences)


async def _expected_levels(ctx: ConnectionContext, started_at: datetime) -> dict[LevelKey, int]:
    return await ctx.repositories.stock_levels.expected_levels(ctx.name, started_at - SETTLED_AFTER)


async def _report(ctx: ConnectionContext, started_at: datetime, current: Mapping[LevelKey, int]) -> str:
    """Reports the levels that differ now and has them published again."""
    expected = await _expected_levels(ctx, started_at)
    differing = differences(expected, current)
    await ctx.repositories.stock_levels.invalidate(ctx.name, {sku for sku, _ in differing})
    findings = parity_findings(expected, differing)
    await report(ctx, DRIFT, {name: (finding,) for name, finding in findings.items()})
    log.info("stock_parity", connection=ctx.name, levels=len(expected), differing=len(differing))
    return f"{len(differing)} of {len(expected)} levels differ"


async def _confirm_corrections(ctx: ConnectionContext) -> None:
    """Compares again soon after a difference, because only another comparison can confirm that it is corrected."""
    if await ctx.repositories.transfers.held_in_flow(ctx.name, DRIFT, limit=1):
        delay = max(STOCK_RUNS_UNTIL_RECHECK * ctx.connection.design.stock.cadence, 2 * SETTLED_AFTER)
        await ctx.repositories.job_queue.enqueue(ctx.name, FLOW, WHOLE_CONNECTION, CADENCE, delay=delay)
