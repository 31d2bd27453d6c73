"""Sweeps: hooks are hints, sweeps are the truth. Each reads what changed since its watermark and asks for looks."""

from __future__ import annotations

from datetime import timedelta

import structlog

from weighbridge.domain.findings.finding import FindingKind
from weighbridge.domain.lanes import Lane
from weighbridge.flows.attempt_runner import Stage, end_round, run_stage
from weighbridge.flows.context import Site, running
from weighbridge.flows.discovery.lost_jobs import revive
from weighbridge.flows.fulfilment import flow as fulfilment
from weighbridge.flows.orders import flow as orders
from weighbridge.flows.orders.changes import ORDER_SWEEP as ORDER_SWEEP
from weighbridge.flows.orders.changes import find_changed_orders, sweep_start
from weighbridge.flows.orders.duplicate_sales import void_extras
from weighbridge.flows.orders.manual_edits import hold_altered_sales
from weighbridge.flows.returns import flow as refunds
from weighbridge.flows.returns.discover import ask_for_refunds
from weighbridge.flows.returns.orphan_credit_notes import find_lone_credits, look_at_those_of
from weighbridge.jobs.engine import durable_flow, durable_step
from weighbridge.persistence.repositories.transfers import State
from weighbridge.platforms.cin7.models.sales import SaleRow, UnreadableSale
from weighbridge.platforms.cin7.read import dispatch_version, is_ours, order_id_of

log = structlog.get_logger()

WAIT_FOR_A_SALE = frozenset(
    {
        FindingKind.CHANGED_AFTER_POSTING,
        FindingKind.CHANGED_AFTER_PICKING,
        FindingKind.CHANGED_AFTER_BILLING,
        FindingKind.CANCELLED_AFTER_POSTING,
        FindingKind.CANCELLED_AFTER_PICKING,
        FindingKind.CANCELLED_AFTER_PAYMENT,
        FindingKind.CANCELLED_AFTER_DISPATCH,
    }
)
"""Reasons for which an order is held until its sale in Cin7 is another one."""
MEANWHILE = timedelta(minutes=2)
"""A change this long before an order was weighed may not have been seen by it: clocks differ."""
FULFILMENT_SWEEP = "fulfilment_sweep"
ALL = "*"


@durable_flow(ORDER_SWEEP)
async def order_sweep(connection: str, key: str) -> str:
    """Finds orders that changed and refunds that were made at the shop, whether a hook told of them or not."""
    return await sweep_shop(connection, key)


@durable_step("order_sweep")
async def sweep_shop(connection: str, key: str) -> str:
    site = running().sites[connection]
    cadence = site.connection.design.cadence.orders
    return await _sweep(site, ORDER_SWEEP, key, cadence, lambda: _sweep_orders(site))


async def _sweep_orders(site: Site) -> str:
    changed, refunded = await find_changed_orders(site), await ask_for_refunds(site)
    await look_at_those_of(site, refunded)
    asked = len(changed) + len(refunded)
    return told(asked + await revive(site, orders.FLOW) + await revive(site, refunds.FLOW))


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
    await end_round(transfer, ended, cadence)
    return ended


async def _find_changed_sales(site: Site) -> str:
    """Asks for a look at every sale of ours whose dispatch changed; voids sales that exist twice.

    A row that cannot be read is looked at by itself, so that it stops nobody else.
    """
    journal = running().journal
    asked = 0
    async for page in site.books.sale_list(
        updated_since=await sweep_start(site, FULFILMENT_SWEEP), lane=Lane.FULFILMENT
    ):
        rows = [row for row in page if isinstance(row, SaleRow)]
        for unreadable in (row for row in page if isinstance(row, UnreadableSale)):
            log.warning("sale_row_unreadable", connection=site.name, sale=unreadable.id)
            await journal.agenda.look_again(site.name, fulfilment.FLOW, unreadable.id, "unreadable row")
        ours = [row for row in rows if is_ours(row, site.sale_policy)]
        known = await journal.transfers.find_many(site.name, fulfilment.FLOW, [row.id for row in ours])
        for row in ours:
            version = dispatch_version(row)
            if not version or (row.id in known and known[row.id].source_version == version):
                continue
            transfer = await journal.transfers.open(site.name, fulfilment.FLOW, row.id)
            if transfer.source_version != version:
                await journal.agenda.look_again(site.name, fulfilment.FLOW, row.id, "sweep")
                order_id = str(order_id_of(row, site.sale_policy))
                await journal.transfers.change(transfer.id, source_version=version, target_id=order_id)
                asked += 1
        await _wake_waiting_orders(site, ours)
        await void_extras(site, ours)
        await find_lone_credits(site, ours)
        await hold_altered_sales(site, ours)
        if rows:
            await journal.watermarks.advance(site.name, FULFILMENT_SWEEP, max(row.updated for row in rows))
    return told(asked + await revive(site, fulfilment.FLOW))


async def _wake_waiting_orders(site: Site, ours: list[SaleRow]) -> None:
    """Asks for a look at every order that waits for somebody to act on its sale, now that the sale changed."""
    journal = running().journal
    rows = {str(order_id_of(row, site.sale_policy)): row for row in ours}
    known = await journal.transfers.find_many(site.name, orders.FLOW, list(rows))
    for order_id, transfer in known.items():
        waits = transfer.state is State.HELD and transfer.reason_kind in WAIT_FOR_A_SALE
        if waits and rows[order_id].updated >= transfer.updated_at - MEANWHILE:
            await journal.agenda.look_again(site.name, orders.FLOW, order_id, "its sale changed")


def told(asked: int) -> str:
    """How a sweep ended, in words."""
    return f"asked for {asked} looks" if asked else "nothing new"
