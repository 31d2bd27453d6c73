"""Store locations: the inventory locations of the store to which levels are published, and whether they exist."""

from __future__ import annotations

from weighbridge.domain.findings.finding import Finding, hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.lanes import Lane
from weighbridge.domain.stock.locations import StoreLocations
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.open_findings import report

LOCATION = "store_location"
"""The flow under which locations are held that the design names and the store does not have."""


async def store_locations(ctx: ConnectionContext) -> StoreLocations:
    """The locations that the design names, and locations that it named earlier and that may still show stock."""
    policy = ctx.connection.design.stock
    locations = StoreLocations(policy.bigcommerce_location_id, policy.store_locations)
    published = await ctx.repositories.stock_levels.published_locations(ctx.name)
    retired = published - set(locations.published_locations(frozenset(policy.locations)))
    return StoreLocations(locations.default, locations.by_cin7_location, retired)


async def missing_store_locations(ctx: ConnectionContext) -> frozenset[int]:
    """Locations to which nothing can be published because the store lacks or disabled them.

    Those that the design names are held. The store is queried only if there is more than one location.
    Source: platform notes, bigcommerce 5.1 (a disabled location cannot be edited).
    """
    policy = ctx.connection.design.stock
    locations = await store_locations(ctx)
    published = locations.published_locations(frozenset(policy.locations))
    if len(published) == 1 and not policy.store_locations:
        await report(ctx, LOCATION, {})
        return frozenset()
    rows = await ctx.bigcommerce.inventory_locations(lane=Lane.STOCK)
    enabled = {row.id: row for row in rows if row.enabled}
    missing = frozenset(published) - enabled.keys()
    known = ", ".join(f"{row.id} {row.label}".strip() for row in enabled.values())
    expected = f"an enabled inventory location of the store: {known}"
    findings: dict[str, tuple[Finding, ...]] = {
        str(location): (hold(FindingKind.STORE_LOCATION_UNKNOWN, _setting(location, locations), location, expected),)
        for location in sorted(missing - locations.retired)
    }
    await report(ctx, LOCATION, findings)
    return missing


def _setting(location: int, locations: StoreLocations) -> str:
    names = sorted(name for name, mapped in locations.by_cin7_location.items() if mapped == location)
    return f"design.stock.store_locations.{names[0]}" if names else "design.stock.bigcommerce_location_id"
