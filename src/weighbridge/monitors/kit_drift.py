"""Checks that the store shows no more of a kit than its components can make.

The monitor reads bills of materials that changed in Cin7, so that the next stock run uses them. A level that is still
too high after that run has another cause.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from weighbridge.domain.findings.finding import hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.lanes import Lane
from weighbridge.domain.stock.kits import BillsOfMaterials
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.stock import flow as stock
from weighbridge.flows.stock import parity as stock_parity
from weighbridge.flows.stock.compute import COMPONENT_STOCK
from weighbridge.flows.stock.locations import store_locations
from weighbridge.monitors.monitor import CheckResult, Monitor
from weighbridge.platforms.cin7.read import read_reference_product

BILLS_READ, SUSPECTED, ALL = "kit_bills", "kit_drift_suspected", "*"
KITS_PER_CALL = 50


async def _check(ctx: ConnectionContext) -> CheckResult:
    repositories = ctx.repositories
    if not (await repositories.catalogue.bills(ctx.name)).kits:
        return CheckResult()
    await _read_changed_bills(ctx)
    bills = await repositories.catalogue.bills(ctx.name)
    published = {sku for sku, _ in await repositories.stock_levels.published_levels(ctx.name)}
    # Levels are read before components: a stock run in between then stores components for at least what it publishes.
    levels = await _store_levels(ctx, sorted(bills.kits & published))
    buildable = await _buildable_units(ctx, bills, levels)
    too_high = {kit: units for kit, units in levels.items() if kit in buildable and units > buildable[kit]}
    cached = await repositories.reference_cache.read(ctx.name, SUSPECTED)
    suspected = set(cached[0]) if cached else set()
    await repositories.reference_cache.store(ctx.name, SUSPECTED, sorted(too_high))
    if too_high:
        for flow in (stock_parity.FLOW, stock.FLOW):
            await repositories.job_queue.enqueue(ctx.name, flow, ALL, "kit level exceeds component stock")
    findings = {}
    for kit, units in too_high.items():
        if kit not in suspected:
            continue
        expected = f"at most {buildable[kit]}, which its components can make; find out what else writes store levels"
        findings[kit] = hold(FindingKind.KIT_DRIFT, f"level of {kit} in the store", units, expected)
    return CheckResult(findings)


async def _read_changed_bills(ctx: ConnectionContext) -> None:
    """Saves the products that changed since the last check; enqueues a stock run if a bill of materials changed."""
    repositories, started_at = ctx.repositories, ctx.clock.now()
    since = await repositories.watermarks.read(ctx.name, BILLS_READ)
    if since is not None:
        overlap = ctx.connection.design.cadence.overlap
        before = await repositories.catalogue.bills(ctx.name)
        async for page in ctx.cin7.products(modified_since=since - overlap, lane=Lane.RECONCILIATION):
            await repositories.catalogue.save_cin7_products(ctx.name, [read_reference_product(row) for row in page])
        if not _is_same(before, await repositories.catalogue.bills(ctx.name)):
            await repositories.job_queue.enqueue(ctx.name, stock.FLOW, ALL, "bill of materials changed")
    await repositories.watermarks.advance(ctx.name, BILLS_READ, started_at)


def _is_same(before: BillsOfMaterials, after: BillsOfMaterials) -> bool:
    return before.kits == after.kits and all(before[kit] == after[kit] for kit in after.kits)


async def _store_levels(ctx: ConnectionContext, kits: Sequence[str]) -> dict[str, int]:
    """The store's level of each kit, summed over its locations."""
    locations = (await store_locations(ctx)).published_locations(frozenset(ctx.connection.design.stock.locations))
    totals: dict[str, int] = {}
    for some_kits in _chunks(kits):
        levels = await ctx.bigcommerce.inventory_levels(some_kits, locations, lane=Lane.RECONCILIATION)
        for (sku, _), units in levels.items():
            totals[sku] = totals.get(sku, 0) + units
    return totals


async def _buildable_units(ctx: ConnectionContext, bills: BillsOfMaterials, kits: Mapping[str, int]) -> dict[str, int]:
    """How many of each kit could ship if nothing else did, including assembled kits; empty before stock was read."""
    repositories = ctx.repositories
    cached = await repositories.reference_cache.read(ctx.name, COMPONENT_STOCK)
    if cached is None:
        return {}
    component_stock = cached[0]
    buildable = {}
    for kit in kits:
        assembled: dict[str, Decimal] = {}
        for level in await repositories.stock_levels.for_sku(ctx.name, kit):
            for location, units in level.by_location.items():
                assembled[location] = max(assembled.get(location, Decimal(0)), units)
        locations = component_stock.keys() | assembled.keys()
        stock_at = (_stock(component_stock.get(name, {}), kit, assembled.get(name)) for name in locations)
        buildable[kit] = sum(bills.most(kit, stock_units) for stock_units in stock_at)
    return buildable


def _stock(components: Mapping[str, str], kit: str, assembled: Decimal | None) -> dict[str, Decimal]:
    units = {sku: Decimal(count) for sku, count in components.items()}
    return units | ({kit: assembled} if assembled else {})


def _chunks(kits: Sequence[str]) -> Iterator[Sequence[str]]:
    return (kits[start : start + KITS_PER_CALL] for start in range(0, len(kits), KITS_PER_CALL))


MONITOR = Monitor(
    "kit_drift", "The store shows no more of a kit than its components can make.", FindingKind.KIT_DRIFT, _check
)
