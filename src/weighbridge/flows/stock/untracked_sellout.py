"""Sellable at zero: what the shop does not count and sells on when Cin7 has nothing left of it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from weighbridge.domain.catalogue.sku_audit import sellable_at_zero
from weighbridge.domain.stock.available import ShopItem
from weighbridge.flows.context import Site, running
from weighbridge.flows.open_findings import report
from weighbridge.flows.stock.compute import sellable_units
from weighbridge.flows.stock.read_levels import Reading

AT_ZERO = "sellable_at_zero"
"""Under this name a SKU waits for a person that the shop sells without counting and Cin7 cannot ship."""


async def report_sellable_at_zero(site: Site, reading: Reading, items: Mapping[str, ShopItem]) -> None:
    """Holds each such SKU; kits only when Cin7 does not sell them, since they have no stock of their own."""
    catalogue = running().journal.catalogue
    uncounted = [item for item in items.values() if not item.tracked]
    stocked = await catalogue.stocked_skus(site.name) if uncounted else frozenset()
    unsellable = await catalogue.unsellable_skus(site.name) if uncounted else frozenset()
    bills = await catalogue.bills(site.name)
    known = {item.sku for item in uncounted} & stocked - (bills.kits - unsellable)
    units = dict.fromkeys(known - reading.doubtful({sku: (sku,) for sku in known}), Decimal(0))
    for there in sellable_units(site, reading).values() if units else ():
        for sku in units.keys() & there.keys():
            units[sku] += there[sku]
    found = sellable_at_zero(uncounted, units, unsellable)
    await report(site, AT_ZERO, {sku: (finding,) for sku, finding in found.items()})
