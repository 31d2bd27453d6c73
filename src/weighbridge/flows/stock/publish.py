"""Publishing of levels: how they are written, and how they are read back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

from weighbridge.common.concurrency import map_limited
from weighbridge.domain.findings.finding import Finding, hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.lanes import Lane
from weighbridge.domain.stock.available import AvailableLevel, LevelKey, StoreItem, less_unprocessed_orders
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.stock.locations import missing_store_locations
from weighbridge.platforms.bigcommerce import write
from weighbridge.platforms.bigcommerce.client import ITEMS_PER_PAGE
from weighbridge.platforms.http_exchange import Refused

SKUS_PER_CALL = 50
"""SKUs in one query; more would make the URL too long."""
VERIFIED_AFTER = timedelta(seconds=60)
"""How old a published level must be before it is read back."""


async def publish_levels(
    ctx: ConnectionContext,
    levels: Sequence[AvailableLevel],
    items: Mapping[str, StoreItem],
    *,
    decreases_only: bool = False,
) -> dict[str, tuple[Finding, ...]]:
    """Publishes levels in batches of the size that the design sets; returns the findings of refused items, by SKU.

    Each level is reduced by what the store has sold in orders that are not processed yet. With `decreases_only`, levels
    above the store's current level are skipped.
    """
    refused: dict[str, tuple[Finding, ...]] = {}
    longest, clock = timedelta(0), ctx.clock
    missing = await missing_store_locations(ctx) if levels else frozenset[int]()
    publishable = (level for level in levels if level.store_location not in missing)
    for batch in _batches(publishable, ctx.connection.design.stock.batch):
        asked_at = clock.now()
        reduced = await _less_unprocessed_sales(ctx, batch, len(items), decreases_only=decreases_only)
        if reduced:
            refused |= await _publish(ctx, reduced, items)
            longest = max(longest, clock.now() - asked_at)
    if longest:
        await ctx.repositories.oversell_risk.record_push(ctx.name, longest)
    return refused


def _batches(levels: Iterable[AvailableLevel], size: int) -> Iterator[list[AvailableLevel]]:
    """Batches of `size` levels; a batch is larger where the levels of one SKU, which follow each other, must stay
    together."""
    batch: list[AvailableLevel] = []
    for level in levels:
        if len(batch) >= size and batch[-1].sku != level.sku:
            yield batch
            batch = []
        batch.append(level)
    if batch:
        yield batch


async def _less_unprocessed_sales(
    ctx: ConnectionContext, levels: Sequence[AvailableLevel], item_count: int, *, decreases_only: bool
) -> tuple[AvailableLevel, ...]:
    """The levels less unprocessed sales. The store is read immediately before the write, because the write overwrites
    every unit that the store sells in between."""
    repositories, skus = ctx.repositories, {level.sku for level in levels}
    published = await repositories.stock_levels.published_levels_of(ctx.name, skus)
    current = await _read_current_levels(ctx, [level.key for level in levels if level.key in published], item_count)
    placed = await repositories.reservations.placed_since_push(ctx.name, skus)
    reduced = less_unprocessed_orders(levels, published, current, placed)
    return tuple(level for level in reduced if not decreases_only or level.ats < current.get(level.key, 0))


async def _publish(
    ctx: ConnectionContext, levels: Sequence[AvailableLevel], items: Mapping[str, StoreItem]
) -> dict[str, tuple[Finding, ...]]:
    """Writes absolute levels; returns the findings of refused items, by SKU.

    A refused batch is split in halves until the refused item is alone. Setting an absolute level twice is harmless, so
    no intent is stored. Source: Inventory V3, PUT /inventory/adjustments/absolute; it does not say which item it
    refused.
    """
    body = write.absolute_levels(levels, items)
    try:
        await ctx.bigcommerce.set_inventory_absolute(body, lane=Lane.STOCK)
    except Refused as refusal:
        if len(levels) == 1:
            [level] = levels
            expected = f"a SKU whose level the store accepts as {level.ats} at location {level.store_location}"
            messages = "; ".join(refusal.messages)
            finding = hold(FindingKind.REFUSED_BY_BIGCOMMERCE, f"stock of {level.sku}", messages, expected)
            return {level.sku: (finding,)}
        middle = len(levels) // 2
        first = await _publish(ctx, levels[:middle], items)
        return first | await _publish(ctx, levels[middle:], items)
    await ctx.repositories.stock_levels.mark_published(ctx.name, levels)
    return {}


async def verify_published(ctx: ConnectionContext, item_count: int) -> None:
    """Reads back the levels that were published more than a minute ago; levels that differ are published again.

    `item_count` is the number of items in the store. A sale in between also makes a difference, and publishing the
    current level again is right in that case too.
    Source: platform notes, bigcommerce 5.3 (adjustments are applied asynchronously).
    """
    levels, clock = ctx.repositories.stock_levels, ctx.clock
    published = await levels.unverified_levels(ctx.name, clock.now() - VERIFIED_AFTER)
    current = await _read_current_levels(ctx, sorted(published), item_count)
    differing = {level_key for level_key, level in published.items() if current.get(level_key) != level}
    await levels.mark_verified(ctx.name, published.keys() - differing)
    await levels.invalidate(ctx.name, {sku for sku, _ in differing})


async def _read_current_levels(
    ctx: ConnectionContext, level_keys: Sequence[LevelKey], item_count: int
) -> dict[LevelKey, int]:
    """The store's levels. For many SKUs the whole list of `item_count` items is read, which takes fewer calls."""
    requested = frozenset(level_keys)
    locations = sorted({location for _, location in requested})
    skus = sorted({sku for sku, _ in requested})
    levels: dict[LevelKey, int] = {}
    if len(skus) / SKUS_PER_CALL > item_count / ITEMS_PER_PAGE + 2:
        async for page in ctx.bigcommerce.all_inventory_levels(locations, lane=Lane.STOCK):
            levels |= {level_key: level for level_key, level in page.items() if level_key in requested}
        return levels

    async def read_group(group: Sequence[str]) -> None:
        levels.update(await ctx.bigcommerce.inventory_levels(group, locations, lane=Lane.STOCK))

    groups = [skus[start : start + SKUS_PER_CALL] for start in range(0, len(skus), SKUS_PER_CALL)]
    await map_limited(groups, read_group, ctx.connection.design.quota.bigcommerce_in_flight)
    return levels
