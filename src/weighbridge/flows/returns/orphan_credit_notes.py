"""Orphan credit notes: credit notes made by hand in Cin7 while the store refunded nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal

import structlog

from weighbridge.domain.findings.finding import hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.lanes import Lane
from weighbridge.domain.returns.refund_keys import CIN7_ONLY, ONE_SIDED_PREFIXES, refund_key
from weighbridge.domain.values.money import total
from weighbridge.flows.attempt_runner import DONE, STOPPED
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.evaluation import record_evaluation, record_not_captured
from weighbridge.flows.orders import flow as orders
from weighbridge.flows.orders.gateway_refunds import FLOW
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.platforms.bigcommerce.refund_read import read_refund
from weighbridge.platforms.cin7 import read
from weighbridge.platforms.cin7.models import sales as sale_models

log = structlog.get_logger()


async def find_orphan_credit_notes(ctx: ConnectionContext, sales: Sequence[sale_models.SaleRow]) -> None:
    """Enqueues each sale of ours with a credit note made by hand and no refund at the store, and those already held for
    it: goods may be back, and the shopper still waits for the money."""
    repositories = ctx.repositories
    keys = {
        refund_key(order_id, f"{CIN7_ONLY}{sale.id}"): sale
        for sale in sales
        if (order_id := read.order_id_of(sale, ctx.sale_policy)) is not None
    }
    known = await repositories.transfers.find_many(ctx.name, FLOW, list(keys))
    for key, sale in keys.items():
        if key in known:
            if known[key].state is State.HELD:
                await repositories.job_queue.enqueue(ctx.name, FLOW, key, "its sale changed")
        elif sale.credit_note_number and not await _refunds_of(ctx, key.partition(":")[0]):
            await repositories.transfers.open(ctx.name, FLOW, key)
            await repositories.job_queue.enqueue(ctx.name, FLOW, key, "credited by hand")


async def recheck_one_sided_refunds(ctx: ConnectionContext, order_ids: Collection[str]) -> None:
    """Enqueues held gateway refunds and orphan credit notes of orders that the store has refunded meanwhile."""
    for order_id in order_ids:
        for transfer in await _refunds_of(ctx, order_id):
            if transfer.state is State.HELD and transfer.key.partition(":")[2].startswith(ONE_SIDED_PREFIXES):
                await ctx.repositories.job_queue.enqueue(ctx.name, FLOW, transfer.key, "refunded at the store")


async def evaluate_orphan_credit_note(ctx: ConnectionContext, transfer: Transfer) -> str:
    """Holds an orphan credit note; closes it once Cin7 shows it voided or the store shows a refund."""
    order_id, _, credit = transfer.key.partition(":")
    sale = await ctx.cin7.sale(credit.removeprefix(CIN7_ONLY), lane=Lane.RETURNS)
    credited = credited_by_hand(sale, ctx)
    if not credited:
        await record_not_captured(ctx, transfer, "credit_note_voided", "Cin7 shows no such credit note any more")
        return DONE
    refunds = [read_refund(refund) for refund in await ctx.bigcommerce.order_refunds(int(order_id), lane=Lane.RETURNS)]
    if any(refund.moved_money for refund in refunds):
        await record_not_captured(ctx, transfer, "refunded", "the store shows a refund of the order")
        return DONE
    numbers = ", ".join(document.number for document in _credit_notes_by_hand(sale, ctx))
    expected = "a refund at the store, or no credit note: the shopper was credited and has no money yet"
    finding = hold(FindingKind.CREDITED_NOT_REFUNDED, "sale.credit_notes", numbers, expected)
    order = await ctx.repositories.transfers.find(ctx.name, orders.FLOW, order_id)
    await record_evaluation(ctx, transfer, (finding,), amount=credited, currency=order.currency if order else "")
    log.warning("credited_not_refunded", order=order_id, sale=read.sale_number(sale))
    return STOPPED


def credited_by_hand(sale: sale_models.SaleDetail, ctx: ConnectionContext) -> Decimal:
    """The total of the credit notes that people made for this sale, with tax, in order currency."""
    return total(document.total or Decimal(0) for document in _credit_notes_by_hand(sale, ctx))


def _credit_notes_by_hand(sale: sale_models.SaleDetail, ctx: ConnectionContext) -> list[sale_models.CreditNoteDocument]:
    prefix = f"{ctx.sale_policy.external_id_prefix}:{ctx.sale_policy.store}:"
    return [
        document
        for document in sale.credit_notes
        if document.status in read.COUNTING and not document.memo.startswith(prefix)
    ]


async def _refunds_of(ctx: ConnectionContext, order_id: str) -> list[Transfer]:
    """The refunds of an order that have a transfer."""
    return await ctx.repositories.transfers.with_parent_key(ctx.name, FLOW, order_id)
