"""Returning: the goods of a refund, as far as the books know where they are, and the shop's own restocking."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from weighbridge.domain.findings.finding import Finding, FindingKind, note
from weighbridge.domain.lanes import Lane
from weighbridge.domain.orders.order import LineKind
from weighbridge.domain.orders.snapshot import Captured
from weighbridge.domain.returns.credit_note import CreditNote
from weighbridge.domain.returns.restock import restock_of, still_here
from weighbridge.domain.values.money import ZERO
from weighbridge.flows.context import Site, running
from weighbridge.platforms.cin7 import read
from weighbridge.platforms.cin7.models import sales as sale_models

SHOP_RESTOCKS = "shop_restocks_refunds"
PATIENCE = timedelta(hours=1)
"""How long the shop's own setting is believed before it is asked again."""


async def with_restock(
    site: Site, credit: CreditNote, sale: sale_models.SaleDetail, captured: Captured, before: tuple[CreditNote, ...]
) -> tuple[CreditNote, tuple[Finding, ...]]:
    """The credit note with what it puts back on shelves, and what there is to tell about its goods."""
    goods = frozenset(line.sku for line in captured.lines if line.sku and line.kind is LineKind.PHYSICAL)
    ordered = dict.fromkeys(goods, ZERO)
    for line in captured.sale.lines:
        if line.sku in goods:
            ordered[line.sku] += line.quantity
    here = still_here(ordered, read.units_dispatched(sale), [one.never_left or {} for one in before])
    bills = await running().journal.catalogue.bills(site.name)
    found = restock_of(credit.lines, goods, here, bills, site.refund_policy.restock, credit.reason)
    notes: list[Finding] = []
    for sku, units in found.never_left.items():
        expected = f"a parcel without them: tell the warehouse, {sale.order_number} still holds them"
        notes.append(
            note(FindingKind.REFUNDED_BEFORE_DISPATCH, f"sale.{sku}", f"{units.normalize():f} of {sku}", expected)
        )
    if found.missing:
        units_of = ", ".join(f"{units.normalize():f} of {sku}" for sku, units in found.missing.items())
        value = f"{units_of}, credited with {found.missing_worth:.2f} {captured.sale.currency}"
        expected = "a shelf in Cin7 once they are back; the design restocks nothing for this reason"
        notes.append(note(FindingKind.NOT_RESTOCKED, "credit_note.restock", value, expected))
    if goods & {line.sku for line in credit.lines} and await _shop_restocks(site):
        expected = "refund_order_stock_adjustment switched off: Cin7 is master of stock, and tells the shop again"
        notes.append(note(FindingKind.SHOP_RESTOCKS_BY_ITSELF, "settings.inventory", "the shop restocks", expected))
    return replace(credit, restock=found.lines, never_left=dict(found.never_left)), tuple(notes)


async def tell_shop_again(site: Site, credit: CreditNote) -> None:
    """Forgets what the shop was told of refunded goods: it may have put them back by itself, and Cin7's figure counts.

    Source: platform notes, bigcommerce 3.3 (whether a refund restocks is documented both ways).
    """
    await running().journal.stock_levels.distrust(site.name, {line.sku for line in credit.lines if line.sku})


async def _shop_restocks(site: Site) -> bool:
    """Whether the shop puts refunded goods back by itself. Source: Settings v3, refund_order_stock_adjustment."""
    references = running().journal.references
    kept = await references.read(site.name, SHOP_RESTOCKS)
    if kept is None or kept[1] + PATIENCE < running().clock.now():
        told = await site.shop.inventory_settings(lane=Lane.RETURNS)
        await references.keep(site.name, SHOP_RESTOCKS, told.refund_order_stock_adjustment)
        return told.refund_order_stock_adjustment
    return bool(kept[0])
