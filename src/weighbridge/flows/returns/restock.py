"""Restocking: which refunded goods a credit note puts back on stock, and whether the store restocks by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from weighbridge.domain.findings.finding import Finding, note
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.lanes import Lane
from weighbridge.domain.orders.order import LineKind
from weighbridge.domain.orders.sale import OrderSnapshot
from weighbridge.domain.returns.credit_note import CreditNote
from weighbridge.domain.returns.restock import restock_of, undispatched_units
from weighbridge.domain.values.money import ZERO
from weighbridge.flows.context import ConnectionContext
from weighbridge.platforms.cin7 import read
from weighbridge.platforms.cin7.models import sales as sale_models

STORE_RESTOCKS = "store_restocks_refunds"
SETTING_MAX_AGE = timedelta(hours=1)
"""How long the store's restocking setting is cached before it is read again."""


async def with_restock(
    ctx: ConnectionContext,
    credit_note: CreditNote,
    sale: sale_models.SaleDetail,
    snapshot: OrderSnapshot,
    other_credit_notes: tuple[CreditNote, ...],
) -> tuple[CreditNote, tuple[Finding, ...]]:
    """The credit note with the units that it restocks, and the notes about its goods.

    `other_credit_notes` are those of the order's other refunds.
    """
    goods = frozenset(line.sku for line in snapshot.lines if line.sku and line.kind is LineKind.PHYSICAL)
    ordered = dict.fromkeys(goods, ZERO)
    for line in snapshot.sale.lines:
        if line.sku in goods:
            ordered[line.sku] += line.quantity
    never_dispatched = [other.never_dispatched or {} for other in other_credit_notes]
    undispatched = undispatched_units(ordered, read.units_dispatched(sale), never_dispatched)
    bills = await ctx.repositories.catalogue.bills(ctx.name)
    restock = restock_of(credit_note.lines, goods, undispatched, bills, ctx.refund_policy.restock, credit_note.reason)
    notes: list[Finding] = []
    for sku, units in restock.never_dispatched.items():
        expected = f"a parcel without them: tell the warehouse, {read.sale_number(sale)} still holds them"
        notes.append(
            note(FindingKind.REFUNDED_BEFORE_DISPATCH, f"sale.{sku}", f"{units.normalize():f} of {sku}", expected)
        )
    if restock.missing:
        missing_units = ", ".join(f"{units.normalize():f} of {sku}" for sku, units in restock.missing.items())
        value = f"{missing_units}, credited with {restock.missing_amount:.2f} {snapshot.sale.currency}"
        expected = "a stock adjustment in Cin7 once they are back; the design restocks nothing for this reason"
        notes.append(note(FindingKind.NOT_RESTOCKED, "credit_note.restock", value, expected))
    if goods & {line.sku for line in credit_note.lines} and await _store_restocks(ctx):
        expected = (
            "refund_order_stock_adjustment switched off: Cin7 is master of stock, and its levels are published again"
        )
        notes.append(note(FindingKind.STORE_RESTOCKS_REFUNDS, "settings.inventory", "the store restocks", expected))
    return replace(credit_note, restock=restock.lines, never_dispatched=dict(restock.never_dispatched)), tuple(notes)


async def invalidate_refunded_levels(ctx: ConnectionContext, credit_note: CreditNote) -> None:
    """Invalidates the published levels of refunded goods: the store may have restocked them, and Cin7's levels count.

    Source: platform notes, bigcommerce 3.3 (whether a refund restocks is documented both ways).
    """
    await ctx.repositories.stock_levels.invalidate(ctx.name, {line.sku for line in credit_note.lines if line.sku})


async def _store_restocks(ctx: ConnectionContext) -> bool:
    """Whether the store restocks refunded goods by itself. Source: Settings v3, refund_order_stock_adjustment."""
    reference_cache = ctx.repositories.reference_cache
    cached = await reference_cache.read(ctx.name, STORE_RESTOCKS)
    if cached is None or cached[1] + SETTING_MAX_AGE < ctx.clock.now():
        settings = await ctx.bigcommerce.inventory_settings(lane=Lane.RETURNS)
        await reference_cache.store(ctx.name, STORE_RESTOCKS, settings.refund_order_stock_adjustment)
        return settings.refund_order_stock_adjustment
    return bool(cached[0])
