"""The search for refunds: which refunds the shop has made that no transfer of ours knows.

Most refunds are found in the list of all refunds of the store. Money that went back at the gateway alone is in no such
list; only the order's transactions tell of it. Source: platform notes, bigcommerce 3.1 and 3.3.
"""

from __future__ import annotations

from datetime import datetime

import structlog

from weighbridge.domain.findings.finding import FindingKind, hold
from weighbridge.domain.orders.order import Order, Tender
from weighbridge.domain.values.money import Money
from weighbridge.flows.ownership import weighed
from weighbridge.flows.runtime import Site, running
from weighbridge.flows.stage import STOPPED
from weighbridge.journal.looks import AT_THE_GATEWAY
from weighbridge.journal.transfers import State, Transfer
from weighbridge.platforms.lanes import Lane

log = structlog.get_logger()

FLOW = "refunds"
"""One transfer for each refund, under `order:refund`."""
WATERMARK = "refunds"


def refund_key(order_id: int | str, refund_id: int | str) -> str:
    """The key of a refund's transfer."""
    return f"{order_id}:{refund_id}"


async def ask_for_refunds(site: Site) -> list[str]:
    """Asks for a look at every refund that the shop made since the last search and that we do not know; of which
    orders they are, one for each refund."""
    journal = running().journal
    asked: list[str] = []
    newest = None
    async for page in site.shop.refunds(created_since=await _since(site), lane=Lane.RETURNS):
        keys = {refund_key(row.order_id, row.id): row for row in page}
        known = await journal.transfers.find_many(site.name, FLOW, list(keys))
        for key in (key for key in keys if key not in known):
            await journal.transfers.open(site.name, FLOW, key)
            await journal.agenda.look_again(site.name, FLOW, key, "sweep")
            asked.append(str(keys[key].order_id))
        newest = max(row.created for row in page)
    if newest is not None:
        await journal.watermarks.advance(site.name, WATERMARK, newest)
    return asked


async def hold_gateway_refunds(site: Site, order: Order) -> None:
    """Holds each refund that the gateway alone knows of: money went back, and no document says for what."""
    gone_back = [tender for tender in order.tenders if tender.event == "refund" and tender.succeeded]
    if not gone_back:
        return
    told = await _told_at_the_shop(site, order.id)
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


async def weigh_gateway_refund(site: Site, transfer: Transfer) -> str:
    """Looks whether the shop has a refund by now for money that went back at the gateway alone; if so it is over."""
    order_id, _, transaction = transfer.key.partition(":")
    if transaction.removeprefix(AT_THE_GATEWAY) not in await _told_at_the_shop(site, int(order_id)):
        return STOPPED
    reason = "the shop shows the refund"
    await weighed(transfer, (), state=State.NOT_CAPTURED, reason_kind="refunded", reason=reason, owner="")
    return "done"


async def _told_at_the_shop(site: Site, order_id: int) -> set[str]:
    """The transactions that refunds of the order name."""
    refunds = await site.shop.order_refunds(order_id, lane=Lane.RETURNS)
    return {payment.transaction_id for refund in refunds for payment in refund.payments}


async def _since(site: Site) -> datetime:
    cadence = site.connection.design.cadence
    mark = await running().journal.watermarks.read(site.name, WATERMARK)
    return (mark or running().clock.now() - cadence.first_sweep) - cadence.overlap
