"""The returns flow: fetch, store, check, map, credit, pay back, verify. One job is one refund; each step is safe to
repeat."""

from __future__ import annotations

from weighbridge.domain.job_types import Flow
from weighbridge.flows.attempt_runner import DONE, READY_TO_POST, run_attempt
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.returns.evaluate import evaluate
from weighbridge.flows.returns.post import post_credit
from weighbridge.persistence.repositories.transfers import State

FLOW = Flow.REFUNDS
"""One transfer for each refund, with the key `order:refund`."""
ENDED = frozenset({State.POSTED, State.NOT_CAPTURED, State.CANCELLED, State.REJECTED})


async def refunds(ctx: ConnectionContext, key: str) -> str:
    """The job of one refund: brings it from its present state to posted, held or not captured, or schedules a retry."""
    outcome = await evaluate_refund(ctx, key)
    if outcome == READY_TO_POST:
        outcome = await post_refund(ctx, key)
    return outcome


async def evaluate_refund(ctx: ConnectionContext, key: str) -> str:
    """Fetches and stores the refund and decides: credit it, void the sale, hold it, or nothing to do."""
    transfer = await ctx.repositories.transfers.open(ctx.name, FLOW, key)
    if transfer.state in ENDED:
        return DONE
    return await run_attempt(ctx, transfer, "evaluate_refund", (FLOW, key), evaluate)


async def post_refund(ctx: ConnectionContext, key: str) -> str:
    """Posts the credit note and its refund payments, and reads them back."""
    transfer = await ctx.repositories.transfers.open(ctx.name, FLOW, key)
    return await run_attempt(ctx, transfer, "post_refund", (FLOW, key), post_credit)
