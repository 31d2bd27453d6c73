"""Cancellation: an order that ended at the shop loses its sale, or a named person ends it."""

from __future__ import annotations

from weighbridge.domain.lanes import Lane
from weighbridge.domain.orders.cancellation import Ending, cancellation
from weighbridge.domain.orders.order import Order
from weighbridge.flows.attempt_runner import STOPPED
from weighbridge.flows.context import Site, running
from weighbridge.flows.evaluation import weighed
from weighbridge.flows.idempotent_write import LOOKS_BEFORE_RESENDING, Later
from weighbridge.flows.orders.amend import look_after_person
from weighbridge.flows.orders.post import void
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.platforms.cin7 import read


async def void_sale(site: Site, transfer: Transfer, order: Order) -> str:
    """Ends the order's sale as far as its stage allows; what goods or money hold up waits for their owner."""
    journal = running().journal
    sale_id = transfer.target_id or await _half_made(site, transfer)
    if sale_id:
        sale = await site.books.sale(sale_id, lane=Lane.ORDERS)
        number = transfer.target_number or sale.order_number
        plan = cancellation(read.read_stage(sale), site.sale_policy.cancelled, number)
        if plan.finding is not None:
            await weighed(transfer, (plan.finding,), target_id=sale_id, target_number=number)
            await look_after_person(site, transfer)
            return STOPPED
        if plan.ending is Ending.VOID:
            await void(site, transfer, sale_id)
    await journal.promises.released(site.name, str(order.id))
    await weighed(transfer, (), state=State.CANCELLED, reason_kind="cancelled", reason="", owner="", target_id=sale_id)
    return "done"


async def _half_made(site: Site, transfer: Transfer) -> str:
    """The sale whose header was sent but whose answer never came, if it exists; waits until that is certain."""
    header = next((i for i in await running().journal.intents.of_transfer(transfer.id) if i.kind == "header"), None)
    if header is None or header.sent_at is None:
        return ""
    external_id = site.sale_policy.external_id(int(transfer.key))
    live = read.live_sales(await site.books.sales_by_external_id(external_id, lane=Lane.ORDERS))
    if live:
        return live[0].id
    await running().journal.intents.looked(header.key)
    if header.looks + 1 >= LOOKS_BEFORE_RESENDING:
        return ""
    at = running().clock.now() + site.connection.design.retry.settle
    raise Later("answer_lost", "cancelled while its sale was being made; looking for it again", at)
