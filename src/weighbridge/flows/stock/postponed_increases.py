"""Postponed increases: levels that a full reading may raise as soon as new orders are evaluated.

They are computed again from the stored reading, less the orders' units, so that Cin7 is not read a second time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from weighbridge.domain.job_types import WHOLE_CONNECTION, Flow
from weighbridge.domain.stock.available import LevelKey, changed_levels
from weighbridge.flows.attempt_runner import run_attempt
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.stock.compute import compute_levels
from weighbridge.flows.stock.fast_lane import current_fast_lane
from weighbridge.flows.stock.last_reading import items_sharing_stock, last_reading
from weighbridge.flows.stock.publish import publish_levels
from weighbridge.flows.stock.unevaluated_orders import AFTER_ORDERS, when_evaluated
from weighbridge.persistence.repositories.transfers import Transfer

STEP = "postponed_increases"


async def publish_increases(ctx: ConnectionContext) -> str:
    """Publishes the increases that wait for orders, once these are evaluated. Returns the outcome.

    Holds the lease of the full run, so that no increase of an older reading comes after a decrease of a newer one.
    """
    transfer = await ctx.repositories.transfers.open(ctx.name, Flow.STOCK, WHOLE_CONNECTION)
    return await run_attempt(ctx, transfer, STEP, (Flow.STOCK, AFTER_ORDERS), _publish_increases)


async def _publish_increases(ctx: ConnectionContext, transfer: Transfer) -> str:
    async def publish(highest: Mapping[LevelKey, int]) -> str:
        return await _publish(ctx, highest)

    return await when_evaluated(ctx, Flow.STOCK, publish)


async def _publish(ctx: ConnectionContext, highest: Mapping[LevelKey, int]) -> str:
    """Publishes the levels of `highest` as the stored reading and the orders since give them, none above `highest`."""
    fast = (await current_fast_lane(ctx)).skus
    reading = await last_reading(ctx, fast)
    if reading is None:
        return "no stock is read yet"
    items = await items_sharing_stock(ctx, {sku for sku, _ in highest}, fast)
    levels = [
        replace(level, ats=min(level.ats, highest[level.key]))
        for level in await compute_levels(ctx, reading, items)
        if level.key in highest
    ]
    changed = changed_levels(levels, await ctx.repositories.stock_levels.current_levels(ctx.name))
    await publish_levels(ctx, changed, items)
    return f"{len(changed)} of {len(highest)} increases published"
