"""Discovery of refunds: finds refunds of the store that have no transfer yet.

Most refunds are in the store's list of all refunds. Money that was paid back only at the gateway is not in that list;
only the order's transactions show it. Source: platform notes, bigcommerce 3.1 and 3.3.
"""

from __future__ import annotations

import structlog

from weighbridge.domain.lanes import Lane
from weighbridge.domain.returns.refund_keys import GATEWAY_ONLY, refund_key
from weighbridge.flows.attempt_runner import DONE, STOPPED
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.evaluation import record_not_captured
from weighbridge.flows.orders.changes import sweep_start
from weighbridge.flows.orders.gateway_refunds import FLOW, refunded_transactions
from weighbridge.persistence.repositories.transfers import Transfer

log = structlog.get_logger()

WATERMARK = "refunds"


async def enqueue_new_refunds(ctx: ConnectionContext) -> list[str]:
    """Enqueues every refund of the store since the last sweep that has no transfer; returns one order id for each."""
    repositories = ctx.repositories
    order_ids: list[str] = []
    newest = None
    async for page in ctx.bigcommerce.refunds(created_since=await sweep_start(ctx, WATERMARK), lane=Lane.RETURNS):
        keys = {refund_key(row.order_id, row.id): row for row in page}
        known = await repositories.transfers.find_many(ctx.name, FLOW, list(keys))
        for key in (key for key in keys if key not in known):
            await repositories.transfers.open(ctx.name, FLOW, key)
            await repositories.job_queue.enqueue(ctx.name, FLOW, key, "sweep")
            order_ids.append(str(keys[key].order_id))
        newest = max(row.created for row in page)
    if newest is not None:
        await repositories.watermarks.advance(ctx.name, WATERMARK, newest)
    return order_ids


async def evaluate_gateway_refund(ctx: ConnectionContext, transfer: Transfer) -> str:
    """Closes a gateway refund once the store has a refund for its transaction; until then it stays held."""
    order_id, _, transaction = transfer.key.partition(":")
    if transaction.removeprefix(GATEWAY_ONLY) not in await refunded_transactions(ctx, int(order_id)):
        return STOPPED
    await record_not_captured(ctx, transfer, "refunded", "the store shows the refund")
    return DONE
