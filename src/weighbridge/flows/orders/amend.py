"""Amending: an order that was edited at the shop after it was posted; its sale follows, or waits for a person.

The changed order becomes the transfer's content first, and posting then goes through it as through any other: a crash
in between posts the rest, and every step knows how to find itself again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import structlog

from weighbridge.domain.findings.finding import FindingKind, note
from weighbridge.domain.lanes import Lane
from weighbridge.domain.orders.amendment import IN_THE_HEADER, Amendment, Way, amendment, changes_between
from weighbridge.domain.orders.sale_mapping import Mapped
from weighbridge.domain.orders.sale_policy import Depth
from weighbridge.domain.orders.snapshot import CAPTURED, Captured, fingerprint, stored
from weighbridge.flows.context import Site, running
from weighbridge.flows.evaluation import weighed
from weighbridge.flows.orders.post import invoice_key
from weighbridge.persistence.repositories.intents import Intent
from weighbridge.persistence.repositories.job_queue import PERSON_MAY_HAVE_ACTED
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.platforms.cin7.models.sales import SaleDetail
from weighbridge.platforms.cin7.read import COUNTING, read_stage

log = structlog.get_logger()

POSTING = frozenset(
    {"header", "order", "undo", "invoice", "payment", "change_header", "remove_payment", "void_invoice"}
)
"""Kinds of the intents that bring a sale to what its order wants."""
BETWEEN_CHANGES = timedelta(seconds=5)
PERSONS_LOOK = timedelta(hours=1)
"""How often a sale that waits for a person is looked at anew, should the books not tell that somebody acted."""


async def follow(site: Site, transfer: Transfer, mapped: Mapped, present: Captured) -> bool:
    """Brings the transfer's content to what the order is now; False when a person must act first.

    `present` is the order as it was just read, with the counters of a first posting.
    """
    journal = running().journal
    posted = CAPTURED.validate_python(transfer.content)
    paid = replace(posted, sale=replace(posted.sale, tenders=mapped.sale.tenders), seen_at=present.seen_at)
    if fingerprint(mapped.sale) == posted.fingerprint:
        await journal.transfers.change(transfer.id, content=stored(replace(paid, parts=present.parts)))
        return True
    intents = await journal.intents.of_transfer(transfer.id)
    if any(one.sent_at and not one.answered_at and one.kind in POSTING for one in intents):
        # What may be on its way is found or sent first; no version is noted, so that the change is looked at again.
        await journal.transfers.change(transfer.id, source_version="")
        await journal.agenda.look_again(
            site.name, transfer.flow, transfer.key, "changed while it was posted", after=BETWEEN_CHANGES
        )
        return True
    sale = await site.books.sale(transfer.target_id, lane=Lane.ORDERS)
    policy = site.sale_policy
    changes = changes_between(posted.sale, mapped.sale, policy.rounding_product)
    plan = amendment(changes, read_stage(sale), policy.edits, policy.depth, transfer.target_number)
    if plan.finding is not None:
        await weighed(transfer, (plan.finding,), content=stored(replace(posted, seen_at=present.seen_at)))
        await look_after_person(site, transfer)
        log.info("order_held", order=transfer.key, kind=str(plan.finding.kind))
        return False
    content = _counted(site, transfer, plan, posted, present, sale, intents)
    if plan.way is Way.NOTHING:
        await journal.transfers.change(transfer.id, content=stored(content))
        return True
    told = "; ".join(str(change) for change in plan.changes)
    seen = note(FindingKind.CHANGED_AFTER_POSTING, "order", told, f"{transfer.target_number} to follow: {plan.way}")
    await weighed(
        transfer,
        (*mapped.notes, seen),
        state=State.NEW,
        reason_kind="",
        reason="",
        owner="",
        amount=mapped.sale.value,
        content=stored(content),
        design_version=site.design_version,
    )
    log.info("order_amended", order=transfer.key, sale=transfer.target_number, way=str(plan.way))
    return True


async def look_after_person(site: Site, transfer: Transfer) -> None:
    """Puts another look on the agenda, for when a person has acted in Cin7."""
    await running().journal.agenda.look_again(
        site.name, transfer.flow, transfer.key, PERSON_MAY_HAVE_ACTED, after=PERSONS_LOOK
    )


def _counted(
    site: Site,
    transfer: Transfer,
    plan: Amendment,
    posted: Captured,
    present: Captured,
    sale: SaleDetail,
    intents: list[Intent],
) -> Captured:
    """The present order under counters that make its writes other writes than those before."""
    counters = replace(
        present, revision=posted.revision, header=posted.header, bill=posted.bill, roundings=posted.roundings
    )
    if plan.way is Way.NOTHING:
        return replace(counters, sale=replace(posted.sale, tenders=present.sale.tenders))
    if any(change.part in IN_THE_HEADER for change in plan.changes):
        counters = replace(counters, header=posted.header + 1)
    if plan.way is Way.CHANGE_HEADER:
        # The order document stands as it is, with the rounding line that it may have.
        documents = replace(present.sale, lines=posted.sale.lines, charges=posted.sale.charges)
        return replace(counters, sale=documents)
    counters = replace(counters, revision=posted.revision + 1, roundings=0)
    own_bill = invoice_key(site, transfer, posted.bill)
    billed_before = any(one.key == own_bill and one.answered_at for one in intents)
    if plan.way is Way.AMEND:
        # A person may have voided the invoice that we made: the next one is another write.
        again = billed_before and site.sale_policy.depth is not Depth.ORDER
        return replace(counters, bill=posted.bill + 1 if again else posted.bill)
    counting = [one for one in sale.invoices if one.status in COUNTING]
    return replace(
        counters,
        bill=posted.bill + 1,
        void_invoices=tuple(one.task_id for one in counting),
        remove_payments=tuple(payment.id for one in counting for payment in one.payments),
    )
