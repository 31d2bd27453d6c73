"""Refunds: fetch, store, check, map, credit, pay back, verify. One refund at a time, each stage safe to repeat."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import structlog
from pydantic import TypeAdapter

from weighbridge.domain.findings.finding import Finding, FindingKind, hold
from weighbridge.domain.lanes import Lane
from weighbridge.domain.orders.sale import SaleTender
from weighbridge.domain.orders.sale_mapping import Stopped
from weighbridge.domain.orders.sale_policy import Depth
from weighbridge.domain.orders.sale_stage import Move, may
from weighbridge.domain.orders.snapshot import CAPTURED
from weighbridge.domain.returns.credit_note import CreditNote
from weighbridge.domain.returns.credit_note_mapping import credit_note_of
from weighbridge.domain.returns.refund import Refund, account_of
from weighbridge.domain.values.money import total
from weighbridge.flows.attempt_runner import STOPPED, run_stage
from weighbridge.flows.context import Site, running
from weighbridge.flows.evaluation import weighed
from weighbridge.flows.idempotent_write import Later
from weighbridge.flows.orders import flow as orders
from weighbridge.flows.orders import gateway_refunds
from weighbridge.flows.orders.post import void
from weighbridge.flows.reference_data.load import books_for
from weighbridge.flows.returns import discover as refund_search
from weighbridge.flows.returns.credit_notes import pay_back, post_credit_note
from weighbridge.flows.returns.orphan_credit_notes import credited_by_hand, weigh_lone_credit
from weighbridge.flows.returns.preflight import returns_gate
from weighbridge.flows.returns.restock import tell_shop_again, with_restock
from weighbridge.jobs.engine import durable_flow, durable_step
from weighbridge.persistence.repositories.recheck_jobs import IN_THE_BOOKS
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.platforms.bigcommerce.read import read_refund
from weighbridge.platforms.cin7 import read
from weighbridge.platforms.cin7.models import sales as sale_models

log = structlog.get_logger()

FLOW = gateway_refunds.FLOW
POST, DONE = "post", "done"
ENDED = frozenset({State.POSTED, State.NOT_CAPTURED, State.CANCELLED, State.REJECTED})
ORDER_PATIENCE = timedelta(seconds=60)
"""Until the next look at a refund whose order, or whose older refund, is still on its way."""
INVOICE_PATIENCE = timedelta(hours=1)
"""Until the next look at a refund whose sale has no invoice yet."""


@dataclass(frozen=True, slots=True)
class Credit:
    """What is kept of a refund: the credit note to post, and where it belongs."""

    credit_note: CreditNote
    sale_id: str
    invoice_number: str


CREDIT = TypeAdapter(Credit)


@durable_flow(FLOW)
async def refunds(connection: str, key: str) -> str:
    """One look at one refund: from wherever it stands to posted, held, not captured, or a later look."""
    verdict = await weigh_refund(connection, key)
    if verdict == POST:
        verdict = await post_refund(connection, key)
    return verdict


@durable_step("weigh_refund")
async def weigh_refund(connection: str, key: str) -> str:
    """Fetches the refund, stores what came, and decides: credit, void the sale, hold, or nothing to do."""
    site = running().sites[connection]
    transfer = await running().journal.transfers.open(connection, FLOW, key)
    if transfer.state in ENDED:
        return DONE

    async def work() -> str:
        return await _weigh(site, transfer)

    return await run_stage(site, transfer, "weigh_refund", (FLOW, key), work)


@durable_step("post_refund")
async def post_refund(connection: str, key: str) -> str:
    """Posts the credit note and its refund payments, and reads them back."""
    site = running().sites[connection]
    transfer = await running().journal.transfers.open(connection, FLOW, key)

    async def work() -> str:
        return await _post(site, transfer)

    return await run_stage(site, transfer, "post_refund", (FLOW, key), work)


async def _weigh(site: Site, transfer: Transfer) -> str:
    journal = running().journal
    order_id, _, refund_id = transfer.key.partition(":")
    if refund_id.startswith(IN_THE_BOOKS):
        return await weigh_lone_credit(site, transfer)
    if not refund_id.isdigit():
        return await refund_search.weigh_gateway_refund(site, transfer)
    if any(intent.sent_at for intent in await journal.intents.of_transfer(transfer.id)):
        return POST
    refund = read_refund(await site.shop.refund(int(refund_id), lane=Lane.RETURNS))
    order = await journal.transfers.find(site.name, orders.FLOW, order_id)
    await journal.transfers.change(transfer.id, amount=refund.total, currency=order.currency if order else "")
    if not refund.moved_money:
        return await _not_needed(transfer, "declined", "every payment of the refund was declined")
    if order is None or order.posted_at is None or order.content is None:
        return await _before_posting(site, transfer, order, order_id)
    if order.state is State.CANCELLED:
        return await _not_needed(transfer, "sale_voided", "the order's sale was voided; nothing is left to credit")
    if not (site.refund_policy.posts_credit_notes or await _is_released(transfer, refund)):
        expected = 'a credit note made by hand, or design.refunds.mode = "credit_note"'
        return await _held(site, transfer, hold(FindingKind.REFUND_HELD, "refund.total_amount", refund.total, expected))
    missing = await returns_gate(site, order.currency)
    if missing:
        return await _held(site, transfer, *missing)
    sale = await site.books.sale(order.target_id, lane=Lane.RETURNS)
    if sale.status in read.DEAD_STATUSES:
        return await _not_needed(transfer, "sale_voided", "the order's sale was voided; nothing is left to credit")
    invoice = read.counting_invoice(sale)
    if invoice is None:
        return await _without_invoice(site, transfer, order, sale, refund)
    return await _map(site, transfer, order, sale, refund, invoice)


async def _is_released(transfer: Transfer, refund: Refund) -> bool:
    """Whether finance let this refund be credited although the design lets refunds wait."""
    return await running().journal.words.is_released(transfer.id, FindingKind.REFUND_HELD, refund.total)


async def _not_needed(transfer: Transfer, kind: str, reason: str) -> str:
    await weighed(transfer, (), state=State.NOT_CAPTURED, reason_kind=kind, reason=reason, owner="")
    return DONE


async def _held(site: Site, transfer: Transfer, *findings: Finding) -> str:
    await weighed(transfer, findings, content=None, design_version=site.design_version)
    log.info("refund_held", refund=transfer.key, kind=str(findings[0].kind))
    return STOPPED


async def _before_posting(site: Site, transfer: Transfer, order: Transfer | None, order_id: str) -> str:
    """A refund of an order that is not in the books: it waits for its sale, or there will be none."""
    if order is not None and order.state in (State.NOT_CAPTURED, State.CANCELLED, State.REJECTED):
        return await _not_needed(transfer, "order_not_posted", "the order is not in the books; nothing is to credit")
    if order is None:
        await running().journal.agenda.look_again(site.name, orders.FLOW, order_id, "refunded")
    at = running().clock.now() + ORDER_PATIENCE
    raise Later("order_not_posted", "the refunded order is not posted yet", at)


async def _without_invoice(
    site: Site, transfer: Transfer, order: Transfer, sale: sale_models.SaleDetail, refund: Refund
) -> str:
    """No credit note without an invoice: a sale that was refunded whole before anything was picked is voided.

    Source: platform notes, cin7 2.1 (gate 6) and trap 28.
    """
    journal = running().journal
    whole = CAPTURED.validate_python(order.content).sale.value
    siblings = await site.shop.order_refunds(refund.order_id, lane=Lane.RETURNS)
    gone_back = total(one.total for one in map(read_refund, siblings) if one.moved_money)
    stage = read.read_stage(sale)
    if gone_back >= whole and not stage.touched and may(stage, Move.VOID):
        await void(site, transfer, sale.id)
        await journal.promises.released(site.name, order.key)
        await journal.transfers.change(
            order.id, state=State.CANCELLED, reason_kind=orders.REFUNDED, reason="refunded before dispatch", owner=""
        )
        log.info("refunded_sale_voided", order=order.key, sale=sale.order_number)
        return await _not_needed(transfer, "sale_voided", "refunded before dispatch; the order's sale was voided")
    expected = "an authorised invoice of the sale, or the sale's order lowered by what was refunded"
    finding = hold(FindingKind.REFUND_BEFORE_INVOICE, "sale.invoice", f"none, {stage}", expected)
    await journal.agenda.look_again(site.name, FLOW, transfer.key, "waits for an invoice", after=INVOICE_PATIENCE)
    return await _held(site, transfer, finding)


async def _map(
    site: Site,
    transfer: Transfer,
    order: Transfer,
    sale: sale_models.SaleDetail,
    refund: Refund,
    invoice: sale_models.InvoiceDocument,
) -> str:
    captured = CAPTURED.validate_python(order.content)
    before = await _siblings(site, transfer, order)
    by_hand = credited_by_hand(sale, site)
    if by_hand:
        # Whether it was for this very refund nobody but finance can tell, however much of the sale it leaves.
        expected = "no credit note made by hand for what the shop refunded; void it, or close this refund"
        return await _held(
            site, transfer, hold(FindingKind.REFUND_CREDITED_BY_HAND, "sale.credit_notes", by_hand, expected)
        )
    books = await books_for(site, {line.sku for line in captured.lines if line.sku}, captured.sale.currency)
    found = credit_note_of(refund, captured.sale, captured.lines, before, books, site.sale_policy, site.refund_policy)
    payouts, problems = await _payouts(site, refund)
    if isinstance(found, Stopped):
        return await _held(site, transfer, *found.findings, *problems)
    if problems:
        return await _held(site, transfer, *problems)
    wanted, goods_notes = await with_restock(site, found.credit_note, sale, captured, before)
    wanted = replace(wanted, payouts=payouts)
    await weighed(
        transfer,
        (*found.notes, *goods_notes),
        state=State.NEW,
        reason_kind="",
        reason="",
        owner="",
        content=_stored(Credit(wanted, sale.id, invoice.number)),
        design_version=site.design_version,
    )
    return POST


async def _siblings(site: Site, transfer: Transfer, order: Transfer) -> tuple[CreditNote, ...]:
    """The credit notes of the order's other refunds; waits while an older refund is still on its way, so that no two
    of them take the same room."""
    own = int(transfer.key.partition(":")[2])
    mine = (transfers.c.connection == site.name) & (transfers.c.flow == FLOW)
    rows = await running().journal.transfers.select(mine & transfers.c.key.startswith(f"{order.key}:", autoescape=True))
    others = [row for row in rows if row.id != transfer.id and row.key.partition(":")[2].isdigit()]
    for other in others:
        if int(other.key.partition(":")[2]) < own and other.state in (State.NEW, State.WAITING):
            at = running().clock.now() + ORDER_PATIENCE / 6
            raise Later("refund_in_order", f"refund {other.key} of the same order comes first", at)
    return tuple(CREDIT.validate_python(row.content).credit_note for row in others if row.content is not None)


async def _payouts(site: Site, refund: Refund) -> tuple[tuple[SaleTender, ...], list[Finding]]:
    """The refund payments to post, each to the account its money leaves from."""
    if site.sale_policy.depth is not Depth.INVOICE_AND_PAYMENT:
        return (), []
    if refund.payments and refund.paid_back != refund.total:
        expected = f"{refund.total}, the refund's total; a payment was declined or is missing"
        return (), [hold(FindingKind.PAYMENTS_DO_NOT_ADD_UP, "refund.payments", refund.paid_back, expected)]
    transactions = await site.shop.transactions(refund.order_id, lane=Lane.RETURNS)
    methods = {one.gateway: one.method for one in transactions if one.gateway and one.event != "refund"}
    payouts: list[SaleTender] = []
    problems: list[Finding] = []
    for payment in refund.payments:
        account = account_of(payment, methods, "", site.sale_policy.payment_accounts)
        if payment.declined or not payment.amount:
            continue
        if account is None:
            field = f"refund.payments[{payment.id}].provider_id"
            expected = "a payment method that the design maps to an account"
            problems.append(hold(FindingKind.PAYMENT_UNMAPPED, field, payment.provider, expected))
            continue
        reference = f"{site.sale_policy.external_id(refund.order_id)}:refund-{refund.id}-{payment.id}"
        payouts.append(SaleTender(reference, payment.amount, account, refund.created_at))
    return tuple(payouts), problems


async def _post(site: Site, transfer: Transfer) -> str:
    journal = running().journal
    credit = CREDIT.validate_python(transfer.content)
    wanted = credit.credit_note
    posted = await post_credit_note(site, transfer, wanted, credit.sale_id, credit.invoice_number)
    await journal.transfers.change(transfer.id, target_id=posted.task_id, target_number=posted.number)
    if posted.total != wanted.value:
        expected = f"{wanted.value}, what the shop refunded; void the note or settle the difference"
        await weighed(transfer, (hold(FindingKind.TOTAL_DIFFERS_IN_CIN7, "credit_note.total", posted.total, expected),))
        return STOPPED
    shelved = total(line.quantity for line in wanted.restock)
    if posted.shelved != shelved:
        expected = f"{shelved} units on their shelves; put the rest there by hand"
        await weighed(transfer, (hold(FindingKind.NOT_RESTOCKED, "credit_note.restock", posted.shelved, expected),))
        return STOPPED
    await tell_shop_again(site, wanted)
    for payout in wanted.payouts:
        await pay_back(site, transfer, wanted, posted.task_id, credit.sale_id, payout)
    if wanted.payouts:
        there = read.refunded_on(await site.books.payments(credit.sale_id, lane=Lane.RETURNS), posted.task_id)
        if there != total(payout.amount for payout in wanted.payouts):
            expected = f"{total(payout.amount for payout in wanted.payouts)}, the refund's payments"
            await weighed(transfer, (hold(FindingKind.TOTAL_DIFFERS_IN_CIN7, "credit_note.refunds", there, expected),))
            return STOPPED
    # With its findings: what was noted about its goods is told once it has passed.
    await journal.transfers.change(
        transfer.id,
        findings=list(transfer.findings),
        state=State.POSTED,
        reason_kind="",
        reason="",
        owner="",
        posted_at=transfer.posted_at or running().clock.now(),
    )
    log.info("refund_posted", refund=transfer.key, credit_note=posted.number)
    return DONE


def _stored(credit: Credit) -> Any:
    return CREDIT.dump_python(credit, mode="json")
