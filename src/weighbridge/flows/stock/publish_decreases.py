"""Decreases between runs: what one order takes from other SKUs and other stores is published without reading Cin7.

The store deducts a sold SKU by itself. It does not know that a kit used components which other SKUs need, nor what
another store of the same company has sold, and would keep offering those units until the next run.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from weighbridge.domain.job_types import Flow
from weighbridge.domain.stock.available import AvailabilityRow, StoreItem
from weighbridge.flows.attempt_runner import STOPPED, run_attempt
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.evaluation import record_evaluation
from weighbridge.flows.orders.changes import find_changed_orders
from weighbridge.flows.stock.approval import may_publish
from weighbridge.flows.stock.compute import COMPONENT_STOCK, compute_levels
from weighbridge.flows.stock.fast_lane import current_fast_lane
from weighbridge.flows.stock.publish import publish_levels, wait_for_evaluation
from weighbridge.flows.stock.read_levels import Reading
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
    reading = await _last_reading(ctx, fast)
    if reading is None:
        return "no stock is read yet"
    if not await wait_for_evaluation(ctx, (await find_changed_orders(ctx)).changed):
        return "orders are still being evaluated"
    items = await _affected_items(ctx, reading, fast)
    current = await repositories.stock_levels.current_levels(ctx.name)
    levels = await compute_levels(ctx, reading, items)
    decreases = tuple(level for level in levels if level.ats < current.get(level.key, 0))
    await publish_levels(ctx, decreases, items)
    return f"{len(decreases)} decreases published"


async def _last_reading(ctx: ConnectionContext, fast: frozenset[str]) -> Reading | None:
    """The last reading of the stock list as far as it is stored: the store's SKUs and the components of kits, without
    the SKUs that the fast lane has read since."""
    repositories = ctx.repositories
    last_levels = await repositories.stock_levels.last_reading(ctx.name)
    levels = {level_key: level for level_key, level in last_levels.items() if level_key[0] not in fast}
    if not levels:
        return None
    stock = {
        (sku, location): units for (sku, _), level in levels.items() for location, units in level.by_location.items()
    }
    stored = await repositories.reference_cache.read(ctx.name, COMPONENT_STOCK)
    for location, counts in (stored[0] if stored else {}).items():
        stock |= {(sku, location): Decimal(count) for sku, count in counts.items()}
    rows = tuple(AvailabilityRow(sku, location, "", "", None, units) for (sku, location), units in stock.items())
    read_at = {sku: level.read_at for (sku, _), level in levels.items()}
    return Reading(min(read_at.values()), rows, 0, {}, read_at)


async def _affected_items(ctx: ConnectionContext, reading: Reading, fast: frozenset[str]) -> Mapping[str, StoreItem]:
    """The store's SKUs that orders since the reading take from, directly or through shared components."""
    repositories = ctx.repositories
    sold = await repositories.reservations.in_flight(ctx.stock_connections, reading.started_at, reading.asked_at)
    bills = await repositories.catalogue.bills(ctx.name)
    affected = set(sold)
    for group in bills.groups():
        if group & sold.keys():
            affected |= group
    with_level = {sku for sku, _ in await repositories.stock_levels.last_reading(ctx.name)}
    items = await repositories.catalogue.store_items(ctx.name)
    return {sku: items[sku] for sku in (affected & items.keys() & with_level) - fast}
