"""Sweeps: each reads the changes since its watermark and enqueues jobs. Webhooks are hints; sweeps miss nothing."""

from __future__ import annotations

from datetime import timedelta

import structlog

from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.job_types import Flow
from weighbridge.domain.lanes import Lane
from weighbridge.flows.attempt_runner import AttemptWork, record_run, run_attempt
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.fulfilment import flow as fulfilment
from weighbridge.flows.fulfilment.order_status import confirm_statuses
from weighbridge.flows.orders import flow as orders
from weighbridge.flows.orders.changes import ORDER_SWEEP as ORDER_SWEEP
from weighbridge.flows.orders.changes import find_changed_orders, sweep_start
from weighbridge.flows.orders.duplicate_sales import void_extras
from weighbridge.flows.orders.manual_edits import hold_manual_edits
from weighbridge.flows.returns.discover import enqueue_new_refunds
from weighbridge.flows.returns.orphan_credit_notes import find_orphan_credit_notes, recheck_one_sided_refunds
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.platforms.cin7.models.sales import SaleRow, UnreadableSale
from weighbridge.platforms.cin7.read import dispatch_version, has_our_external_id, order_id_of

log = structlog.get_logger()

WAITING_FOR_SALE_CHANGE = frozenset(
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
"""Reasons for which an order is held until its sale in Cin7 is changed."""
CLOCK_SKEW = timedelta(minutes=2)
"""A change this long before an evaluation may be missing from it, because clocks differ."""
FULFILMENT_SWEEP = Flow.FULFILMENT_SWEEP


async def order_sweep(ctx: ConnectionContext, key: str) -> str:
    """The job that finds changed orders and new refunds of the store, with or without a webhook."""
    return await _sweep(ctx, ORDER_SWEEP, key, _sweep_orders)


async def _sweep_orders(ctx: ConnectionContext, transfer: Transfer) -> str:
    listed, refunded = await find_changed_orders(ctx), await enqueue_new_refunds(ctx)
    await confirm_statuses(ctx, listed.statuses)
    await recheck_one_sided_refunds(ctx, refunded)
    return sweep_outcome(len(listed.changed) + len(refunded))


async def fulfilment_sweep(ctx: ConnectionContext, key: str) -> str:
    """The job that finds changed sales in Cin7: parcels to report, duplicate sales, manual edits."""
    return await _sweep(ctx, FULFILMENT_SWEEP, key, _find_changed_sales)


async def _sweep(ctx: ConnectionContext, flow: str, key: str, work: AttemptWork) -> str:
    """One run of a recurring sweep."""
    transfer = await ctx.repositories.transfers.open(ctx.name, flow, key)
    outcome = await run_attempt(ctx, transfer, flow, (flow, key), work)
    await record_run(ctx, transfer, outcome)
    return outcome


async def _find_changed_sales(ctx: ConnectionContext, transfer: Transfer) -> str:
    """Enqueues every sale of ours whose dispatch changed; handles duplicate sales, credit notes and manual edits.

    A sale whose row cannot be read is enqueued by itself, so that it blocks no other.
    """
    repositories = ctx.repositories
    enqueued = 0
    async for page in ctx.cin7.sale_list(updated_since=await sweep_start(ctx, FULFILMENT_SWEEP), lane=Lane.FULFILMENT):
        rows = [row for row in page if isinstance(row, SaleRow)]
        for unreadable in (row for row in page if isinstance(row, UnreadableSale)):
            log.warning("sale_row_unreadable", connection=ctx.name, sale=unreadable.id)
            await repositories.job_queue.enqueue(ctx.name, fulfilment.FLOW, unreadable.id, "unreadable row")
        own_rows = [row for row in rows if has_our_external_id(row, ctx.sale_policy)]
        known = await repositories.transfers.find_many(ctx.name, fulfilment.FLOW, [row.id for row in own_rows])
        for row in own_rows:
            version = dispatch_version(row)
            if not version or (row.id in known and known[row.id].source_version == version):
                continue
            dispatch = await repositories.transfers.open(ctx.name, fulfilment.FLOW, row.id)
            if dispatch.source_version != version:
                await repositories.job_queue.enqueue(ctx.name, fulfilment.FLOW, row.id, "sweep")
                order_id = str(order_id_of(row, ctx.sale_policy))
                await repositories.transfers.change(dispatch.id, source_version=version, target_id=order_id)
                enqueued += 1
        await _requeue_waiting_orders(ctx, own_rows)
        await void_extras(ctx, own_rows)
        await find_orphan_credit_notes(ctx, own_rows)
        await hold_manual_edits(ctx, own_rows)
        if rows:
            await repositories.watermarks.advance(ctx.name, FULFILMENT_SWEEP, max(row.updated for row in rows))
    return sweep_outcome(enqueued)


async def _requeue_waiting_orders(ctx: ConnectionContext, own_rows: list[SaleRow]) -> None:
    """Enqueues every order that is held until a person changes its sale, now that the sale changed."""
    repositories = ctx.repositories
    rows = {str(order_id_of(row, ctx.sale_policy)): row for row in own_rows}
    known = await repositories.transfers.find_many(ctx.name, orders.FLOW, list(rows))
    for order_id, transfer in known.items():
        is_waiting = transfer.state is State.HELD and transfer.reason_kind in WAITING_FOR_SALE_CHANGE
        if is_waiting and rows[order_id].updated >= transfer.updated_at - CLOCK_SKEW:
            await repositories.job_queue.enqueue(ctx.name, orders.FLOW, order_id, "its sale changed")


def sweep_outcome(enqueued: int) -> str:
    """The outcome of a sweep in words."""
    return f"{enqueued} jobs enqueued" if enqueued else "nothing new"
