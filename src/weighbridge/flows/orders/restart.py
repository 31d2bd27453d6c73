"""Restarts a sale whose order document Cin7 refused, once the order was changed at the store."""

from __future__ import annotations

import structlog

from weighbridge.domain.lanes import Lane
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.orders.sale_documents import AUTHORISED, VOIDED, header_key, void
from weighbridge.persistence.repositories.transfers import Transfer

log = structlog.get_logger()


async def restart_sale(ctx: ConnectionContext, transfer: Transfer) -> bool:
    """Voids the header that a refusal left behind; False when an order document is authorised, or may still become so.

    The header has the addresses, contact and currency of the order before its change, and allocates nothing. It is
    voided before its intent is forgotten: after a crash in between, the next run finds it voided.
    """
    repositories = ctx.repositories
    if not transfer.target_id:
        return False
    intents = await repositories.intents.of_transfer(transfer.id)
    if any(intent.kind == "order" and intent.sent_at for intent in intents):
        return False
    document = await ctx.cin7.sale_order(transfer.target_id, lane=Lane.ORDERS)
    if document.status == AUTHORISED:
        return False
    if document.status != VOIDED:
        await void(ctx, transfer, transfer.target_id)
    await repositories.intents.forget(header_key(ctx, transfer))
    await repositories.transfers.change(transfer.id, target_id="", target_number="")
    log.info("sale_restarted", order=transfer.key, voided=transfer.target_id)
    return True
