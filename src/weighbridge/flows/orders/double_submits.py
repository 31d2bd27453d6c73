"""Double submits: holds an order that may repeat another order until a person decides."""

from __future__ import annotations

from datetime import timedelta

from weighbridge.domain.findings.finding import Finding
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.lanes import Lane
from weighbridge.domain.orders.capture_rule import ENDED
from weighbridge.domain.orders.double_submits import (
    DoubleSubmitDecision,
    basket_of,
    double_submit_decision,
    double_submit_finding,
)
from weighbridge.domain.orders.order import Order, OrderStatus
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.idempotent_write import RetryLater
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.platforms.bigcommerce.models.orders import OrderHeader
from weighbridge.platforms.http_exchange import Malformed, NotFound

INACTIVE_STATUSES = ENDED | {OrderStatus.INCOMPLETE, OrderStatus.REFUNDED}
MOVING = (State.NEW, State.WAITING)
"""States of another order whose sale may still be created."""
RETRY_DELAY = timedelta(seconds=5)


async def find_double_submit(ctx: ConnectionContext, transfer: Transfer, order: Order) -> Finding | None:
    """Why `order` must not be posted because it may be a double submit; None for every other order.

    The other order is read from the store only when the baskets are the same, which is rare. Raises RetryLater while it
    is uncertain which of the two is posted.
    """
    within, basket = ctx.connection.design.capture.double_submit_window, basket_of(order)
    if transfer.target_id or not within or not basket:
        return None
    for other in await ctx.repositories.transfers.find_others_with_term(transfer.id, basket):
        number = int(other.key)
        decision = double_submit_decision(
            order.id, number, is_other_posted=bool(other.target_id), is_other_in_progress=other.state in MOVING
        )
        if decision is DoubleSubmitDecision.POST:
            continue
        header = await _live_order(ctx, number)
        if header is None:
            continue
        finding = double_submit_finding(order.placed_at, number, header.date_created, within)
        if finding is None or await _is_released(ctx, transfer, finding):
            continue
        if decision is DoubleSubmitDecision.RECHECK:
            at = ctx.clock.now() + RETRY_DELAY
            raise RetryLater("double_submit", f"the same basket as order {number}, which is being posted", at)
        return finding
    return None


async def _live_order(ctx: ConnectionContext, number: int) -> OrderHeader | None:
    """The other order at the store; None when it has ended or cannot be read, since it is no double submit then."""
    try:
        header = await ctx.bigcommerce.order(number, lane=Lane.ORDERS)
    except (NotFound, Malformed):
        return None
    return None if header.status_id in INACTIVE_STATUSES else header


async def _is_released(ctx: ConnectionContext, transfer: Transfer, finding: Finding) -> bool:
    return await ctx.repositories.decisions.is_released(transfer.id, FindingKind.DOUBLE_SUBMIT, finding.value)
