"""Falls between rounds: what one order takes from other SKUs and other shops is told without reading Cin7 again.

The shop takes a sold SKU off by itself. It does not know that a kit took parts which others need, nor what another shop
of the same company has sold; until the next round it would go on promising them.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from weighbridge.domain.stock.available import AvailabilityRow, ShopItem
from weighbridge.flows.attempt_runner import STOPPED, run_stage
from weighbridge.flows.context import Site, running
from weighbridge.flows.evaluation import weighed
from weighbridge.flows.orders.changes import find_changed_orders
from weighbridge.flows.orders.reserve import STOCK_FALL
from weighbridge.flows.stock.approval import may_tell
from weighbridge.flows.stock.compute import PARTS, figures_of
from weighbridge.flows.stock.fast_lane import lane_of
from weighbridge.flows.stock.publish import captured, tell_all
from weighbridge.flows.stock.read_levels import Reading
from weighbridge.jobs.engine import durable_flow, durable_step
from weighbridge.persistence.repositories.transfers import State

FLOW = STOCK_FALL


@durable_flow(FLOW)
async def stock_fall(connection: str, key: str) -> str:
    """Tells the shop of falls that follow from orders since the last reading."""
    return await tell_falls(connection, key)


@durable_step(FLOW)
async def tell_falls(connection: str, key: str) -> str:
    site = running().sites[connection]
    transfer = await running().journal.transfers.open(connection, FLOW, key)

    async def work() -> str:
        return await _tell_falls(site)

    ended = await run_stage(site, transfer, FLOW, (FLOW, key), work)
    if ended != STOPPED:
        await weighed(transfer, (), state=State.POSTED, reason_kind="", reason="", owner="")
    return ended


async def _tell_falls(site: Site) -> str:
    journal = running().journal
    if not await may_tell(site):
        return "the first levels were not accepted yet"
    fast = (await lane_of(site)).told
    reading = await _last_reading(site, fast)
    if reading is None:
        return "no stock was read yet"
    if not await captured(site, await find_changed_orders(site)):
        return "orders are still being read"
    items = await _touched(site, reading, fast)
    shown = await journal.stock_levels.shown(site.name)
    figures = await figures_of(site, reading, items)
    falls = tuple(one for one in figures if one.ats < shown.get(one.slot, 0))
    await tell_all(site, falls, items)
    return f"{len(falls)} levels fell between two readings"


async def _last_reading(site: Site, fast: frozenset[str]) -> Reading | None:
    """The last reading of the stock list as far as the journal keeps it: the shop's SKUs and the parts of kits, but not
    those that the fast lane has read since."""
    journal = running().journal
    known = await journal.stock_levels.last_reading(site.name)
    levels = {slot: level for slot, level in known.items() if slot[0] not in fast}
    if not levels:
        return None
    there = {(sku, place): units for (sku, _), level in levels.items() for place, units in level.by_location.items()}
    parts = await journal.references.read(site.name, PARTS)
    for place, units in (parts[0] if parts else {}).items():
        there |= {(sku, place): Decimal(count) for sku, count in units.items()}
    rows = tuple(AvailabilityRow(sku, place, "", "", None, units) for (sku, place), units in there.items())
    read_at = {sku: level.read_at for (sku, _), level in levels.items()}
    return Reading(min(read_at.values()), rows, 0, {}, read_at)


async def _touched(site: Site, reading: Reading, fast: frozenset[str]) -> Mapping[str, ShopItem]:
    """The shop's SKUs that orders not yet seen in the reading take from, by themselves or through shared parts."""
    journal = running().journal
    sold = await journal.promises.in_flight(running().sharing_stock(site), reading.began, reading.asked_at)
    bills = await journal.catalogue.bills(site.name)
    touched = set(sold)
    for group in bills.groups():
        if group & sold.keys():
            touched |= group
    figured = {sku for sku, _ in await journal.stock_levels.last_reading(site.name)}
    items = await journal.catalogue.shop_items(site.name)
    return {sku: items[sku] for sku in (touched & items.keys() & figured) - fast}
