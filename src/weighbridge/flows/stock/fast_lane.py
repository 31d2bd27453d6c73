"""The fast lane of stock: during a flash sale a few named SKUs are read and published every few seconds.

The full reading skips these SKUs and calls in a lower lane, so that it is the one to slow down when calls run short.
"""

from __future__ import annotations

from weighbridge.domain.findings.finding import Finding
from weighbridge.domain.job_types import Flow
from weighbridge.domain.stock.available import changed_levels
from weighbridge.domain.stock.fast_lane import FastLane, fast_lane
from weighbridge.domain.stock.increases import publishable_levels
from weighbridge.flows.attempt_runner import record_run, run_attempt
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.open_findings import report
from weighbridge.flows.orders.changes import find_changed_orders
from weighbridge.flows.stock.approval import may_publish
from weighbridge.flows.stock.compute import compute_levels
from weighbridge.flows.stock.publish import publish_levels
from weighbridge.flows.stock.read_levels import read_only
from weighbridge.flows.stock.shrinkage import record_losses
from weighbridge.flows.stock.unevaluated_orders import unevaluated_orders
from weighbridge.persistence.repositories.transfers import Transfer

FLOW = Flow.STOCK_FAST
NAME = "fast_lane"
"""The flow under which SKUs of the fast lane are held: they cannot be read there, or the store refuses their level."""
MAX_CALLS = 20
"""Calls to Cin7 that one run may make, of the 60 a minute that all flows share."""


async def stock_fast(ctx: ConnectionContext, key: str) -> str:
    """One run of the fast lane: reads its SKUs, computes their levels, publishes them."""
    return await push_fast_lane(ctx, key)


async def push_fast_lane(ctx: ConnectionContext, key: str) -> str:
    policy = ctx.connection.design.stock
    if not policy.fast_lane:
        await report(ctx, NAME, {})
        return "no SKU is in the fast lane"
    transfer = await ctx.repositories.transfers.open(ctx.name, FLOW, key)
    outcome = await run_attempt(ctx, transfer, FLOW, (FLOW, key), _push)
    await record_run(ctx, transfer, outcome)
    return outcome


async def current_fast_lane(ctx: ConnectionContext) -> FastLane:
    """The SKUs that the fast lane reads and publishes; empty if the design names none, or before the catalogues are
    read."""
    named, catalogue = ctx.connection.design.stock.fast_lane, ctx.repositories.catalogue
    if not named:
        return FastLane()
    items, stocked = await catalogue.store_items(ctx.name), await catalogue.stocked_skus(ctx.name)
    sold = {sku for sku, item in items.items() if item.tracked and sku in stocked}
    if not sold:
        return FastLane()
    return fast_lane(named, sold, await catalogue.bills(ctx.name), MAX_CALLS)


async def _push(ctx: ConnectionContext, transfer: Transfer) -> str:
    repositories = ctx.repositories
    if not await may_publish(ctx):
        return "the first levels are not accepted yet"
    lane = await current_fast_lane(ctx)
    reading = await read_only(ctx, lane.read)
    pending = await unevaluated_orders(ctx, (await find_changed_orders(ctx)).changed)
    items = await repositories.catalogue.store_items(ctx.name)
    levels = await compute_levels(ctx, reading, {sku: items[sku] for sku in lane.skus & items.keys()})
    before = await repositories.oversell_risk.levels_before(ctx.name, reading.started_at, lane.skus)
    publishable = tuple(levels)
    if ctx.connection.design.stock.increases == "two_readings":
        current = await repositories.stock_levels.current_levels(ctx.name)
        earlier = {level_key: level.ats for level_key, level in before.items()}
        publishable = publishable_levels(levels, current, earlier).levels
    await record_losses(ctx, reading, levels, before)
    await repositories.stock_levels.store_partial_reading(ctx.name, levels, reading.started_at, reading.asked_at)
    changed = changed_levels(publishable, await repositories.stock_levels.current_levels(ctx.name))
    refused = await publish_levels(ctx, changed, items, decreases_only=bool(pending))
    unusable: dict[str, tuple[Finding, ...]] = {sku: (finding,) for sku, finding in lane.findings.items()}
    unread = {sku: (finding,) for sku, finding in reading.unreadable.items()}
    await report(ctx, NAME, unusable | unread | refused)
    return f"{len(changed)} of {len(levels)} levels published"
