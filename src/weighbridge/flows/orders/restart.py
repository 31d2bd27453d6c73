"""A fresh start: a sale whose order Cin7 refused is begun anew once the order was changed at the shop."""

from __future__ import annotations

import structlog

from weighbridge.domain.lanes import Lane
from weighbridge.flows.context import Site, running
from weighbridge.flows.orders.post import AUTHORISED, VOIDED, header_key, void
from weighbridge.persistence.repositories.transfers import Transfer

log = structlog.get_logger()


async def begun_anew(site: Site, transfer: Transfer) -> bool:
    """Voids the bare header that a refusal left behind; False where an order was authorised, or may yet be.

    The header names addresses, contact and currency of the order as it was, and nothing is allocated for it. It is
    voided before it is forgotten: a crash in between voids it once, and a second sale finds it voided.
    """
    journal = running().journal
    if not transfer.target_id:
        return False
    if any(one.kind == "order" and one.sent_at for one in await journal.intents.of_transfer(transfer.id)):
        return False
    document = await site.books.sale_order(transfer.target_id, lane=Lane.ORDERS)
    if document.status == AUTHORISED:
        return False
    if document.status != VOIDED:
        await void(site, transfer, transfer.target_id)
    await journal.intents.forget(header_key(site, transfer))
    await journal.transfers.change(transfer.id, target_id="", target_number="")
    log.info("sale_begun_anew", order=transfer.key, voided=transfer.target_id)
    return True
