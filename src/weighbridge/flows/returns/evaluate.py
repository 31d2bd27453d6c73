"""Evaluation of a refund: reads it from the store, checks it, and decides what happens to the sale of its order."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import structlog

from weighbridge.domain.findings.finding import Finding, hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.job_types import Flow
from weighbridge.domain.lanes import Lane
from weighbridge.domain.orders.sale import SaleTender, external_id_of
from weighbridge.domain.orders.sale_mapping import Stopped
from weighbridge.domain.orders.sale_policy import Depth
from weighbridge.domain.orders.sale_stage import Move, may
from weighbridge.domain.returns.credit_note import Credit, CreditNote
from weighbridge.domain.returns.credit_note_mapping import credit_note_of
from weighbridge.domain.returns.refund import Refund, account_of
from weighbridge.domain.returns.refund_keys import CIN7_ONLY
from weighbridge.domain.values.money import total
from weighbridge.flows.attempt_runner import DONE, READY_TO_POST, STOPPED
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.evaluation import record_evaluation, record_not_captured, record_passed
from weighbridge.flows.idempotent_write import RetryLater
from weighbridge.flows.orders.evaluate import REFUNDED
from weighbridge.flows.orders.sale_documents import void
from weighbridge.flows.reference_data.load import reference_data_for
from weighbridge.flows.returns.discover import evaluate_gateway_refund
from weighbridge.flows.returns.orphan_credit_notes import credited_by_hand, evaluate_orphan_credit_note
from weighbridge.flows.returns.preflight import returns_preflight
from weighbridge.flows.returns.restock import with_restock
from weighbridge.persistence.documents import CREDIT, ORDER_SNAPSHOT
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.platforms.bigcommerce.refund_read import read_refund
from weighbridge.platforms.cin7 import read
from weighbridge.platforms.cin7.models import sales as sale_models

log = structlog.get_logger()

ORDER_RETRY_DELAY = timedelta(seconds=60)
"""When a refund is evaluated again whose order is not posted yet."""
OLDER_REFUND_RETRY_DELAY = ORDER_RETRY_DELAY / 6
"""When a refund is evaluated again while an older refund of the same order is not posted yet."""
INVOICE_RECHECK_DELAY = timedelta(hours=1)
"""When a refund is evaluated again whose sale has no invoice yet."""


async def evaluate(ctx: ConnectionContext, transfer: Transfer) -> str:
    """READY_TO_POST when a credit note must be written, DONE when nothing is left to do, STOPPED when it waits."""
    repositories = ctx.repositories
    order_id, _, refund_id = transfer.key.partition(":")
    if refund_id.startswith(CIN7_ONLY):
        return await evaluate_orphan_credit_note(ctx, transfer)
    if not refund_id.isdigit():
        return await evaluate_gateway_refund(ctx, transfer)
    if any(intent.sent_at for intent in await repositories.intents.of_transfer(transfer.id)):
        return READY_TO_POST
    refund = read_refund(await ctx.bigcommerce.refund(int(refund_id), lane=Lane.RETURNS))
    order = await repositories.transfers.find(ctx.name, Flow.ORDERS, order_id)
    await repositories.transfers.change(transfer.id, amount=refund.total, currency=order.currency if order else "")
    if not refund.moved_money:
        return await _not_needed(ctx, transfer, "declined", "every payment of the refund was declined")
    if order is None or order.posted_at is None or order.content is None:
        return await _before_posting(ctx, transfer, order, order_id)
    if order.state is State.CANCELLED:
        return await _not_needed(ctx, transfer, "sale_voided", "the order's sale was voided; nothing is left to credit")
    if not (ctx.refund_policy.posts_credit_notes or await _is_released(ctx, transfer, refund)):
        expected = 'a credit note made by hand, or design.refunds.mode = "credit_note"'
        return await _held(ctx, transfer, hold(FindingKind.REFUND_HELD, "refund.total_amount", refund.total, expected))
    missing = await returns_preflight(ctx, order.currency)
    if missing:
        return await _held(ctx, transfer, *missing)
    sale = await ctx.cin7.sale(order.target_id, lane=Lane.RETURNS)
    if sale.status in read.DEAD_STATUSES:
        return await _not_needed(ctx, transfer, "sale_voided", "the order's sale was voided; nothing is left to credit")
    invoice = read.counting_invoice(sale)
    if invoice is None:
        return await _without_invoice(ctx, transfer, order, sale, refund)
    return await _map(ctx, transfer, order, sale, refund, invoice)


async def _is_released(ctx: ConnectionContext, transfer: Transfer, refund: Refund) -> bool:
    """Whether finance released this refund although the design holds refunds."""
    return await ctx.repositories.decisions.is_released(transfer.id, FindingKind.REFUND_HELD, refund.total)


async def _not_needed(ctx: ConnectionContext, transfer: Transfer, kind: str, reason: str) -> str:
    await record_not_captured(ctx, transfer, kind, reason)
    return DONE


async def _held(ctx: ConnectionContext, transfer: Transfer, *findings: Finding) -> str:
    await record_evaluation(ctx, transfer, findings, content=None, design_version=ctx.design_version)
    log.info("refund_held", refund=transfer.key, kind=str(findings[0].kind))
    return STOPPED


async def _before_posting(ctx: ConnectionContext, transfer: Transfer, order: Transfer | None, order_id: str) -> str:
    """Handles a refund whose order is not posted: closes it when the order has no sale, raises RetryLater otherwise."""
    if order is not None and order.state in (State.NOT_CAPTURED, State.CANCELLED, State.REJECTED):
        return await _not_needed(
            ctx, transfer, "order_not_posted", "the order has no sale in Cin7; nothing is to credit"
        )
    if order is None:
        await ctx.repositories.job_queue.enqueue(ctx.name, Flow.ORDERS, order_id, "refunded")
    at = ctx.clock.now() + ORDER_RETRY_DELAY
    raise RetryLater("order_not_posted", "the refunded order is not posted yet", at)


async def _without_invoice(
    ctx: ConnectionContext, transfer: Transfer, order: Transfer, sale: sale_models.SaleDetail, refund: Refund
) -> str:
    """Handles a sale without an invoice, for which Cin7 takes no credit note. If the order was refunded in full before
    anything was picked, its sale is voided; otherwise the refund is held.

    Source: platform notes, cin7 2.1 (gate 6) and trap 28.
    """
    repositories = ctx.repositories
    sale_total = order.read(ORDER_SNAPSHOT).sale.value
    all_refunds = await ctx.bigcommerce.order_refunds(refund.order_id, lane=Lane.RETURNS)
    refunded = total(other.total for other in map(read_refund, all_refunds) if other.moved_money)
    stage = read.read_stage(sale)
    if refunded >= sale_total and not stage.has_fulfilment_started and may(stage, Move.VOID):
        await void(ctx, transfer, sale.id)
        await repositories.reservations.release(ctx.name, order.key)
        await repositories.transfers.change(
            order.id, state=State.CANCELLED, reason_kind=REFUNDED, reason="refunded before dispatch", owner=""
        )
        log.info("refunded_sale_voided", order=order.key, sale=read.sale_number(sale))
        return await _not_needed(ctx, transfer, "sale_voided", "refunded before dispatch; the order's sale was voided")
    expected = "an authorised invoice of the sale, or the sale's order lowered by what was refunded"
    finding = hold(FindingKind.REFUND_BEFORE_INVOICE, "sale.invoice", f"none, {stage}", expected)
    await repositories.job_queue.enqueue(
        ctx.name, Flow.REFUNDS, transfer.key, "waits for an invoice", delay=INVOICE_RECHECK_DELAY
    )
    return await _held(ctx, transfer, finding)


async def _map(
    ctx: ConnectionContext,
    transfer: Transfer,
    order: Transfer,
    sale: sale_models.SaleDetail,
    refund: Refund,
    invoice: sale_models.InvoiceDocument,
) -> str:
    snapshot = order.read(ORDER_SNAPSHOT)
    other_credit_notes = await _other_credit_notes(ctx, transfer, order)
    by_hand = credited_by_hand(sale, ctx)
    if by_hand:
        # Only finance can tell whether it was made for this refund, whatever amount of the sale it leaves.
        expected = "no credit note made by hand for what the store refunded; void it, or close this refund"
        return await _held(
            ctx, transfer, hold(FindingKind.REFUND_CREDITED_BY_HAND, "sale.credit_notes", by_hand, expected)
        )
    skus = {line.sku for line in snapshot.lines if line.sku}
    reference = await reference_data_for(ctx, skus, snapshot.sale.currency)
    mapped = credit_note_of(
        refund, snapshot.sale, snapshot.lines, other_credit_notes, reference, ctx.sale_policy, ctx.refund_policy
    )
    payouts, problems = await _payouts(ctx, refund)
    if isinstance(mapped, Stopped):
        return await _held(ctx, transfer, *mapped.findings, *problems)
    if problems:
        return await _held(ctx, transfer, *problems)
    credit_note, goods_notes = await with_restock(ctx, mapped.credit_note, sale, snapshot, other_credit_notes)
    await record_passed(
        ctx,
        transfer,
        (*mapped.notes, *goods_notes),
        state=State.NEW,
        content=CREDIT.write(Credit(replace(credit_note, payouts=payouts), sale.id, invoice.number)),
        design_version=ctx.design_version,
    )
    return READY_TO_POST


async def _other_credit_notes(ctx: ConnectionContext, transfer: Transfer, order: Transfer) -> tuple[CreditNote, ...]:
    """The credit notes of the order's other refunds. Raises RetryLater while an older refund is not posted yet, so that
    no two refunds credit the same units."""
    refund_id = int(transfer.key.partition(":")[2])
    all_refunds = await ctx.repositories.transfers.with_parent_key(ctx.name, Flow.REFUNDS, order.key)
    others = [other for other in all_refunds if other.id != transfer.id and other.key.partition(":")[2].isdigit()]
    for other in others:
        if int(other.key.partition(":")[2]) < refund_id and other.state in (State.NEW, State.WAITING):
            at = ctx.clock.now() + OLDER_REFUND_RETRY_DELAY
            raise RetryLater("refund_in_order", f"refund {other.key} of the same order comes first", at)
    return tuple(other.read(CREDIT).credit_note for other in others if other.content is not None)


async def _payouts(ctx: ConnectionContext, refund: Refund) -> tuple[tuple[SaleTender, ...], list[Finding]]:
    """The refund payments to post, each with the account that it is paid from; findings for those without one."""
    if ctx.sale_policy.depth is not Depth.INVOICE_AND_PAYMENT:
        return (), []
    if refund.payments and refund.paid_back != refund.total:
        expected = f"{refund.total}, the refund's total; a payment was declined or is missing"
        return (), [hold(FindingKind.PAYMENTS_DO_NOT_ADD_UP, "refund.payments", refund.paid_back, expected)]
    transactions = await ctx.bigcommerce.transactions(refund.order_id, lane=Lane.RETURNS)
    methods = {
        transaction.gateway: transaction.method
        for transaction in transactions
        if transaction.gateway and transaction.event != "refund"
    }
    payouts: list[SaleTender] = []
    problems: list[Finding] = []
    for payment in refund.payments:
        account = account_of(payment, methods, "", ctx.sale_policy.payment_accounts)
        if payment.declined or not payment.amount:
            continue
        if account is None:
            field = f"refund.payments[{payment.id}].provider_id"
            expected = "a payment method that the design maps to an account"
            problems.append(hold(FindingKind.PAYMENT_UNMAPPED, field, payment.provider, expected))
            continue
        reference = f"{external_id_of(ctx.sale_policy, refund.order_id)}:refund-{refund.id}-{payment.id}"
        payouts.append(SaleTender(reference, payment.amount, account, refund.created_at))
    return tuple(payouts), problems
