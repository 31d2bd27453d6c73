"""Cancellation: the sale of an order that was cancelled at the store is voided, or held for its owner."""

from __future__ import annotations

from weighbridge.domain.lanes import Lane
from weighbridge.domain.orders.cancellation import CancellationAction, cancellation
from weighbridge.domain.orders.order import Order
from weighbridge.domain.orders.sale import external_id_of
from weighbridge.flows.attempt_runner import DONE, STOPPED
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.evaluation import record_evaluation
from weighbridge.flows.idempotent_write import PROBES_BEFORE_RESENDING, RetryLater
from weighbridge.flows.orders.amend import recheck_after_manual_change
from weighbridge.flows.orders.sale_documents import void
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.platforms.cin7 import read


async def void_sale(ctx: ConnectionContext, transfer: Transfer, order: Order) -> str:
    """Voids the order's sale if its stage allows it. A sale with picked goods or payments is held for its owner."""
    repositories = ctx.repositories
    sale_id = transfer.target_id or await _unconfirmed_sale(ctx, transfer)
    if sale_id:
        sale = await ctx.cin7.sale(sale_id, lane=Lane.ORDERS)
        number = transfer.target_number or read.sale_number(sale)
        plan = cancellation(read.read_stage(sale), ctx.sale_policy.cancelled, number)
        if plan.finding is not None:
            await record_evaluation(ctx, transfer, (plan.finding,), target_id=sale_id, target_number=number)
            await recheck_after_manual_change(ctx, transfer)
            return STOPPED
        if plan.action is CancellationAction.VOID:
            await void(ctx, transfer, sale_id)
    await repositories.reservations.release(ctx.name, str(order.id))
    await record_evaluation(
        ctx, transfer, (), state=State.CANCELLED, reason_kind="cancelled", reason="", owner="", target_id=sale_id
    )
    return DONE


async def _unconfirmed_sale(ctx: ConnectionContext, transfer: Transfer) -> str:
    """The id of a sale whose header was sent without an answer; empty when there is none. Raises RetryLater while it is
    uncertain."""
    intents = await ctx.repositories.intents.of_transfer(transfer.id)
    header = next((intent for intent in intents if intent.kind == "header"), None)
    if header is None or header.sent_at is None:
        return ""
    external_id = external_id_of(ctx.sale_policy, int(transfer.key))
    live = read.live_sales(await ctx.cin7.sales_by_external_id(external_id, lane=Lane.ORDERS))
    if live:
        return live[0].id
    await ctx.repositories.intents.probed(header.key)
    if header.probes + 1 >= PROBES_BEFORE_RESENDING:
        return ""
    at = ctx.clock.now() + ctx.connection.design.retry.settle
    raise RetryLater("answer_lost", "cancelled while its sale was being created; probing again", at)
