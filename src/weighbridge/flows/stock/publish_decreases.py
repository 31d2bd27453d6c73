"""Decreases between runs: what one order takes from other SKUs and other stores is published without reading Cin7.

The store deducts a sold SKU by itself. It does not know that a kit used components which other SKUs need, nor what
another store of the same company has sold, and would keep offering those units until the next run.
"""

from __future__ import annotations

from weighbridge.domain.job_types import Flow
from weighbridge.flows.attempt_runner import STOPPED, run_attempt
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.evaluation import record_evaluation
from weighbridge.flows.stock.approval import may_publish
from weighbridge.flows.stock.compute import compute_levels
from weighbridge.flows.stock.fast_lane import current_fast_lane
from weighbridge.flows.stock.last_reading import items_sharing_stock, last_reading
from weighbridge.flows.stock.publish import publish_levels
from weighbridge.persistence.repositories.transfers import State, Transfer

FLOW = Flow.STOCK_DECREASES


async def stock_decreases(ctx: ConnectionContext, key: str) -> str:
    """Publishes the decreases that follow from orders since the last reading."""
    return await publish_decreases(ctx, key)


async def publish_decreases(ctx: ConnectionContext, key: str) -> str:
    transfer = await ctx.repositories.transfers.open(ctx.name, FLOW, key)
    outcome = await run_attempt(ctx, transfer, FLOW, (FLOW, key), _publish_decreases)
    if outcome != STOPPED:
        await record_evaluation(ctx, transfer, (), state=State.POSTED, reason_kind="", reason="", owner="")
    return outcome


async def _publish_decreases(ctx: ConnectionContext, transfer: Transfer) -> str:
    repositories = ctx.repositories
    if not await may_publish(ctx):
        return "the first levels are not accepted yet"
    fast = (await current_fast_lane(ctx)).skus
    reading = await last_reading(ctx, fast)
    if reading is None:
        return "no stock is read yet"
    sold = await repositories.reservations.in_flight(ctx.stock_connections, reading.started_at, reading.asked_at)
    items = await items_sharing_stock(ctx, sold.keys(), fast)
    current = await repositories.stock_levels.current_levels(ctx.name)
    levels = await compute_levels(ctx, reading, items)
    decreases = tuple(level for level in levels if level.ats < current.get(level.key, 0))
    # An order that is not evaluated yet causes one more run; until then no level may rise over what it took.
    await publish_levels(ctx, decreases, items, decreases_only=True)
    return f"{len(decreases)} decreases published"
