"""The fast lane of stock: during a flash sale a few named SKUs are read and told by themselves, every few seconds.

The full reading leaves them alone and reads in a lower lane, so that where calls are short it is the one to slow down.
"""

from __future__ import annotations

from weighbridge.domain.findings.finding import Finding
from weighbridge.domain.stock.available import changes
from weighbridge.domain.stock.fast_lane import FastLane, fast_lane
from weighbridge.domain.stock.increases import agreed
from weighbridge.flows.attempt_runner import end_round, run_stage
from weighbridge.flows.context import Site, running
from weighbridge.flows.open_findings import report
from weighbridge.flows.orders.changes import find_changed_orders
from weighbridge.flows.stock.approval import may_tell
from weighbridge.flows.stock.compute import figures_of
from weighbridge.flows.stock.publish import captured, tell_all
from weighbridge.flows.stock.read_levels import read_only
from weighbridge.flows.stock.shrinkage import note_losses
from weighbridge.jobs.engine import durable_flow, durable_step

FLOW = "stock_fast"
NAME = "fast_lane"
"""Under this name a SKU of the fast lane waits for a person: it cannot be read so, or the shop refuses its level."""
MOST_CALLS = 20
"""Calls to Cin7 that one round may take, of the 60 a minute that everything shares."""


@durable_flow(FLOW)
async def stock_fast(connection: str, key: str) -> str:
    """One round of the fast lane: read its SKUs, figure them, tell the shop."""
    return await push_fast_lane(connection, key)


@durable_step(FLOW)
async def push_fast_lane(connection: str, key: str) -> str:
    site = running().sites[connection]
    policy = site.connection.design.stock
    if not policy.fast_lane:
        await report(site, NAME, {})
        return "no SKU is in the fast lane"
    transfer = await running().journal.transfers.open(connection, FLOW, key)

    async def work() -> str:
        return await _push(site)

    ended = await run_stage(site, transfer, FLOW, (FLOW, key), work)
    await end_round(transfer, ended, policy.fast_lane_cadence)
    return ended


async def lane_of(site: Site) -> FastLane:
    """What the fast lane reads and tells; nothing where the design names none, or before the catalogues are read."""
    named, catalogue = site.connection.design.stock.fast_lane, running().journal.catalogue
    if not named:
        return FastLane()
    items, stocked = await catalogue.shop_items(site.name), await catalogue.stocked_skus(site.name)
    sold = {sku for sku, item in items.items() if item.tracked and sku in stocked}
    if not sold:
        return FastLane()
    return fast_lane(named, sold, await catalogue.bills(site.name), MOST_CALLS)


async def _push(site: Site) -> str:
    journal = running().journal
    if not await may_tell(site):
        return "the first levels were not accepted yet"
    lane = await lane_of(site)
    reading = await read_only(site, lane.read)
    all_captured = await captured(site, await find_changed_orders(site))
    every = await journal.catalogue.shop_items(site.name)
    figures = await figures_of(site, reading, {sku: every[sku] for sku in lane.told & every.keys()})
    before = await journal.exposures.before(site.name, reading.began, lane.told)
    told = tuple(figures)
    if site.connection.design.stock.rises == "two_readings":
        shown = await journal.stock_levels.shown(site.name)
        told = agreed(figures, shown, {slot: level.ats for slot, level in before.items()}).figures
    await note_losses(site, reading, figures, before)
    await journal.stock_levels.read_between(site.name, figures, reading.began, reading.asked_at)
    differing = changes(told, await journal.stock_levels.shown(site.name))
    refused = await tell_all(site, differing, every, falls_only=not all_captured)
    unusable: dict[str, tuple[Finding, ...]] = {sku: (one,) for sku, one in lane.findings.items()}
    unread = {sku: (one,) for sku, one in reading.unreadable.items()}
    await report(site, NAME, unusable | unread | refused)
    return f"{len(differing)} of {len(figures)} figures pushed"
