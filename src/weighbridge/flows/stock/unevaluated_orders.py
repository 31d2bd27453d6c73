"""Levels that wait for orders: what a run could not finish while new orders were being evaluated.

An order's units are deducted once it is evaluated. A run that needs them stores its levels with the orders it waits
for, and ends; a job comes back for them. A run that waited inside its job would occupy one of the slots that the orders
need.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

import structlog

from weighbridge.domain.job_types import Flow
from weighbridge.domain.stock.available import LevelKey
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.orders import flow as orders
from weighbridge.persistence.repositories.transfers import State

log = structlog.get_logger()

SETTLED = frozenset({State.HELD, State.REJECTED})
AFTER_ORDERS: Final = "after-orders"
"""The key of the job that comes back for the levels of a flow."""
REASON: Final = "orders are being evaluated"
COME_BACK_AFTER: Final = timedelta(seconds=1)
EVALUATION_TIMEOUT: Final = timedelta(seconds=60)
"""How long levels wait for the evaluation of new orders; after that the next run of the flow computes them anew."""


async def unevaluated_orders(ctx: ConnectionContext, order_versions: Mapping[str, str]) -> dict[str, str]:
    """The orders among `order_versions` (version at the store by order id) whose units are not deducted yet."""
    if not order_versions:
        return {}
    known = await ctx.repositories.transfers.find_many(ctx.name, orders.FLOW, sorted(order_versions))
    pending: dict[str, str] = {}
    for order_id, version in order_versions.items():
        transfer = known.get(order_id)
        if transfer is None or (transfer.source_version != version and transfer.state not in SETTLED):
            pending[order_id] = version
    return pending


async def store_until_evaluated(
    ctx: ConnectionContext, flow: Flow, levels: Mapping[LevelKey, int], pending: Mapping[str, str]
) -> None:
    """Stores levels until the `pending` orders are evaluated, in place of those stored before, and has a job come back
    for them."""
    waiting = {
        "since": ctx.clock.now().isoformat(),
        "orders": dict(pending),
        "levels": [[sku, location, level] for (sku, location), level in levels.items()],
    }
    await ctx.repositories.reference_cache.store(ctx.name, _name(flow), waiting)
    await _come_back(ctx, flow)


async def when_evaluated(
    ctx: ConnectionContext, flow: Flow, finish: Callable[[Mapping[LevelKey, int]], Awaitable[str]]
) -> str:
    """Finishes with the stored levels once their orders are evaluated; until then, comes back. Returns the outcome.

    Levels whose orders are not evaluated in time are dropped: the next run of the flow reads and computes them anew.
    """
    cached = await ctx.repositories.reference_cache.read(ctx.name, _name(flow))
    waiting = cached[0] if cached else {}
    if not waiting:
        return "no levels wait for orders"
    pending = await unevaluated_orders(ctx, waiting["orders"])
    if pending and ctx.clock.now() <= datetime.fromisoformat(waiting["since"]) + EVALUATION_TIMEOUT:
        await _come_back(ctx, flow)
        return f"{len(pending)} orders are still being evaluated"
    if pending:
        log.info("stock_increases_postponed", connection=ctx.name, orders=len(pending))
        outcome = f"{len(pending)} orders were not evaluated in time; the next run computes the levels anew"
    else:
        outcome = await finish({(sku, location): level for sku, location, level in waiting["levels"]})
    await ctx.repositories.reference_cache.store(ctx.name, _name(flow), {})
    return outcome


async def _come_back(ctx: ConnectionContext, flow: Flow) -> None:
    await ctx.repositories.job_queue.enqueue(ctx.name, flow, AFTER_ORDERS, REASON, delay=COME_BACK_AFTER)


def _name(flow: Flow) -> str:
    return f"{flow}_{AFTER_ORDERS}"
