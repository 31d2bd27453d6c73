"""Shrinkage: what left the warehouse between two readings for other reasons than the stores' orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal

from weighbridge.domain.stock.available import AvailableLevel, LevelKey
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.stock.read_levels import Reading
from weighbridge.persistence.repositories.oversell_risk import LastLevel, sum_locations


async def record_losses(
    ctx: ConnectionContext, reading: Reading, levels: Sequence[AvailableLevel], before: Mapping[LevelKey, LastLevel]
) -> None:
    """Records by how much the stock of each SKU decreased for other reasons than orders since the reading `before`.

    The oversell bound is computed from these decreases.
    """
    repositories, now = ctx.repositories, ctx.clock.now()
    last_levels, zero = sum_locations(before), Decimal(0)
    read_at = {sku: level.read_at for sku, level in last_levels.items()}
    reservations, stores = repositories.reservations, ctx.stock_connections
    oldest = min(read_at.values(), default=reading.started_at)
    in_flight_before = await reservations.in_flight(stores, oldest, read_at)
    in_flight_now = await reservations.in_flight(stores, reading.started_at, reading.asked_at)
    decreases: dict[str, Decimal] = {}
    available: dict[str, Decimal] = {}
    for level in levels:
        last = last_levels.get(level.sku)
        if last is not None and last.shared_available is None and level.components is None:
            available[level.sku] = available.get(level.sku, zero) + level.available
    for sku, units in available.items():
        # What the stores have sold by now is deducted on both sides, whether Cin7 has allocated it or not.
        expected = last_levels[sku].available - in_flight_before.get(sku, zero)
        decrease = expected - (units - in_flight_now.get(sku, zero))
        if decrease > 0:
            decreases[sku] = decrease
    lookback = timedelta(hours=ctx.connection.design.stock.sales_hours)
    await repositories.oversell_risk.record_decreases(ctx.name, decreases, now - lookback)
