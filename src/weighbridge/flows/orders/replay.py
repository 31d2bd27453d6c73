"""Replay: posts an order that Cin7 refused again exactly as it was mapped. The store is not read again."""

from __future__ import annotations

from weighbridge.domain.findings.kind import FindingKind
from weighbridge.flows.attempt_runner import DONE, READY_TO_POST, run_attempt
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.orders import flow as orders
from weighbridge.persistence.repositories.transfers import State

REPLAYABLE = (FindingKind.REFUSED_BY_CIN7, FindingKind.RETRIES_EXHAUSTED, FindingKind.UNEXPECTED_ERROR)
"""Reasons after which the stored documents are still the ones to write."""


async def replay(ctx: ConnectionContext, order_id: str) -> str:
    """Posts the stored documents of a held order under the same intents: an answered write is not sent again."""
    if await may_replay(ctx, order_id) != READY_TO_POST:
        return DONE
    transfer = await ctx.repositories.transfers.open(ctx.name, orders.FLOW, order_id)
    return await run_attempt(ctx, transfer, "order", (orders.FLOW, order_id), orders.post)


async def may_replay(ctx: ConnectionContext, order_id: str) -> str:
    """READY_TO_POST when the held order has documents to write; otherwise an ordinary job of the order is enqueued."""
    repositories = ctx.repositories
    transfer = await repositories.transfers.find(ctx.name, orders.FLOW, order_id)
    if transfer is not None and transfer.state is State.HELD:
        if transfer.content is not None and transfer.reason_kind in REPLAYABLE:
            return READY_TO_POST
        await repositories.job_queue.enqueue(ctx.name, orders.FLOW, order_id, "nothing to replay")
    return DONE
