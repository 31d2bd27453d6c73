"""Sweeps: hooks are hints, sweeps are the truth. Each reads what changed since its watermark and asks for looks."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from weighbridge.domain.findings.finding import FindingKind
from weighbridge.domain.orders.snapshot import not_seen_since
from weighbridge.flows import fulfilment, orders, refunds
from weighbridge.flows.altered_sales import hold_altered_sales
from weighbridge.flows.duplicates import void_extras
from weighbridge.flows.lone_credits import find_lone_credits, look_at_those_of
from weighbridge.flows.refund_search import ask_for_refunds
from weighbridge.flows.revival import revive
from weighbridge.flows.runtime import Site, running
from weighbridge.flows.stage import Stage, end_round, run_stage
from weighbridge.jobs.engine import durable_flow, durable_step
from weighbridge.journal.transfers import State, Transfer
from weighbridge.platforms.bigcommerce.order_models import OrderHeader
from weighbridge.platforms.bigcommerce.payload import UnreadableRow
from weighbridge.platforms.bigcommerce.read import order_version
from weighbridge.platforms.cin7.read import dispatch_version, is_ours, order_id_of
from weighbridge.platforms.cin7.sale_models import SaleRow, UnreadableSale
from weighbridge.platforms.lanes import Lane

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
ORDER_SWEEP = "order_sweep"
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


async def find_changed_orders(site: Site) -> dict[str, str]:
    """Asks for a look at every order whose stored version is not the one the shop shows; answers them with it.

    Re-reads an overlap, since the shop's list is ordered by a key that moves while it is paged. A row that cannot be
    read is looked at by itself, so that it stops nobody else. Source: platform notes, bigcommerce 2.1.
    """
    journal = running().journal
    asked: dict[str, str] = {}
    async for page in site.shop.orders(min_date_modified=await _since(site, ORDER_SWEEP), lane=Lane.RECONCILIATION):
        known = await journal.transfers.find_many(site.name, orders.FLOW, [str(row.id) for row in page])
        for row in page:
            order_id = str(row.id)
            found = known.get(order_id)
            if isinstance(row, UnreadableRow):
                await _ask_about_unreadable(site, order_id, row, found)
                continue
            captured = found is not None and bool(found.target_id)
            version = order_version(row, site.capture_rule, already_captured=captured)
            if found is None or found.source_version != version or _written_to_since(found, row):
                await journal.agenda.look_again(site.name, orders.FLOW, order_id, "sweep")
                asked[order_id] = version
        seen = [row.date_modified for row in page if isinstance(row, OrderHeader)]
        if seen:
            await journal.watermarks.advance(site.name, ORDER_SWEEP, max(seen))
    return asked


def _written_to_since(found: Transfer, row: OrderHeader) -> bool:
    """Whether lines or addresses may have changed, of which the order's own fields tell nothing.

    A held order that was never posted is looked at whenever it was written to after it was weighed.
    """
    if found.state not in (State.POSTED, State.HELD):
        return False
    if found.state is State.HELD and not found.content:
        return row.date_modified > found.updated_at
    return not not_seen_since(found.content, row.date_modified)


async def _ask_about_unreadable(site: Site, order_id: str, row: UnreadableRow, found: Transfer | None) -> None:
    if found is not None and found.source_version == row.digest:
        return
    await running().journal.agenda.look_again(site.name, orders.FLOW, order_id, "unreadable row")
    transfer = found or await running().journal.transfers.open(site.name, orders.FLOW, order_id)
    await running().journal.transfers.change(transfer.id, source_version=row.digest)


async def _find_changed_sales(site: Site) -> str:
    """Asks for a look at every sale of ours whose dispatch changed; voids sales that exist twice.

    A row that cannot be read is looked at by itself, so that it stops nobody else.
    """
    journal = running().journal
    asked = 0
    async for page in site.books.sale_list(updated_since=await _since(site, FULFILMENT_SWEEP), lane=Lane.FULFILMENT):
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


async def _since(site: Site, name: str) -> datetime:
    """Where a sweep begins: its watermark less the overlap."""
    cadence = site.connection.design.cadence
    mark = await running().journal.watermarks.read(site.name, name)
    return (mark or running().clock.now() - cadence.first_sweep) - cadence.overlap


def told(asked: int) -> str:
    """How a sweep ended, in words."""
    return f"asked for {asked} looks" if asked else "nothing new"
