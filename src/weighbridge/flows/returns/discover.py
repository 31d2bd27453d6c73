"""The search for refunds: which refunds the shop has made that no transfer of ours knows.

Most refunds are found in the list of all refunds of the store. Money that went back at the gateway alone is in no such
list; only the order's transactions tell of it. Source: platform notes, bigcommerce 3.1 and 3.3.
"""

from __future__ import annotations

import structlog

from weighbridge.domain.lanes import Lane
from weighbridge.flows.attempt_runner import STOPPED
from weighbridge.flows.context import Site, running
from weighbridge.flows.evaluation import weighed
from weighbridge.flows.orders.changes import sweep_start
from weighbridge.flows.orders.gateway_refunds import FLOW, refund_key, told_at_the_shop
from weighbridge.persistence.repositories.recheck_jobs import AT_THE_GATEWAY
from weighbridge.persistence.repositories.transfers import State, Transfer

log = structlog.get_logger()

WATERMARK = "refunds"


async def ask_for_refunds(site: Site) -> list[str]:
    """Asks for a look at every refund that the shop made since the last search and that we do not know; of which
    orders they are, one for each refund."""
    journal = running().journal
    asked: list[str] = []
    newest = None
    async for page in site.shop.refunds(created_since=await sweep_start(site, WATERMARK), lane=Lane.RETURNS):
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


async def weigh_gateway_refund(site: Site, transfer: Transfer) -> str:
    """Looks whether the shop has a refund by now for money that went back at the gateway alone; if so it is over."""
    order_id, _, transaction = transfer.key.partition(":")
    if transaction.removeprefix(AT_THE_GATEWAY) not in await told_at_the_shop(site, int(order_id)):
        return STOPPED
    reason = "the shop shows the refund"
    await weighed(transfer, (), state=State.NOT_CAPTURED, reason_kind="refunded", reason=reason, owner="")
    return "done"
