"""Gateway refunds: money that was paid back at the payment gateway without a refund at the store."""

from __future__ import annotations

import structlog

from weighbridge.domain.findings.finding import hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.job_types import Flow
from weighbridge.domain.lanes import Lane
from weighbridge.domain.orders.order import Order, Tender
from weighbridge.domain.returns.refund_keys import GATEWAY_ONLY, refund_key
from weighbridge.domain.values.money import Money
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.evaluation import record_evaluation

log = structlog.get_logger()

FLOW = Flow.REFUNDS
"""One transfer for each refund, with the key `order:refund`."""


async def hold_gateway_refunds(ctx: ConnectionContext, order: Order) -> None:
    """Holds each refund that only the gateway has: money was paid back, and no document says for what."""
    with_refund = await refunded_transactions(ctx, order.id)
    for tender in order.paid_back:
        if tender.id not in with_refund:
            await _hold_gateway_refund(ctx, order, tender)


async def _hold_gateway_refund(ctx: ConnectionContext, order: Order, tender: Tender) -> None:
    repositories = ctx.repositories
    key = refund_key(order.id, f"{GATEWAY_ONLY}{tender.id}")
    if await repositories.transfers.find(ctx.name, FLOW, key) is not None:
        return
    transfer = await repositories.transfers.open(ctx.name, FLOW, key)
    value = f"{Money(tender.amount, tender.currency)} by {tender.gateway or tender.method}"
    expected = "a refund at the store that says what the money was for; credit the sale in Cin7 by hand"
    finding = hold(FindingKind.REFUND_AT_GATEWAY_ONLY, f"transactions[{tender.id}]", value, expected)
    await record_evaluation(ctx, transfer, (finding,), amount=tender.amount, currency=tender.currency)
    log.warning("refund_at_gateway_only", order=order.id, transaction=tender.id)


async def refunded_transactions(ctx: ConnectionContext, order_id: int) -> set[str]:
    """The ids of the transactions that the order's refunds name."""
    refunds = await ctx.bigcommerce.order_refunds(order_id, lane=Lane.RETURNS)
    return {payment.transaction_id for refund in refunds for payment in refund.payments}
