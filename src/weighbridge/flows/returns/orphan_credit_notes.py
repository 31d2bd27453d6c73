"""Lone credits: what people credited in Cin7 while the shop refunded nothing, until either side follows the other."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal

import structlog

from weighbridge.domain.findings.finding import FindingKind, hold
from weighbridge.domain.lanes import Lane
from weighbridge.domain.values.money import total
from weighbridge.flows.attempt_runner import STOPPED
from weighbridge.flows.context import Site, running
from weighbridge.flows.evaluation import weighed
from weighbridge.flows.orders import flow as orders
from weighbridge.flows.orders.gateway_refunds import FLOW, refund_key
from weighbridge.persistence.repositories.recheck_jobs import IN_THE_BOOKS, SOLE_KEYS
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.platforms.bigcommerce.read import read_refund
from weighbridge.platforms.cin7 import read
from weighbridge.platforms.cin7.models import sales as sale_models

log = structlog.get_logger()


async def find_lone_credits(site: Site, sales: Sequence[sale_models.SaleRow]) -> None:
    """Asks for a look at each sale of ours that people credited in Cin7 while the shop refunded nothing, and at those
    that were found so before: goods may be back, and the shopper still waits for the money."""
    journal = running().journal
    keys = {
        refund_key(order_id, f"{IN_THE_BOOKS}{sale.id}"): sale
        for sale in sales
        if (order_id := read.order_id_of(sale, site.sale_policy)) is not None
    }
    known = await journal.transfers.find_many(site.name, FLOW, list(keys))
    for key, sale in keys.items():
        if key in known:
            if known[key].state is State.HELD:
                await journal.agenda.look_again(site.name, FLOW, key, "its sale changed")
        elif sale.credit_note_number and not await _refunds_of(site, key.partition(":")[0]):
            await journal.transfers.open(site.name, FLOW, key)
            await journal.agenda.look_again(site.name, FLOW, key, "credited by hand")


async def look_at_those_of(site: Site, order_ids: Collection[str]) -> None:
    """Asks for a look at what one side alone gave back of orders that the shop has refunded meanwhile."""
    for order_id in order_ids:
        for row in await _refunds_of(site, order_id):
            if row.state is State.HELD and row.key.partition(":")[2].startswith(SOLE_KEYS):
                await running().journal.agenda.look_again(site.name, FLOW, row.key, "refunded at the shop")


async def weigh_lone_credit(site: Site, transfer: Transfer) -> str:
    """Holds a credit of which the shop knows nothing; it is over once Cin7 shows it voided, or the shop a refund."""
    order_id, _, credit = transfer.key.partition(":")
    sale = await site.books.sale(credit.removeprefix(IN_THE_BOOKS), lane=Lane.RETURNS)
    credited = credited_by_hand(sale, site)
    if not credited:
        return await _over(transfer, "credit_note_voided", "Cin7 shows no such credit note any more")
    refunds = [read_refund(one) for one in await site.shop.order_refunds(int(order_id), lane=Lane.RETURNS)]
    if any(one.moved_money for one in refunds):
        return await _over(transfer, "refunded", "the shop shows a refund of the order")
    numbers = ", ".join(one.number for one in _counting_by_hand(sale, site))
    expected = "a refund at the shop, or no credit note: the shopper was credited and has no money yet"
    finding = hold(FindingKind.CREDITED_NOT_REFUNDED, "sale.credit_notes", numbers, expected)
    order = await running().journal.transfers.find(site.name, orders.FLOW, order_id)
    await weighed(transfer, (finding,), amount=credited, currency=order.currency if order else "")
    log.warning("credited_not_refunded", order=order_id, sale=sale.order_number)
    return STOPPED


def credited_by_hand(sale: sale_models.SaleDetail, site: Site) -> Decimal:
    """What people credited on this sale, with tax."""
    return total(one.total or Decimal(0) for one in _counting_by_hand(sale, site))


def _counting_by_hand(sale: sale_models.SaleDetail, site: Site) -> list[sale_models.CreditNoteDocument]:
    prefix = f"{site.sale_policy.external_id_prefix}:{site.sale_policy.store}:"
    return [one for one in sale.credit_notes if one.status in read.COUNTING and not one.memo.startswith(prefix)]


async def _refunds_of(site: Site, order_id: str, beginning: str = "") -> list[Transfer]:
    """Refunds of an order that we know, those whose own key begins so."""
    own = (transfers.c.connection == site.name) & (transfers.c.flow == FLOW)
    same_order = transfers.c.key.startswith(refund_key(order_id, beginning), autoescape=True)
    return await running().journal.transfers.select(own & same_order)


async def _over(transfer: Transfer, kind: str, reason: str) -> str:
    await weighed(transfer, (), state=State.NOT_CAPTURED, reason_kind=kind, reason=reason, owner="")
    return "done"
