"""Untracked sellout: SKUs that the store sells without tracking stock although Cin7 has none left."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from weighbridge.domain.catalogue.sku_audit import sellable_at_zero
from weighbridge.domain.stock.available import StoreItem
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.open_findings import report
from weighbridge.flows.stock.compute import sellable_units
from weighbridge.flows.stock.read_levels import Reading

AT_ZERO = "sellable_at_zero"
"""The flow under which SKUs are held that the store sells without tracking and Cin7 cannot ship."""


async def report_sellable_at_zero(ctx: ConnectionContext, reading: Reading, items: Mapping[str, StoreItem]) -> None:
    """Holds each such SKU. A kit is held only if Cin7 does not sell it, because kits have no stock of their own."""
    catalogue = ctx.repositories.catalogue
    untracked = [item for item in items.values() if not item.tracked]
    stocked = await catalogue.stocked_skus(ctx.name) if untracked else frozenset()
    unsellable = await catalogue.unsellable_skus(ctx.name) if untracked else frozenset()
    bills = await catalogue.bills(ctx.name)
    known = {item.sku for item in untracked} & stocked - (bills.kits - unsellable)
    units = dict.fromkeys(known - reading.doubtful({sku: (sku,) for sku in known}), Decimal(0))
    for stock in sellable_units(ctx, reading).values() if units else ():
        for sku in units.keys() & stock.keys():
            units[sku] += stock[sku]
    findings = sellable_at_zero(untracked, units, unsellable)
    await report(ctx, AT_ZERO, {sku: (finding,) for sku, finding in findings.items()})
