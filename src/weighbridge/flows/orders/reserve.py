"""Reservations: units that the store has sold are no longer available to sell, even while their order is held."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

from weighbridge.domain.job_types import WHOLE_CONNECTION, Flow
from weighbridge.domain.orders.capture_rule import NOT_SOLD_YET, CaptureDecision
from weighbridge.domain.orders.order import LineKind, Order, OrderStatus
from weighbridge.flows.context import ConnectionContext

BATCHING_DELAY = timedelta(seconds=5)
"""How long decreases wait for further orders, so that they are published together."""


async def reserve(ctx: ConnectionContext, order: Order, decision: CaptureDecision) -> None:
    """Reserves the units of the order, and enqueues the decreases that this causes for other SKUs and other stores."""
    repositories = ctx.repositories
    if order.status_id in NOT_SOLD_YET:
        return
    units: dict[str, Decimal] = {}
    for line in order.lines:
        if line.sku and line.quantity > 0 and line.kind is LineKind.PHYSICAL:
            units[line.sku] = units.get(line.sku, Decimal(0)) + line.quantity
    refunded = order.status_id == OrderStatus.REFUNDED
    if decision in (CaptureDecision.CANCELLED, CaptureDecision.OUT_OF_SCOPE) or (
        refunded and decision is CaptureDecision.NOT_YET
    ):
        # The order needs these goods no longer. The store lowered their levels and may not have raised them again.
        await repositories.reservations.release(ctx.name, str(order.id))
    elif not refunded and await repositories.reservations.reserve(ctx.name, str(order.id), units, order.placed_at):
        await _enqueue_stock_decreases(ctx, units)
    await repositories.stock_levels.invalidate(ctx.name, units)


async def _enqueue_stock_decreases(ctx: ConnectionContext, units: Mapping[str, Decimal]) -> None:
    """Enqueues decreases of levels that the store does not lower by itself: it lowers only the SKUs that it sold."""
    repositories = ctx.repositories
    for name in ctx.stock_connections:
        if name != ctx.name or await repositories.stock_levels.with_shared_components(name, units):
            await repositories.job_queue.enqueue(
                name, Flow.STOCK_DECREASES, WHOLE_CONNECTION, "an order took stock of others", delay=BATCHING_DELAY
            )
