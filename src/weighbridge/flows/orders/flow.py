"""The orders flow: fetch, store, check, map, reserve, post, verify, link. One job is one order and safe to repeat."""

from __future__ import annotations

from weighbridge.domain.job_types import Flow
from weighbridge.flows.attempt_runner import DONE, READY_TO_POST, run_attempt
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.orders.evaluate import evaluate_order
from weighbridge.flows.orders.fetch import is_unchanged
from weighbridge.flows.orders.post import post_sale
from weighbridge.persistence.repositories.transfers import State, Transfer

FLOW = Flow.ORDERS


async def orders(ctx: ConnectionContext, order_id: str) -> str:
    """The job of one order: brings it from its present state to posted, held or rejected, or schedules a retry."""
    transfer = await ctx.repositories.transfers.open(ctx.name, FLOW, order_id)
    if transfer.state is State.POSTED and await is_unchanged(ctx, transfer):
        return DONE
    return await run_attempt(ctx, transfer, "order", (FLOW, order_id), _evaluate_and_post)


async def _evaluate_and_post(ctx: ConnectionContext, transfer: Transfer) -> str:
    """Fetches and stores the order and decides: post it, cancel its sale, hold it, or nothing to do."""
    outcome = await evaluate_order(ctx, transfer)
    return await post(ctx, transfer) if outcome == READY_TO_POST else outcome


async def post(ctx: ConnectionContext, transfer: Transfer) -> str:
    """Posts the mapped sale as it is stored."""
    return await post_sale(ctx, await ctx.repositories.transfers.open(ctx.name, FLOW, transfer.key))
