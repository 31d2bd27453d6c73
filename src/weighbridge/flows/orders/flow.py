"""The orders flow: fetch, store, check, map, reserve, post, verify, link. One job is one order and safe to repeat."""

from __future__ import annotations

from functools import partial

from weighbridge.domain.job_types import Flow
from weighbridge.flows.attempt_runner import DONE, READY_TO_POST, run_attempt
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.orders.evaluate import evaluate_order
from weighbridge.flows.orders.fetch import is_unchanged, read_posted
from weighbridge.flows.orders.post import post_sale
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.platforms.bigcommerce.models.orders import OrderHeader

FLOW = Flow.ORDERS


async def orders(ctx: ConnectionContext, order_id: str) -> str:
    """The job of one order: brings it from its present state to posted, held or rejected, or schedules a retry."""
    transfer = await ctx.repositories.transfers.open(ctx.name, FLOW, order_id)
    header = await read_posted(ctx, transfer) if transfer.state is State.POSTED else None
    if header is not None and await is_unchanged(ctx, transfer, header):
        return DONE
    work = partial(_evaluate_and_post, header=header)
    return await run_attempt(ctx, transfer, "order", (FLOW, order_id), work)


async def _evaluate_and_post(ctx: ConnectionContext, transfer: Transfer, header: OrderHeader | None) -> str:
    """Fetches and stores the order and decides: post it, cancel its sale, hold it, or nothing to do.

    `header` is the order if it was just read.
    """
    outcome = await evaluate_order(ctx, transfer, header)
    return await post(ctx, transfer) if outcome == READY_TO_POST else outcome


async def post(ctx: ConnectionContext, transfer: Transfer) -> str:
    """Posts the mapped sale as it is stored."""
    return await post_sale(ctx, await ctx.repositories.transfers.open(ctx.name, FLOW, transfer.key))
