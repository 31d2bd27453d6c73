"""Telling stock: which orders must be known first, how levels are told, and how they are read back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta

import structlog

from weighbridge.domain.finding import Finding, FindingKind, hold
from weighbridge.domain.stock import Figure, ShopItem
from weighbridge.flows import orders
from weighbridge.flows.runtime import Site, running
from weighbridge.journal.transfers import State
from weighbridge.platforms.bigcommerce import write
from weighbridge.platforms.bigcommerce.client import ITEMS_PER_PAGE
from weighbridge.platforms.exchange import Refused
from weighbridge.platforms.lanes import Lane

log = structlog.get_logger()

SETTLED = frozenset({State.HELD, State.REJECTED})
ASKED_AT_ONCE = 50
"""SKUs asked for in one call: more would make the address too long."""
CAPTURE_PATIENCE = timedelta(seconds=60)
"""How long a push waits for the orders it just heard of; then it tells the shop of falls only."""


async def captured(site: Site, asked: Mapping[str, str]) -> bool:
    """Waits until the orders just heard of were looked at, so that their units are taken off; False on time-out."""
    clock, transfers = running().clock, running().journal.transfers
    until = clock.now() + CAPTURE_PATIENCE
    left = dict(asked)
    while left:
        for order_id, version in list(left.items()):
            found = await transfers.find(site.name, orders.FLOW, order_id)
            if found is not None and (found.source_version == version or found.state in SETTLED):
                del left[order_id]
        if left and clock.now() > until:
            log.info("stock_push_without_rises", connection=site.name, orders=len(left))
            return False
        if left:
            await asyncio.sleep(0.05)
    return True


async def tell_all(
    site: Site, figures: Sequence[Figure], items: Mapping[str, ShopItem]
) -> dict[str, tuple[Finding, ...]]:
    """Tells levels in batches as large as the design says. Answers the items that the shop refused, by SKU."""
    size = site.connection.design.stock.batch
    refused: dict[str, tuple[Finding, ...]] = {}
    for start in range(0, len(figures), size):
        refused |= await _tell(site, figures[start : start + size], items)
    return refused


async def _tell(site: Site, figures: Sequence[Figure], items: Mapping[str, ShopItem]) -> dict[str, tuple[Finding, ...]]:
    """Tells the shop absolute levels; where it refuses a batch, the halves are told until the bad item stands alone.
    Answers the items that it refused, by SKU.

    Setting an absolute level twice is harmless, so no intent is kept.
    Source: Inventory V3, PUT /inventory/adjustments/absolute; it does not say which item it refused.
    """
    location = site.connection.design.stock.bigcommerce_location_id
    body = write.absolute_levels(figures, items, location)
    try:
        await site.shop.set_inventory_absolute(body, lane=Lane.STOCK)
    except Refused as refusal:
        if len(figures) == 1:
            said = "; ".join(refusal.messages)
            expected = f"a SKU whose level the shop lets be set to {figures[0].ats}"
            finding = hold(FindingKind.REFUSED_BY_BIGCOMMERCE, f"stock of {figures[0].sku}", said, expected)
            return {figures[0].sku: (finding,)}
        middle = len(figures) // 2
        first = await _tell(site, figures[:middle], items)
        return first | await _tell(site, figures[middle:], items)
    await running().journal.stock_levels.told(site.name, figures)
    return {}


async def verify_earlier(site: Site, items: int) -> None:
    """Reads back what was told before the last minute; a level that differs is told again. `items` is how many the shop
    has: the whole list is read where that takes fewer calls than asking for what was told.

    A shop's own sale in between makes a difference too, and telling the current figure again is right then as well.
    Source: platform notes, bigcommerce 5.3 (adjustments are applied asynchronously).
    """
    levels, clock = running().journal.stock_levels, running().clock
    told = await levels.told_before(site.name, clock.now() - timedelta(seconds=60))
    location = site.connection.design.stock.bigcommerce_location_id
    skus = sorted(told)
    if len(skus) / ASKED_AT_ONCE > items / ITEMS_PER_PAGE + 2:
        there: dict[str, int] = {}
        async for page in site.shop.all_inventory_levels(location, lane=Lane.STOCK):
            there |= {sku: level for sku, level in page.items() if sku in told}
        await _compare(site, told, there)
        return
    for start in range(0, len(skus), ASKED_AT_ONCE):
        wanted = {sku: told[sku] for sku in skus[start : start + ASKED_AT_ONCE]}
        await _compare(site, wanted, await site.shop.inventory_levels(list(wanted), location, lane=Lane.STOCK))


async def _compare(site: Site, told: Mapping[str, int], there: Mapping[str, int]) -> None:
    """Notes which levels the shop shows as it was told, and which must be told again."""
    levels = running().journal.stock_levels
    wrong = [sku for sku, level in told.items() if there.get(sku) != level]
    await levels.verified(site.name, told.keys() - set(wrong))
    await levels.distrust(site.name, wrong)
