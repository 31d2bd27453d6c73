"""Stock: scan what the warehouse has, take off what the shop has promised, tell the shop what changed, read it back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal

import structlog

from weighbridge.domain.finding import Finding, FindingKind, hold
from weighbridge.domain.stock import Figure, ShopItem, changes
from weighbridge.domain.stock_rise import agreed
from weighbridge.engine import durable_flow, durable_step
from weighbridge.flows import orders
from weighbridge.flows.bookkeeping import READY
from weighbridge.flows.held_objects import report
from weighbridge.flows.ownership import weighed
from weighbridge.flows.runtime import Site, running
from weighbridge.flows.stage import STOPPED, end_round, run_stage
from weighbridge.flows.stock_figures import figures_of
from weighbridge.flows.stock_review import DRY_RUN, look, may_tell, wait_for_a_person
from weighbridge.flows.stock_scan import Reading, read_again, scan
from weighbridge.flows.sweeps import find_changed_orders
from weighbridge.flows.write_once import Later
from weighbridge.journal.exposures import Level
from weighbridge.journal.transfers import State
from weighbridge.platforms.bigcommerce import write
from weighbridge.platforms.bigcommerce.client import ITEMS_PER_PAGE
from weighbridge.platforms.exchange import Refused
from weighbridge.platforms.lanes import Lane

log = structlog.get_logger()

FLOW = "stock"
ALL = "*"
LEVEL, ROW = "stock_level", "stock_row"
"""Under these names a SKU waits for a person whose level the shop refuses, or whose row in Cin7 cannot be read."""
NO_SKU = "(no SKU)"
SETTLED = frozenset({State.HELD, State.REJECTED})
ASKED_AT_ONCE = 50
"""SKUs asked for in one call: more would make the address too long."""
CAPTURE_PATIENCE = timedelta(seconds=60)
"""How long a push waits for the orders it just heard of; then it tells the shop of falls only."""


@durable_flow(FLOW)
async def stock(connection: str, key: str) -> str:
    """One full round of stock: scan, figure, push, verify; under the key `dry-run` one that only looks."""
    return await push_stock(connection, key)


@durable_step("stock")
async def push_stock(connection: str, key: str) -> str:
    site = running().sites[connection]
    transfer = await running().journal.transfers.open(connection, FLOW, key)

    async def work() -> str:
        await _references_are_read(site)
        if key == DRY_RUN:
            return await look(site, transfer)
        return await _push(site) if await may_tell(site) else await wait_for_a_person(transfer)

    ended = await run_stage(site, transfer, "stock", (FLOW, key), work)
    if key != DRY_RUN:
        await end_round(transfer, ended, site.connection.design.stock.cadence)
    elif ended != STOPPED:
        await weighed(transfer, (), state=State.POSTED, reason_kind="", reason="", owner="")
    return ended


async def _references_are_read(site: Site) -> None:
    if await running().journal.references.read(site.name, READY) is None:
        at = running().clock.now() + timedelta(seconds=5)
        raise Later("references", "the catalogues of both sides are not read yet", at)


async def _push(site: Site) -> str:
    journal = running().journal
    items = await journal.catalogue.shop_items(site.name)
    await _verify_earlier(site, len(items))
    reading = await scan(site)
    asked_at = running().clock.now()
    all_captured = await _captured(site, await find_changed_orders(site))
    await report(site, ROW, {sku or NO_SKU: (finding,) for sku, finding in reading.unreadable.items()})
    figures = await figures_of(site, reading, items)
    before = await journal.exposures.before(site.name, reading.began)
    told = await _agreed(site, reading, figures, items, before)
    await _note_falls(site, figures, before)
    await journal.stock_levels.scanned(site.name, figures, reading.began)
    shown = await journal.stock_levels.shown(site.name)
    differing = changes(told, shown)
    if not all_captured:
        differing = tuple(one for one in differing if one.ats < shown.get(one.sku, one.ats + 1))
    size = site.connection.design.stock.batch
    refused: dict[str, tuple[Finding, ...]] = {}
    for start in range(0, len(differing), size):
        refused |= await _tell(site, differing[start : start + size], items)
    if all_captured:
        await report(site, LEVEL, refused)
    if differing:
        await journal.exposures.pushed(site.name, running().clock.now() - asked_at)
    return f"{len(differing)} of {len(figures)} figures pushed"


async def _agreed(
    site: Site,
    reading: Reading,
    figures: Sequence[Figure],
    items: Mapping[str, ShopItem],
    before: Mapping[str, Level],
) -> tuple[Figure, ...]:
    """What may be told: falls as they are, rises as far as the reading before agrees; a second reading is made at once
    where few calls do, otherwise the next round is the second."""
    if site.connection.design.stock.rises == "at_once":
        return tuple(figures)
    shown = await running().journal.stock_levels.shown(site.name)
    first = agreed(figures, shown, {sku: level.ats for sku, level in before.items()})
    again = await read_again(site, reading, first.unconfirmed)
    if again is None:
        return first.figures
    doubtful = frozenset(first.unconfirmed)
    second = await figures_of(site, again, items)
    both = agreed((one for one in second if one.sku in doubtful), shown, {one.sku: one.ats for one in figures})
    return (*(one for one in first.figures if one.sku not in doubtful), *both.figures)


async def _note_falls(site: Site, figures: Sequence[Figure], before: Mapping[str, Level]) -> None:
    """Notes what left the warehouse since the reading before, other than by the shops' orders."""
    journal, now = running().journal, running().clock.now()
    moments = {level.read_at for level in before.values()}
    shops = running().sharing_stock(site)
    in_flight = {moment: await journal.promises.in_flight(shops, moment) for moment in moments}
    falls: dict[str, Decimal] = {}
    for one in figures:
        last = before.get(one.sku)
        if last is None or last.shares is not None or one.parts is not None:
            continue
        # Whatever the shops have sold by now is off on both sides, wherever Cin7 stands with it.
        expected = last.available - in_flight[last.read_at].get(one.sku, Decimal(0))
        fall = expected - (one.available - one.in_flight)
        if fall > 0:
            falls[one.sku] = fall
    look_back = timedelta(hours=site.connection.design.stock.sales_hours)
    await journal.exposures.fell(site.name, falls, now - look_back)


async def _captured(site: Site, asked: Mapping[str, str]) -> bool:
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


async def _verify_earlier(site: Site, items: int) -> None:
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
