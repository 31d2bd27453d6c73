"""Sweeps: hooks are hints, sweeps are the truth. Each reads what changed since its watermark and asks for looks."""

from __future__ import annotations

from datetime import timedelta

import structlog

from weighbridge.engine import durable_flow, durable_step
from weighbridge.flows import fulfilment, orders
from weighbridge.flows.duplicates import void_extras
from weighbridge.flows.runtime import Site, running
from weighbridge.flows.stage import STOPPED, Stage, run_stage
from weighbridge.journal.transfers import State
from weighbridge.platforms.bigcommerce.read import order_version
from weighbridge.platforms.budget import Lane
from weighbridge.platforms.cin7.read import dispatch_version, is_ours

log = structlog.get_logger()

ORDER_SWEEP = "order_sweep"
FULFILMENT_SWEEP = "fulfilment_sweep"
ALL = "*"


@durable_flow(ORDER_SWEEP)
async def order_sweep(connection: str, key: str) -> str:
    """Finds orders that changed at the shop and that no hook, or a lost one, told of."""
    return await sweep_shop(connection, key)


@durable_step("order_sweep")
async def sweep_shop(connection: str, key: str) -> str:
    site = running().sites[connection]
    cadence = site.connection.design.cadence.orders
    return await _sweep(site, ORDER_SWEEP, key, cadence, lambda: find_changed_orders(site))


@durable_flow(FULFILMENT_SWEEP)
async def fulfilment_sweep(connection: str, key: str) -> str:
    """Finds sales that changed in Cin7: parcels to report, and sales that should not exist twice."""
    return await sweep_books(connection, key)


@durable_step("fulfilment_sweep")
async def sweep_books(connection: str, key: str) -> str:
    site = running().sites[connection]
    cadence = site.connection.design.cadence.fulfilment
    return await _sweep(site, FULFILMENT_SWEEP, key, cadence, lambda: _find_changed_sales(site))


async def _sweep(site: Site, flow: str, key: str, cadence: timedelta, work: Stage) -> str:
    """One run of a recurring sweep; the next one is put on the agenda however this one ends."""
    journal = running().journal
    transfer = await journal.transfers.open(site.name, flow, key)
    ended = await run_stage(site, transfer, flow, (flow, key), work)
    if ended != STOPPED:
        await journal.transfers.weighed(transfer.id, (), state=State.POSTED, reason_kind="", reason="")
        await journal.agenda.look_again(site.name, flow, key, "cadence", after=cadence)
    return ended


async def find_changed_orders(site: Site) -> str:
    """Asks for a look at every order whose stored version is not the one the shop shows.

    Re-reads an overlap, since the shop's list is ordered by a key that moves while it is paged.
    Source: platform notes, bigcommerce 2.1.
    """
    journal = running().journal
    mark = await journal.watermarks.read(site.name, ORDER_SWEEP)
    since = (mark or running().clock.now() - site.connection.design.cadence.first_sweep) - (
        site.connection.design.cadence.overlap
    )
    asked = 0
    async for page in site.shop.orders(min_date_modified=since, lane=Lane.RECONCILIATION):
        for header in page:
            found = await journal.transfers.find(site.name, orders.FLOW, str(header.id))
            captured = found is not None and bool(found.target_id)
            version = order_version(header, site.capture_rule, already_captured=captured)
            if found is None or found.source_version != version:
                await journal.agenda.look_again(site.name, orders.FLOW, str(header.id), "sweep")
                asked += 1
        if page:
            await journal.watermarks.advance(site.name, ORDER_SWEEP, max(row.date_modified for row in page))
    return f"asked for {asked} looks" if asked else "nothing new"


async def _find_changed_sales(site: Site) -> str:
    """Asks for a look at every sale of ours whose dispatch changed; voids sales that exist twice."""
    journal = running().journal
    mark = await journal.watermarks.read(site.name, FULFILMENT_SWEEP)
    since = (mark or running().clock.now() - site.connection.design.cadence.first_sweep) - (
        site.connection.design.cadence.overlap
    )
    asked = 0
    async for page in site.books.sale_list(updated_since=since, lane=Lane.FULFILMENT):
        ours = [row for row in page if is_ours(row, site.sale_policy)]
        for row in ours:
            version = dispatch_version(row)
            if version:
                found = await journal.transfers.find(site.name, fulfilment.FLOW, row.id)
                if found is None or found.source_version != version:
                    await journal.agenda.look_again(site.name, fulfilment.FLOW, row.id, "sweep")
                    asked += 1
        await void_extras(site, ours)
        if page:
            await journal.watermarks.advance(site.name, FULFILMENT_SWEEP, max(row.updated for row in page))
    return f"asked for {asked} looks" if asked else "nothing new"
