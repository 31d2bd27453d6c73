"""The last reading of Cin7's stock as it is stored, for levels that are computed between two readings."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal

from weighbridge.domain.stock.available import AvailabilityRow, StoreItem
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.stock.compute import COMPONENT_STOCK
from weighbridge.flows.stock.read_levels import Reading


async def last_reading(ctx: ConnectionContext, excluded: frozenset[str]) -> Reading | None:
    """The last reading of the stock list as far as it is stored: the store's SKUs and the components of kits, without
    the `excluded` SKUs; None before the first reading."""
    repositories = ctx.repositories
    stored_levels = await repositories.stock_levels.last_reading(ctx.name)
    levels = {level_key: level for level_key, level in stored_levels.items() if level_key[0] not in excluded}
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


async def items_sharing_stock(
    ctx: ConnectionContext, skus: Collection[str], excluded: frozenset[str]
) -> Mapping[str, StoreItem]:
    """The store's SKUs among `skus` and those that share components with one of them, as far as they were read."""
    repositories = ctx.repositories
    affected = set(skus)
    for group in (await repositories.catalogue.bills(ctx.name)).groups():
        if not group.isdisjoint(skus):
            affected |= group
    with_level = {sku for sku, _ in await repositories.stock_levels.last_reading(ctx.name)}
    items = await repositories.catalogue.store_items(ctx.name)
    return {sku: items[sku] for sku in (affected & items.keys() & with_level) - excluded}
