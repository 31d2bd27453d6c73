"""Duplicates: an order has one live sale. Another one with its external id, however it came about, is voided."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from weighbridge.domain.finding import FindingKind, note
from weighbridge.flows import orders
from weighbridge.flows.ownership import weighed
from weighbridge.flows.posting import void
from weighbridge.flows.runtime import Site, running
from weighbridge.journal.transfers import State
from weighbridge.platforms.cin7.models import SaleRow
from weighbridge.platforms.cin7.read import is_live, order_id_of
from weighbridge.platforms.lanes import Lane

log = structlog.get_logger()


async def void_extras(site: Site, rows: Sequence[SaleRow]) -> None:
    """Voids live sales of ours that are not the one their order was posted as.

    Cin7 does not keep external ids unique, so a request that arrived twice makes two sales. Nothing is voided before
    the order's own sale is known and seen to be live. Source: platform notes, cin7 section 6 (step 6).
    """
    journal = running().journal
    live = {str(order_id_of(row, site.sale_policy)): row for row in rows if is_live(row)}
    known = await journal.transfers.find_many(site.name, orders.FLOW, list(live))
    for row in rows:
        if not is_live(row):
            continue
        transfer = known.get(str(order_id_of(row, site.sale_policy)))
        if transfer is None or transfer.state is not State.POSTED or transfer.target_id == row.id:
            continue
        own = await site.books.sale(transfer.target_id, lane=Lane.ORDERS)
        if own.status == "VOIDED":
            continue
        await void(site, transfer, row.id)
        finding = note(FindingKind.DUPLICATE_SALES, "sale", row.order_number, f"only {transfer.target_number}")
        await weighed(transfer, (finding,))
        log.warning("duplicate_sale_voided", order=transfer.key, sale=row.order_number)
