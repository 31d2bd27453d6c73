"""Gateway refunds: money that went back at the payment gateway without a refund at the store."""

from __future__ import annotations

import structlog

from weighbridge.domain.findings.finding import FindingKind, hold
from weighbridge.domain.lanes import Lane
from weighbridge.domain.orders.order import Order, Tender
from weighbridge.domain.values.money import Money
from weighbridge.flows.context import Site, running
from weighbridge.flows.evaluation import weighed
from weighbridge.persistence.repositories.recheck_jobs import AT_THE_GATEWAY

log = structlog.get_logger()

FLOW = "refunds"
"""One transfer for each refund, under `order:refund`."""


def refund_key(order_id: int | str, refund_id: int | str) -> str:
    """The key of a refund's transfer."""
    return f"{order_id}:{refund_id}"


async def hold_gateway_refunds(site: Site, order: Order) -> None:
    """Holds each refund that the gateway alone knows of: money went back, and no document says for what."""
    gone_back = [tender for tender in order.tenders if tender.event == "refund" and tender.succeeded]
    if not gone_back:
        return
    told = await told_at_the_shop(site, order.id)
    for tender in gone_back:
        if tender.id not in told:
            await _hold_alone(site, order, tender)


async def _hold_alone(site: Site, order: Order, tender: Tender) -> None:
    journal = running().journal
    key = refund_key(order.id, f"{AT_THE_GATEWAY}{tender.id}")
    if await journal.transfers.find(site.name, FLOW, key) is not None:
        return
    transfer = await journal.transfers.open(site.name, FLOW, key)
    value = f"{Money(tender.amount, tender.currency)} by {tender.gateway or tender.method}"
    expected = "a refund at the shop that says what the money was for; credit the sale in Cin7 by hand"
    finding = hold(FindingKind.REFUND_AT_GATEWAY_ONLY, f"transactions[{tender.id}]", value, expected)
    await weighed(transfer, (finding,), amount=tender.amount, currency=tender.currency)
    log.warning("refund_at_gateway_only", order=order.id, transaction=tender.id)


async def told_at_the_shop(site: Site, order_id: int) -> set[str]:
    """The transactions that refunds of the order name."""
    refunds = await site.shop.order_refunds(order_id, lane=Lane.RETURNS)
    return {payment.transaction_id for refund in refunds for payment in refund.payments}
