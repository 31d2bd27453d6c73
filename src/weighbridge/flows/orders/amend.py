"""Amendments: when an order is edited at the store after it was posted, its sale is changed, or held for a person.

The changed order first becomes the transfer's content, and is then posted like any other order. After a crash in
between the rest is posted, because each write has a probe that finds it again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import structlog

from weighbridge.domain.findings.finding import note
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.lanes import Lane
from weighbridge.domain.orders.amendment import HEADER_CHANGES, Amendment, AmendmentAction, amendment, changes_between
from weighbridge.domain.orders.sale import OrderSnapshot, fingerprint
from weighbridge.domain.orders.sale_mapping import Mapped
from weighbridge.domain.orders.sale_policy import Depth
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.evaluation import record_evaluation, record_passed
from weighbridge.flows.orders.sale_documents import invoice_key
from weighbridge.persistence.documents import ORDER_SNAPSHOT
from weighbridge.persistence.repositories.attempts import Intent
from weighbridge.persistence.repositories.job_queue import MANUAL_CHANGE_POSSIBLE
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.platforms.cin7.models.sales import SaleDetail
from weighbridge.platforms.cin7.read import COUNTING, read_stage

log = structlog.get_logger()

POSTING = frozenset(
    {"header", "order", "undo", "invoice", "payment", "change_header", "remove_payment", "void_invoice"}
)
"""The kinds of intents that make a sale equal to its order."""
BETWEEN_CHANGES = timedelta(seconds=5)
MANUAL_CHANGE_RECHECK = timedelta(hours=1)
"""How often an order that waits for a person is evaluated again, in case no sweep sees that its sale was changed."""


async def amend(ctx: ConnectionContext, transfer: Transfer, mapped: Mapped, current: OrderSnapshot) -> bool:
    """Makes the changed order the transfer's content; False when a person must act first.

    `current` is the order as it was just read, with the counters of a first posting.
    """
    repositories = ctx.repositories
    posted = transfer.read(ORDER_SNAPSHOT)
    paid = replace(posted, sale=replace(posted.sale, tenders=mapped.sale.tenders), seen_at=current.seen_at)
    if fingerprint(mapped.sale) == posted.fingerprint:
        await repositories.transfers.change(
            transfer.id, content=ORDER_SNAPSHOT.write(replace(paid, parts_digest=current.parts_digest))
        )
        return True
    intents = await repositories.intents.of_transfer(transfer.id)
    if any(intent.sent_at and not intent.answered_at and intent.kind in POSTING for intent in intents):
        # Writes without an answer are finished first. No version is stored, so that the change is evaluated again.
        await repositories.transfers.change(transfer.id, source_version="")
        await repositories.job_queue.enqueue(
            ctx.name, transfer.flow, transfer.key, "changed while it was posted", delay=BETWEEN_CHANGES
        )
        return True
    sale = await ctx.cin7.sale(transfer.target_id, lane=Lane.ORDERS)
    policy = ctx.sale_policy
    changes = changes_between(posted.sale, mapped.sale, policy.rounding_product)
    plan = amendment(changes, read_stage(sale), policy.edits, policy.depth, transfer.target_number)
    if plan.finding is not None:
        await record_evaluation(
            ctx, transfer, (plan.finding,), content=ORDER_SNAPSHOT.write(replace(posted, seen_at=current.seen_at))
        )
        await recheck_after_manual_change(ctx, transfer)
        log.info("order_held", order=transfer.key, kind=str(plan.finding.kind))
        return False
    content = _with_counters(ctx, transfer, plan, posted, current, sale, intents)
    if plan.action is AmendmentAction.NOTHING:
        await repositories.transfers.change(transfer.id, content=ORDER_SNAPSHOT.write(content))
        return True
    changed = note(
        FindingKind.CHANGED_AFTER_POSTING,
        "order",
        "; ".join(str(change) for change in plan.changes),
        f"{transfer.target_number} to follow: {plan.action}",
    )
    await record_passed(
        ctx,
        transfer,
        (*mapped.notes, changed),
        state=State.NEW,
        amount=mapped.sale.value,
        content=ORDER_SNAPSHOT.write(content),
        design_version=ctx.design_version,
    )
    log.info("order_amended", order=transfer.key, sale=transfer.target_number, action=str(plan.action))
    return True


async def recheck_after_manual_change(ctx: ConnectionContext, transfer: Transfer) -> None:
    """Enqueues another job of the order, for when a person has changed its sale in Cin7."""
    await ctx.repositories.job_queue.enqueue(
        ctx.name, transfer.flow, transfer.key, MANUAL_CHANGE_POSSIBLE, delay=MANUAL_CHANGE_RECHECK
    )


def _with_counters(
    ctx: ConnectionContext,
    transfer: Transfer,
    plan: Amendment,
    posted: OrderSnapshot,
    current: OrderSnapshot,
    sale: SaleDetail,
    intents: list[Intent],
) -> OrderSnapshot:
    """The current order with counters that give its writes other intent keys than the writes before."""
    counters = replace(
        current,
        revision=posted.revision,
        header_revision=posted.header_revision,
        billing_revision=posted.billing_revision,
        rounding_revisions=posted.rounding_revisions,
    )
    if plan.action is AmendmentAction.NOTHING:
        return replace(counters, sale=replace(posted.sale, tenders=current.sale.tenders))
    if any(change.kind in HEADER_CHANGES for change in plan.changes):
        counters = replace(counters, header_revision=posted.header_revision + 1)
    if plan.action is AmendmentAction.CHANGE_HEADER:
        # The order document stays as it is, with the rounding line that it may have.
        documents = replace(current.sale, lines=posted.sale.lines, charges=posted.sale.charges)
        return replace(counters, sale=documents)
    counters = replace(counters, revision=posted.revision + 1, rounding_revisions=0)
    own_invoice = invoice_key(ctx, transfer, posted.billing_revision)
    is_invoiced = any(intent.key == own_invoice and intent.answered_at for intent in intents)
    if plan.action is AmendmentAction.AMEND:
        # A person may have voided the invoice that we created: the next one is another write.
        needs_invoice = is_invoiced and ctx.sale_policy.depth is not Depth.ORDER
        return replace(counters, billing_revision=posted.billing_revision + (1 if needs_invoice else 0))
    counting = [invoice for invoice in sale.invoices if invoice.status in COUNTING]
    return replace(
        counters,
        billing_revision=posted.billing_revision + 1,
        void_invoices=tuple(invoice.task_id for invoice in counting),
        remove_payments=tuple(payment.id for invoice in counting for payment in invoice.payments),
    )
