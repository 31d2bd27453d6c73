"""Reserving: what the shop has sold is taken off what it may sell, at once, even when its order is held."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

from weighbridge.domain.orders.capture_rule import Crossing
from weighbridge.domain.orders.order import LineKind, Order, OrderStatus
from weighbridge.flows.context import Site, running

STOCK_FALL, ALL = "stock_fall", "*"
GATHERING = timedelta(seconds=5)
"""How long falls wait for more orders, to be told together."""
NOT_SOLD_YET = frozenset({OrderStatus.INCOMPLETE, OrderStatus.PENDING})
"""Statuses before checkout is complete: the shop has promised nothing yet."""


async def reserve(site: Site, order: Order, decision: Crossing) -> None:
    """Keeps what the order promises, and has told what that takes from other SKUs and other shops."""
    journal = running().journal
    if order.status_id in NOT_SOLD_YET:
        return
    units: dict[str, Decimal] = {}
    for line in order.lines:
        if line.sku and line.quantity > 0 and line.kind is LineKind.PHYSICAL:
            units[line.sku] = units.get(line.sku, Decimal(0)) + line.quantity
    refunded = order.status_id == OrderStatus.REFUNDED
    if decision in (Crossing.CANCELLED, Crossing.OUT_OF_SCOPE) or (refunded and decision is Crossing.NOT_YET):
        # Nobody waits for these goods any more; the shop took them off and may not have put them back.
        await journal.promises.released(site.name, str(order.id))
    elif not refunded and await journal.promises.make(site.name, str(order.id), units, order.placed_at):
        await _ask_for_falls(site, units)
    await journal.stock_levels.distrust(site.name, units)


async def _ask_for_falls(site: Site, units: Mapping[str, Decimal]) -> None:
    """The shop takes off by itself what it sold; what that takes from others it must be told."""
    journal = running().journal
    for name in running().sharing_stock(site):
        if name != site.name or await journal.stock_levels.shared(name, units):
            await journal.agenda.look_again(name, STOCK_FALL, ALL, "an order took stock of others", after=GATHERING)
