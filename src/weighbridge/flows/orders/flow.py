"""The orders flow: fetch, store, check, map, reserve, post, verify, link. One job is one order; each step is safe to
repeat."""

from __future__ import annotations

from weighbridge.domain.job_types import Flow
from weighbridge.domain.lanes import Lane
from weighbridge.flows.attempt_runner import DONE, READY_TO_POST, run_attempt
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.orders.evaluate import evaluate_order
from weighbridge.flows.orders.fetch import is_unchanged
from weighbridge.flows.orders.post import LINK, post_sale
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.platforms.bigcommerce.requests import OrderUpdate

FLOW = Flow.ORDERS


async def orders(ctx: ConnectionContext, order_id: str) -> str:
    """The job of one order: brings it from its present state to posted, held or rejected, or schedules a retry."""
    outcome = await evaluate(ctx, order_id)
    if outcome == READY_TO_POST:
        outcome = await post(ctx, order_id)
    if outcome == LINK:
        outcome = await link(ctx, order_id)
    return outcome


async def evaluate(ctx: ConnectionContext, order_id: str) -> str:
    """Fetches and stores the order and decides: post it, cancel its sale, hold it, or nothing to do."""
    transfer = await ctx.repositories.transfers.open(ctx.name, FLOW, order_id)
    if transfer.state is State.POSTED and await is_unchanged(ctx, transfer):
        return DONE
    return await run_attempt(ctx, transfer, "evaluate", (FLOW, order_id), evaluate_order)


async def post(ctx: ConnectionContext, order_id: str) -> str:
    """Posts the mapped sale: header, order, then invoice and payments as the design says."""
    transfer = await ctx.repositories.transfers.open(ctx.name, FLOW, order_id)
    return await run_attempt(ctx, transfer, "post", (FLOW, order_id), post_sale)


async def link(ctx: ConnectionContext, order_id: str) -> str:
    """Writes the sale's id to the order at the store. The sale has the order's id since it was created."""
    transfer = await ctx.repositories.transfers.open(ctx.name, FLOW, order_id)
    return await run_attempt(ctx, transfer, "link", (FLOW, order_id), _link)


async def _link(ctx: ConnectionContext, transfer: Transfer) -> str:
    update = OrderUpdate(external_order_id=transfer.target_id)
    await ctx.bigcommerce.update_order(int(transfer.key), update, lane=Lane.ORDERS)
    return DONE
