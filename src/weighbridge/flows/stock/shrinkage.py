"""Losses: what left the warehouse between two readings other than by the shops' orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal

from weighbridge.domain.stock.available import Figure, Slot
from weighbridge.flows.context import Site, running
from weighbridge.flows.stock.read_levels import Reading
from weighbridge.persistence.repositories.oversell_risk import Level, whole


async def note_losses(site: Site, reading: Reading, figures: Sequence[Figure], before: Mapping[Slot, Level]) -> None:
    """Notes by how much the stock of each SKU fell for other reasons than orders, from the readings `before` to this
    one; the largest possible oversell rests on it."""
    journal, now = running().journal, running().clock.now()
    last_time, zero = whole(before), Decimal(0)
    read_at = {sku: level.read_at for sku, level in last_time.items()}
    shops = running().sharing_stock(site)
    then = await journal.promises.in_flight(shops, min(read_at.values(), default=reading.began), read_at)
    since = await journal.promises.in_flight(shops, reading.began, reading.asked_at)
    falls: dict[str, Decimal] = {}
    available: dict[str, Decimal] = {}
    for one in figures:
        last = last_time.get(one.sku)
        if last is not None and last.shares is None and one.parts is None:
            available[one.sku] = available.get(one.sku, zero) + one.available
    for sku, there in available.items():
        # Whatever the shops have sold by now is off on both sides, wherever Cin7 stands with it.
        last = last_time[sku]
        expected = last.available - then.get(sku, zero)
        fall = expected - (there - since.get(sku, zero))
        if fall > 0:
            falls[sku] = fall
    look_back = timedelta(hours=site.connection.design.stock.sales_hours)
    await journal.exposures.fell(site.name, falls, now - look_back)
