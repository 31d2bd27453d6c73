"""Computes the available level of each SKU from a reading of Cin7's stock and the units that stores have sold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal

from weighbridge.domain.stock.available import (
    AvailableLevel,
    StoreItem,
    allocated_level,
    available_by_location,
    available_level,
)
from weighbridge.domain.stock.buffers import BufferPolicy, buffer
from weighbridge.domain.stock.kit_allocation import Routing, Sharing, SharingPolicy, allocate
from weighbridge.domain.stock.kits import BillsOfMaterials
from weighbridge.domain.stock.latency import per_hour
from weighbridge.domain.stock.locations import by_store_location
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.open_findings import report
from weighbridge.flows.stock.locations import store_locations
from weighbridge.flows.stock.read_levels import Reading

BILL = "bill_of_materials"
"""The flow under which SKUs with an invalid bill of materials are held."""
COMPONENT_STOCK = "component_stock"


async def compute_levels(
    ctx: ConnectionContext, reading: Reading, items: Mapping[str, StoreItem]
) -> tuple[AvailableLevel, ...]:
    """The level of every SKU that the store tracks and Cin7 stocks, at every location of the store.

    A SKU without a row has no stock. A SKU whose rows could not be read gets no level, and neither does a kit with such
    a component. Source: platform notes, cin7 3.1 (rows vanish at zero).
    """
    repositories, policy = ctx.repositories, ctx.connection.design.stock
    by_location = sellable_units(ctx, reading)
    by_sku: dict[str, dict[str, Decimal]] = {}
    for location, units in by_location.items():
        for sku, available in units.items():
            by_sku.setdefault(sku, {})[location] = available
    in_flight = await repositories.reservations.in_flight(ctx.stock_connections, reading.started_at, reading.asked_at)
    unsellable = await repositories.catalogue.unsellable_skus(ctx.name)
    stocked = await repositories.catalogue.stocked_skus(ctx.name)
    bills = await repositories.catalogue.bills(ctx.name)
    rates, delay = await _sales_rates(ctx), await repositories.oversell_risk.stock_latency(ctx.name)
    buffers = BufferPolicy(policy.buffer, policy.buffer_percent, policy.buffer_sales_factor)
    zero, locations = Decimal(0), await store_locations(ctx)
    levels: dict[str, AvailableLevel] = {}
    doubtful = await doubtful_skus(ctx, reading, items)
    for sku, item in items.items():
        if sku in doubtful:
            continue
        if sku in stocked and item.tracked:
            stock = by_sku.get(sku, {})
            held_back = buffer(buffers, sum(stock.values(), zero), rates.get(sku, zero), delay)
            sellable = sku not in unsellable and sku not in bills.findings
            sold = in_flight.get(sku, zero)
            levels[sku] = available_level(
                sku, stock, sold, held_back, sellable=sellable, store_location=locations.default
            )
    await report(ctx, BILL, {sku: (finding,) for sku, finding in bills.findings.items()})
    levels |= _allocate_kits(ctx, bills, levels, by_location, in_flight)
    sold_from, home = frozenset(policy.locations), ctx.sale_policy.location
    return tuple(level for total in levels.values() for level in by_store_location(total, locations, sold_from, home))


async def doubtful_skus(ctx: ConnectionContext, reading: Reading, skus: Iterable[str]) -> frozenset[str]:
    """The SKUs among `skus` whose stock the reading does not establish; they keep the level they had."""
    catalogue = ctx.repositories.catalogue
    stocked, bills = await catalogue.stocked_skus(ctx.name), await catalogue.bills(ctx.name)
    return reading.doubtful({sku: bills.components_of(sku) - bills.kits for sku in skus if sku in stocked})


def sellable_units(ctx: ConnectionContext, reading: Reading) -> dict[str, dict[str, Decimal]]:
    """Units that may be sold, by location and SKU."""
    policy = ctx.connection.design.stock
    locations, excluded_bins = frozenset(policy.locations), frozenset(policy.excluded_bins)
    return available_by_location(reading.rows, locations, reading.started_at.date(), excluded_bins)


async def store_component_stock(ctx: ConnectionContext, reading: Reading) -> None:
    """Stores the stock of the components of kits, most of which the store does not sell on their own.

    A component whose stock the reading does not establish keeps the stock that was stored before.
    """
    repositories = ctx.repositories
    bills = await repositories.catalogue.bills(ctx.name)
    components = {component for kit in bills.kits for component in bills.components_of(kit)} - bills.kits
    if not components:
        return
    doubtful = reading.doubtful({component: (component,) for component in components})
    stored = await repositories.reference_cache.read(ctx.name, COMPONENT_STOCK) if doubtful else None
    before: Mapping[str, Mapping[str, str]] = stored[0] if stored else {}
    stock = {
        location: {sku: str(units[sku]) for sku in (components & units.keys()) - doubtful}
        | {sku: count for sku, count in before.get(location, {}).items() if sku in doubtful}
        for location, units in sellable_units(ctx, reading).items()
    }
    await repositories.reference_cache.store(ctx.name, COMPONENT_STOCK, stock)


async def _sales_rates(ctx: ConnectionContext) -> dict[str, Decimal]:
    """Units sold per hour recently, by SKU; empty without a query if the design does not use the rate."""
    policy = ctx.connection.design.stock
    if not policy.buffer_sales_factor:
        return {}
    now = ctx.clock.now()
    since = now - timedelta(hours=policy.sales_hours)
    sold = await ctx.repositories.reservations.sold(ctx.stock_connections, since)
    return {sku: per_hour(times, since, now) for sku, times in sold.items()}


def _allocate_kits(
    ctx: ConnectionContext,
    bills: BillsOfMaterials,
    levels: Mapping[str, AvailableLevel],
    by_location: Mapping[str, Mapping[str, Decimal]],
    in_flight: Mapping[str, Decimal],
) -> dict[str, AvailableLevel]:
    """The levels of kits and their components, group by group, so that no shared component is offered twice.

    Units in flight are taken from the location of sales, because they will be posted there.
    """
    policy = ctx.connection.design.stock
    home = ctx.sale_policy.location
    sharing = SharingPolicy(
        Sharing(policy.kit_allocation), Routing(policy.routing), policy.priority, policy.singles_share
    )
    allocated: dict[str, AvailableLevel] = {}
    for group in bills.groups():
        stock = {location: {sku: units[sku] for sku in group & units.keys()} for location, units in by_location.items()}
        sold = {home: {sku: in_flight[sku] for sku in group & in_flight.keys()}}
        sellable = {sku for sku in group & levels.keys() if levels[sku].sellable}
        allocations = allocate(sellable, bills, stock, sold, sharing)
        allocated |= {sku: allocated_level(levels[sku], allocations[sku], group) for sku in sellable}
    return allocated
