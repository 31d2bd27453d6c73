"""Stock: scan what the warehouse has, take off what the shop has promised, tell the shop what changed, read it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import structlog

from weighbridge.domain.stock.available import Figure, ShopItem, Slot, changes
from weighbridge.domain.stock.increases import agreed
from weighbridge.flows.attempt_runner import STOPPED, end_round, run_stage
from weighbridge.flows.context import Site, running
from weighbridge.flows.evaluation import weighed
from weighbridge.flows.idempotent_write import Later
from weighbridge.flows.open_findings import report
from weighbridge.flows.orders.changes import find_changed_orders
from weighbridge.flows.reference_data.load import READY
from weighbridge.flows.stock.approval import DRY_RUN, look, may_tell, wait_for_a_person
from weighbridge.flows.stock.compute import doubtful_of, figures_of, keep_parts
from weighbridge.flows.stock.fast_lane import lane_of
from weighbridge.flows.stock.publish import captured, tell_all, verify_earlier
from weighbridge.flows.stock.read_levels import Reading, read_again, scan
from weighbridge.flows.stock.shrinkage import note_losses
from weighbridge.flows.stock.untracked_sellout import report_sellable_at_zero
from weighbridge.jobs.engine import durable_flow, durable_step
from weighbridge.persistence.repositories.oversell_risk import Level
from weighbridge.persistence.repositories.transfers import State

log = structlog.get_logger()

FLOW = "stock"
ALL = "*"
LEVEL, ROW = "stock_level", "stock_row"
"""Under these names a SKU waits for a person whose level the shop refuses, or whose row in Cin7 cannot be read."""
NO_SKU = "(no SKU)"


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
    fast = (await lane_of(site)).told
    every = await journal.catalogue.shop_items(site.name)
    items = {sku: item for sku, item in every.items() if sku not in fast}
    await verify_earlier(site, len(every))
    reading = await scan(site)
    all_captured = await captured(site, await find_changed_orders(site))
    await report(site, ROW, {sku or NO_SKU: (finding,) for sku, finding in reading.unreadable.items()})
    await report_sellable_at_zero(site, reading, items)
    figures = await figures_of(site, reading, items)
    await keep_parts(site, reading)
    before = await journal.exposures.before(site.name, reading.began)
    told = await _agreed(site, reading, figures, items, before)
    await note_losses(site, reading, figures, before)
    began, asked_at = reading.began, reading.asked_at
    keep_theirs = (fast & every.keys()) | await doubtful_of(site, reading, items)
    del reading, before
    await journal.stock_levels.scanned(site.name, figures, began, asked_at, keep_theirs)
    shown = await journal.stock_levels.shown(site.name)
    differing = changes(told, shown)
    refused = await tell_all(site, differing, every, falls_only=not all_captured)
    if all_captured:
        await report(site, LEVEL, refused)
    return f"{len(differing)} of {len(figures)} figures pushed"


async def _agreed(
    site: Site,
    reading: Reading,
    figures: Sequence[Figure],
    items: Mapping[str, ShopItem],
    before: Mapping[Slot, Level],
) -> tuple[Figure, ...]:
    """What may be told: falls as they are, rises as far as the reading before agrees; a second reading is made at once
    where few calls do, otherwise the next round is the second."""
    if site.connection.design.stock.rises == "at_once":
        return tuple(figures)
    shown = await running().journal.stock_levels.shown(site.name)
    first = agreed(figures, shown, {slot: level.ats for slot, level in before.items()})
    again = await read_again(site, reading, {sku for sku, _ in first.unconfirmed})
    if again is None:
        return first.figures
    doubtful = frozenset(first.unconfirmed)
    second = await figures_of(site, again, items)
    both = agreed((one for one in second if one.slot in doubtful), shown, {one.slot: one.ats for one in figures})
    return (*(one for one in first.figures if one.slot not in doubtful), *both.figures)
