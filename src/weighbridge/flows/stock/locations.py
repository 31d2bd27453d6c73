"""Shop places: which inventory locations of the shop are told of stock, and whether the shop has them."""

from __future__ import annotations

from weighbridge.domain.findings.finding import Finding, FindingKind, hold
from weighbridge.domain.lanes import Lane
from weighbridge.domain.stock.locations import ShopLocations
from weighbridge.flows.context import Site, running
from weighbridge.flows.open_findings import report

LOCATION = "shop_location"
"""Under this name a location of the design waits for a person that the shop does not have."""


async def shop_locations(site: Site) -> ShopLocations:
    """The locations that the design names, and those that it named once and that may still show stock."""
    policy = site.connection.design.stock
    shop = ShopLocations(policy.bigcommerce_location_id, policy.shop_locations)
    told = await running().journal.stock_levels.shop_locations_told(site.name)
    retired = told - set(shop.all(frozenset(policy.locations)))
    return ShopLocations(shop.default, shop.named, retired)


async def missing_at_the_shop(site: Site) -> frozenset[int]:
    """Locations that can be told nothing: the shop lacks or disabled them. Those of the design wait for a person.

    The shop is asked only where there is more than one. Source: platform notes, bigcommerce 5.1 (a disabled location
    cannot be edited).
    """
    policy = site.connection.design.stock
    shop = await shop_locations(site)
    wanted = shop.all(frozenset(policy.locations))
    if len(wanted) == 1 and not policy.shop_locations:
        await report(site, LOCATION, {})
        return frozenset()
    there = {one.id: one for one in await site.shop.inventory_locations(lane=Lane.STOCK) if one.enabled}
    missing = frozenset(wanted) - there.keys()
    known = ", ".join(f"{one.id} {one.label}".strip() for one in there.values())
    expected = f"an inventory location that the shop has and did not disable: {known}"
    findings: dict[str, tuple[Finding, ...]] = {
        str(one): (hold(FindingKind.SHOP_LOCATION_UNKNOWN, _setting(one, shop), one, expected),)
        for one in sorted(missing - shop.retired)
    }
    await report(site, LOCATION, findings)
    return missing


def _setting(location: int, shop: ShopLocations) -> str:
    names = sorted(name for name, found in shop.named.items() if found == location)
    return f"design.stock.shop_locations.{names[0]}" if names else "design.stock.bigcommerce_location_id"
