"""The stock flow: reads Cin7's stock, deducts what the store has sold, publishes changed levels and reads them back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from weighbridge.domain.job_types import Flow
from weighbridge.domain.stock.available import AvailableLevel, LevelKey, StoreItem, changed_levels
from weighbridge.domain.stock.increases import publishable_levels
from weighbridge.flows.attempt_runner import STOPPED, record_run, run_attempt
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.evaluation import record_evaluation
from weighbridge.flows.idempotent_write import RetryLater
from weighbridge.flows.open_findings import report
from weighbridge.flows.orders.changes import find_changed_orders
from weighbridge.flows.reference_data.load import READY
from weighbridge.flows.stock.approval import DRY_RUN, dry_run, hold_for_approval, may_publish
from weighbridge.flows.stock.compute import compute_levels, doubtful_skus, store_component_stock
from weighbridge.flows.stock.fast_lane import current_fast_lane
from weighbridge.flows.stock.postponed_increases import publish_increases
from weighbridge.flows.stock.publish import publish_levels, verify_published
from weighbridge.flows.stock.read_levels import Reading, reread, scan
from weighbridge.flows.stock.shrinkage import record_losses
from weighbridge.flows.stock.unevaluated_orders import AFTER_ORDERS, store_until_evaluated, unevaluated_orders
from weighbridge.flows.stock.untracked_sellout import report_sellable_at_zero
from weighbridge.persistence.repositories.oversell_risk import LastLevel
from weighbridge.persistence.repositories.transfers import State, Transfer

FLOW = Flow.STOCK
ALL = "*"
LEVEL, ROW = "stock_level", "stock_row"
"""The flows under which SKUs are held whose level the store refuses, and whose row in Cin7 cannot be read."""
NO_SKU = "(no SKU)"


async def stock(ctx: ConnectionContext, key: str) -> str:
    """One full run of stock: read, compute, publish, verify. Under the key `dry-run` it only compares; under
    `after-orders` it publishes the increases that waited for orders."""
    return await publish_increases(ctx) if key == AFTER_ORDERS else await push_stock(ctx, key)


async def push_stock(ctx: ConnectionContext, key: str) -> str:
    transfer = await ctx.repositories.transfers.open(ctx.name, FLOW, key)
    outcome = await run_attempt(ctx, transfer, "stock", (FLOW, key), _run)
    if key != DRY_RUN:
        await record_run(ctx, transfer, outcome)
    elif outcome != STOPPED:
        await record_evaluation(ctx, transfer, (), state=State.POSTED, reason_kind="", reason="", owner="")
    return outcome


async def _run(ctx: ConnectionContext, transfer: Transfer) -> str:
    await _require_reference_data(ctx)
    if transfer.key == DRY_RUN:
        return await dry_run(ctx, transfer)
    return await _push(ctx) if await may_publish(ctx) else await hold_for_approval(ctx, transfer)


async def _require_reference_data(ctx: ConnectionContext) -> None:
    if await ctx.repositories.reference_cache.read(ctx.name, READY) is None:
        retry_at = ctx.clock.now() + timedelta(seconds=5)
        raise RetryLater("reference_data_missing", "the catalogues of both platforms are not read yet", retry_at)


async def _push(ctx: ConnectionContext) -> str:
    repositories = ctx.repositories
    fast = (await current_fast_lane(ctx)).skus
    all_items = await repositories.catalogue.store_items(ctx.name)
    items = {sku: item for sku, item in all_items.items() if sku not in fast}
    await verify_published(ctx, len(all_items))
    reading = await scan(ctx)
    pending = await unevaluated_orders(ctx, (await find_changed_orders(ctx)).changed)
    await report(ctx, ROW, {sku or NO_SKU: (finding,) for sku, finding in reading.unreadable.items()})
    await report_sellable_at_zero(ctx, reading, items)
    levels = await compute_levels(ctx, reading, items)
    await store_component_stock(ctx, reading)
    before = await repositories.oversell_risk.levels_before(ctx.name, reading.started_at)
    publishable = await _publishable_levels(ctx, reading, levels, items, before)
    await record_losses(ctx, reading, levels, before)
    started_at, asked_at = reading.started_at, reading.asked_at
    unchanged_skus = (fast & all_items.keys()) | await doubtful_skus(ctx, reading, items)
    del reading, before  # a reading of a large catalogue takes much memory
    await repositories.stock_levels.store_full_reading(ctx.name, levels, started_at, asked_at, unchanged_skus)
    current = await repositories.stock_levels.current_levels(ctx.name)
    changed = changed_levels(publishable, current)
    refused = await publish_levels(ctx, changed, all_items, decreases_only=bool(pending))
    if not pending:
        await report(ctx, LEVEL, refused)
        return f"{len(changed)} of {len(levels)} levels published"
    increases = {level.key: level.ats for level in changed if level.ats > current.get(level.key, -1)}
    if increases:
        await store_until_evaluated(ctx, FLOW, increases, pending)
    return f"{len(changed) - len(increases)} of {len(levels)} levels published, {len(increases)} wait for orders"


async def _publishable_levels(
    ctx: ConnectionContext,
    reading: Reading,
    levels: Sequence[AvailableLevel],
    items: Mapping[str, StoreItem],
    before: Mapping[LevelKey, LastLevel],
) -> tuple[AvailableLevel, ...]:
    """The levels that may be published: decreases as they are, increases as far as the previous reading confirms them.

    Unconfirmed increases are read a second time at once if a few calls suffice; otherwise the next run confirms them.
    """
    if ctx.connection.design.stock.increases == "at_once":
        return tuple(levels)
    current = await ctx.repositories.stock_levels.current_levels(ctx.name)
    first = publishable_levels(levels, current, {level_key: level.ats for level_key, level in before.items()})
    second_reading = await reread(ctx, reading, {sku for sku, _ in first.unconfirmed})
    if second_reading is None:
        return first.levels
    unconfirmed = frozenset(first.unconfirmed)
    second_levels = await compute_levels(ctx, second_reading, items)
    first_by_key = {level.key: level.ats for level in levels}
    rechecked = (level for level in second_levels if level.key in unconfirmed)
    confirmed = publishable_levels(rechecked, current, first_by_key)
    return (*(level for level in first.levels if level.key not in unconfirmed), *confirmed.levels)
