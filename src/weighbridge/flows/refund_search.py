"""The search for refunds: which refunds the shop has made that no transfer of ours knows.

Most refunds are found in the list of all refunds of the store. Money that went back at the gateway alone is in no such
list; only the order's transactions tell of it. Source: platform notes, bigcommerce 3.1 and 3.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog

from weighbridge.domain.finding import FindingKind, hold
from weighbridge.domain.order import Order, Tender
from weighbridge.flows.ownership import weighed
from weighbridge.flows.runtime import Site, running
from weighbridge.platforms.cin7.read import order_id_of
from weighbridge.platforms.cin7.sale_models import SaleRow
from weighbridge.platforms.lanes import Lane
from weighbridge.tables import transfers

log = structlog.get_logger()

FLOW = "refunds"
"""One transfer for each refund, under `order:refund`."""
WATERMARK = "refunds"


def refund_key(order_id: int | str, refund_id: int | str) -> str:
    """The key of a refund's transfer."""
    return f"{order_id}:{refund_id}"


async def ask_for_refunds(site: Site) -> int:
    """Asks for a look at every refund that the shop made since the last search and that we do not know; how many."""
    journal = running().journal
    asked, newest = 0, None
    async for page in site.shop.refunds(created_since=await _since(site), lane=Lane.RETURNS):
        keys = {refund_key(row.order_id, row.id): row for row in page}
        known = await journal.transfers.find_many(site.name, FLOW, list(keys))
        for key in (key for key in keys if key not in known):
            await journal.transfers.open(site.name, FLOW, key)
            await journal.agenda.look_again(site.name, FLOW, key, "sweep")
            asked += 1
        newest = max(row.created for row in page)
    if newest is not None:
        await journal.watermarks.advance(site.name, WATERMARK, newest)
    return asked


async def hold_gateway_refunds(site: Site, order: Order) -> None:
    """Holds each refund that the gateway alone knows of: money went back, and no document says for what."""
    gone_back = [tender for tender in order.tenders if tender.event == "refund" and tender.succeeded]
    if not gone_back:
        return
    told = {
        payment.transaction_id
        for refund in await site.shop.order_refunds(order.id, lane=Lane.RETURNS)
        for payment in refund.payments
    }
    for tender in gone_back:
        if tender.id not in told:
            await _hold_alone(site, order, tender)


async def hold_lone_credits(site: Site, sales: Sequence[SaleRow]) -> None:
    """Holds each sale of ours that people credited in Cin7 while the shop refunded nothing: goods may be back, and the
    shopper still waits for the money."""
    journal = running().journal
    for sale in sales:
        order_id = order_id_of(sale, site.sale_policy)
        if not sale.credit_note_number or order_id is None:
            continue
        ours = (transfers.c.connection == site.name) & (transfers.c.flow == FLOW)
        same_order = transfers.c.key.startswith(f"{order_id}:", autoescape=True)
        if await journal.transfers.select(ours & same_order, limit=1):
            continue
        transfer = await journal.transfers.open(site.name, FLOW, refund_key(order_id, f"books-{sale.id}"))
        expected = "a refund at the shop, or no credit note: the shopper was credited and has no money yet"
        finding = hold(FindingKind.CREDITED_NOT_REFUNDED, "sale.credit_notes", sale.credit_note_number, expected)
        await weighed(transfer, (finding,))
        log.warning("credited_not_refunded", order=order_id, sale=sale.order_number)


async def _hold_alone(site: Site, order: Order, tender: Tender) -> None:
    journal = running().journal
    key = refund_key(order.id, f"gateway-{tender.id}")
    if await journal.transfers.find(site.name, FLOW, key) is not None:
        return
    transfer = await journal.transfers.open(site.name, FLOW, key)
    value = f"{tender.amount} {tender.currency} by {tender.gateway or tender.method}"
    expected = "a refund at the shop that says what the money was for; credit the sale in Cin7 by hand"
    finding = hold(FindingKind.REFUND_AT_GATEWAY_ONLY, f"transactions[{tender.id}]", value, expected)
    await weighed(transfer, (finding,), amount=tender.amount, currency=tender.currency)
    log.warning("refund_at_gateway_only", order=order.id, transaction=tender.id)


async def _since(site: Site) -> datetime:
    cadence = site.connection.design.cadence
    mark = await running().journal.watermarks.read(site.name, WATERMARK)
    return (mark or running().clock.now() - cadence.first_sweep) - cadence.overlap
