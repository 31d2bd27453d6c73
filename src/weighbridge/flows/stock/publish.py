"""Telling stock: which orders must be known first, how levels are told, and how they are read back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

import structlog

from weighbridge.common.concurrency import side_by_side
from weighbridge.domain.findings.finding import Finding, FindingKind, hold
from weighbridge.domain.lanes import Lane
from weighbridge.domain.stock.available import Figure, ShopItem, Slot, less_unseen
from weighbridge.flows.context import Site, running
from weighbridge.flows.orders import flow as orders
from weighbridge.flows.stock.locations import missing_at_the_shop
from weighbridge.persistence.repositories.transfers import State
from weighbridge.platforms.bigcommerce import write
from weighbridge.platforms.bigcommerce.client import ITEMS_PER_PAGE
from weighbridge.platforms.http_exchange import Refused

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
    site: Site, figures: Sequence[Figure], items: Mapping[str, ShopItem], *, falls_only: bool = False
) -> dict[str, tuple[Finding, ...]]:
    """Tells levels in batches as large as the design says, each less what the shop is seen to have sold unheard. With
    `falls_only`, what would be more than the shop shows is left out. Answers the items that it refused, by SKU."""
    refused: dict[str, tuple[Finding, ...]] = {}
    longest, clock = timedelta(0), running().clock
    missing = await missing_at_the_shop(site) if figures else frozenset[int]()
    can_be_told = (one for one in figures if one.shop_location not in missing)
    for together in _batches(can_be_told, site.connection.design.stock.batch):
        asked_at = clock.now()
        batch = await _with_unheard_sales(site, together, len(items), falls_only=falls_only)
        if batch:
            refused |= await _tell(site, batch, items)
            longest = max(longest, clock.now() - asked_at)
    if longest:
        await running().journal.exposures.pushed(site.name, longest)
    return refused


def _batches(figures: Iterable[Figure], size: int) -> Iterator[list[Figure]]:
    """At most `size` figures at a time, except that those of one SKU, which follow each other, stay together."""
    batch: list[Figure] = []
    for one in figures:
        if len(batch) >= size and batch[-1].sku != one.sku:
            yield batch
            batch = []
        batch.append(one)
    if batch:
        yield batch


async def _with_unheard_sales(
    site: Site, figures: Sequence[Figure], items: int, *, falls_only: bool
) -> tuple[Figure, ...]:
    """The shop is asked right before it is told: what it sells from then on until it shows the level is overwritten."""
    journal, skus = running().journal, {one.sku for one in figures}
    told = await journal.stock_levels.last_told_of(site.name, skus)
    there = await _levels(site, [one.slot for one in figures if one.slot in told], items)
    placed = await journal.promises.placed_since_told(site.name, skus)
    found = less_unseen(figures, told, there, placed)
    return tuple(one for one in found if not falls_only or one.ats < there.get(one.slot, 0))


async def _tell(site: Site, figures: Sequence[Figure], items: Mapping[str, ShopItem]) -> dict[str, tuple[Finding, ...]]:
    """Tells the shop absolute levels; where it refuses a batch, the halves are told until the bad item stands alone.
    Answers the items that it refused, by SKU.

    Setting an absolute level twice is harmless, so no intent is kept.
    Source: Inventory V3, PUT /inventory/adjustments/absolute; it does not say which item it refused.
    """
    body = write.absolute_levels(figures, items)
    try:
        await site.shop.set_inventory_absolute(body, lane=Lane.STOCK)
    except Refused as refusal:
        if len(figures) == 1:
            said, refused_at = "; ".join(refusal.messages), figures[0].shop_location
            expected = f"a SKU whose level the shop lets be set to {figures[0].ats} at location {refused_at}"
            finding = hold(FindingKind.REFUSED_BY_BIGCOMMERCE, f"stock of {figures[0].sku}", said, expected)
            return {figures[0].sku: (finding,)}
        middle = len(figures) // 2
        first = await _tell(site, figures[:middle], items)
        return first | await _tell(site, figures[middle:], items)
    await running().journal.stock_levels.told(site.name, figures)
    return {}


async def verify_earlier(site: Site, items: int) -> None:
    """Reads back what was told before the last minute; a level that differs is told again. `items` is how many the shop
    has.

    A shop's own sale in between makes a difference too, and telling the current figure again is right then as well.
    Source: platform notes, bigcommerce 5.3 (adjustments are applied asynchronously).
    """
    levels, clock = running().journal.stock_levels, running().clock
    told = await levels.told_before(site.name, clock.now() - timedelta(seconds=60))
    there = await _levels(site, sorted(told), items)
    wrong = {slot for slot, level in told.items() if there.get(slot) != level}
    await levels.verified(site.name, told.keys() - wrong)
    await levels.distrust(site.name, {sku for sku, _ in wrong})


async def _levels(site: Site, slots: Sequence[Slot], items: int) -> dict[Slot, int]:
    """What the shop shows there. Of many SKUs, the whole list of its `items` is read: that takes fewer calls."""
    wanted = frozenset(slots)
    locations = sorted({location for _, location in wanted})
    skus = sorted({sku for sku, _ in wanted})
    there: dict[Slot, int] = {}
    if len(skus) / ASKED_AT_ONCE > items / ITEMS_PER_PAGE + 2:
        async for page in site.shop.all_inventory_levels(locations, lane=Lane.STOCK):
            there |= {slot: level for slot, level in page.items() if slot in wanted}
        return there

    async def ask(some: Sequence[str]) -> None:
        there.update(await site.shop.inventory_levels(some, locations, lane=Lane.STOCK))

    groups = [skus[start : start + ASKED_AT_ONCE] for start in range(0, len(skus), ASKED_AT_ONCE)]
    await side_by_side(groups, ask, site.connection.design.quota.bigcommerce_in_flight)
    return there
