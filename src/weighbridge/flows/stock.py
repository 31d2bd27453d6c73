"""Stock: scan what the warehouse has, take off what the shop has promised, tell the shop what changed, read it back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import structlog

from weighbridge.domain.bundle import Bills
from weighbridge.domain.finding import Finding, FindingKind, hold
from weighbridge.domain.shared_stock import Routing, Sharing, SharingPolicy, promises
from weighbridge.domain.stock import (
    AvailabilityRow,
    Figure,
    ShopItem,
    available_by_location,
    available_by_sku,
    changes,
    figure,
    shared_figure,
)
from weighbridge.engine import durable_flow, durable_step
from weighbridge.flows import orders
from weighbridge.flows.bookkeeping import READY
from weighbridge.flows.held_objects import report
from weighbridge.flows.runtime import Site, running
from weighbridge.flows.stage import end_round, run_stage
from weighbridge.flows.stock_scan import scan
from weighbridge.flows.sweeps import find_changed_orders
from weighbridge.flows.write_once import Later
from weighbridge.journal.transfers import State
from weighbridge.platforms.bigcommerce import write
from weighbridge.platforms.exchange import Refused
from weighbridge.platforms.lanes import Lane

log = structlog.get_logger()

FLOW = "stock"
ALL = "*"
LEVEL, BILL = "stock_level", "bill_of_materials"
"""Under these names a SKU waits for a person whose level the shop refuses, or whose bill of materials is no bill."""
SETTLED = frozenset({State.HELD, State.REJECTED})
CAPTURE_PATIENCE = timedelta(seconds=60)
"""How long a push waits for the orders it just heard of; then it tells the shop of falls only."""


@durable_flow(FLOW)
async def stock(connection: str, key: str) -> str:
    """One full round of stock: scan, figure, push, verify."""
    return await push_stock(connection, key)


@durable_step("stock")
async def push_stock(connection: str, key: str) -> str:
    site = running().sites[connection]
    transfer = await running().journal.transfers.open(connection, FLOW, key)

    async def work() -> str:
        return await _push(site)

    ended = await run_stage(site, transfer, "stock", (FLOW, key), work)
    await end_round(transfer, ended, site.connection.design.stock.cadence)
    return ended


async def _push(site: Site) -> str:
    journal = running().journal
    if await journal.references.read(site.name, READY) is None:
        at = running().clock.now() + timedelta(seconds=5)
        raise Later("references", "the catalogues of both sides are not read yet", at)
    await _verify_earlier(site)
    started = running().clock.now()
    rows = await scan(site)
    all_captured = await _captured(site, await find_changed_orders(site))
    items = await journal.catalogue.shop_items(site.name)
    figures = await _figures(site, rows, items, started)
    await journal.stock_levels.scanned(site.name, figures)
    shown = await journal.stock_levels.shown(site.name)
    differing = changes(figures, shown)
    if not all_captured:
        differing = tuple(one for one in differing if one.ats < shown.get(one.sku, one.ats + 1))
    size = site.connection.design.stock.batch
    refused: dict[str, tuple[Finding, ...]] = {}
    for start in range(0, len(differing), size):
        refused |= await _tell(site, differing[start : start + size], items)
    if all_captured:
        await report(site, LEVEL, refused)
    return f"{len(differing)} of {len(figures)} figures pushed"


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


async def _figures(
    site: Site, rows: Sequence[AvailabilityRow], items: Mapping[str, ShopItem], started: datetime
) -> tuple[Figure, ...]:
    """A figure for every SKU that the shop tracks and the books stock; a SKU without a row has nothing.

    Source: platform notes, cin7 3.1 (rows vanish at zero).
    """
    journal, policy = running().journal, site.connection.design.stock
    available = available_by_sku(rows, frozenset(policy.locations), started.date())
    in_flight = await journal.promises.in_flight(running().sharing_stock(site), started)
    unsellable = await journal.catalogue.unsellable_skus(site.name)
    stocked = await journal.catalogue.stocked_skus(site.name)
    bills = await journal.catalogue.bills(site.name)
    zero = Decimal(0)
    plain = {
        sku: figure(
            sku,
            available.get(sku, zero),
            in_flight.get(sku, zero),
            Decimal(policy.buffer),
            sellable=sku not in unsellable and sku not in bills.findings,
        )
        for sku, item in items.items()
        if sku in stocked and item.tracking != "none"
    }
    await report(site, BILL, {sku: (finding,) for sku, finding in bills.findings.items()})
    by_location = available_by_location(rows, frozenset(policy.locations), started.date())
    return tuple((plain | _shared(site, bills, plain, by_location, in_flight)).values())


def _shared(
    site: Site,
    bills: Bills,
    plain: Mapping[str, Figure],
    by_location: Mapping[str, Mapping[str, Decimal]],
    in_flight: Mapping[str, Decimal],
) -> dict[str, Figure]:
    """The figures of kits and their parts, group by group: parts that several could use are promised once.

    What is in flight will be posted at the sale's location.
    """
    policy = site.connection.design.stock
    home = site.sale_policy.location
    home = home if home in by_location else policy.locations[0]
    sharing = SharingPolicy(Sharing(policy.sharing), Routing(policy.routing), policy.priority, policy.singles_share)
    found: dict[str, Figure] = {}
    for group in bills.groups():
        shown = group & plain.keys()
        stock = {place: {sku: there[sku] for sku in group & there.keys()} for place, there in by_location.items()}
        sold = {home: {sku: in_flight[sku] for sku in group & in_flight.keys()}}
        sellable = {sku for sku in shown if plain[sku].sellable}
        given = promises(sellable, bills, stock, sold, sharing)
        found |= {sku: shared_figure(plain[sku], given[sku], frozenset(shown)) for sku in sellable}
    return found


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


async def _verify_earlier(site: Site) -> None:
    """Reads back what was told before the last minute; a level that differs is told again.

    A shop's own sale in between makes a difference too, and telling the current figure again is right then as well.
    Source: platform notes, bigcommerce 5.3 (adjustments are applied asynchronously).
    """
    journal = running().journal
    told = await journal.stock_levels.told_before(site.name, running().clock.now() - timedelta(seconds=60))
    skus = sorted(told)
    for start in range(0, len(skus), 50):
        wanted = skus[start : start + 50]
        there = await site.shop.inventory_levels(
            wanted, site.connection.design.stock.bigcommerce_location_id, lane=Lane.STOCK
        )
        wrong = [sku for sku in wanted if there.get(sku) != told[sku]]
        await journal.stock_levels.verified(site.name, [sku for sku in wanted if sku not in wrong])
        await journal.stock_levels.distrust(site.name, wrong)
