"""Posting: writes the documents of a sale one after the other, until Cin7 has the total of the order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import structlog

from weighbridge.domain.findings.finding import Finding, hold, note
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.lanes import Lane
from weighbridge.domain.orders.rounding import MAX_ROUNDING_REVISIONS, is_within_tolerance, with_rounding
from weighbridge.domain.orders.sale import OrderSnapshot
from weighbridge.domain.orders.sale_policy import Depth
from weighbridge.domain.values.money import Money
from weighbridge.flows.attempt_runner import STOPPED
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.evaluation import record_evaluation, with_owners
from weighbridge.flows.idempotent_write import RetryLater
from weighbridge.flows.orders.sale_documents import (
    authorise,
    current_order_document,
    invoice,
    open_sale,
    pay,
    revert_documents,
)
from weighbridge.persistence.documents import ORDER_SNAPSHOT
from weighbridge.persistence.repositories.transfers import State, Transfer, stored_finding
from weighbridge.platforms.bigcommerce.requests import OrderUpdate

log = structlog.get_logger()

LINKED = "linked"
"""The outcome of an order whose sale was posted and whose order at the store names it."""


async def post_sale(ctx: ConnectionContext, transfer: Transfer) -> str:
    """Writes header and order, then invoice and payments as the design says; LINKED when Cin7 has all of them.

    The order at the store gets the sale's id before it counts as posted, so that a crash in between loses nothing.
    """
    repositories, policy = ctx.repositories, ctx.sale_policy
    snapshot = transfer.read(ORDER_SNAPSHOT)
    if transfer.reason_kind == FindingKind.TOTAL_DIFFERS_IN_CIN7:
        snapshot = await _recheck_total(ctx, transfer, snapshot)
    header = await open_sale(ctx, transfer, snapshot.sale)
    if transfer.target_id != header.sale_id:
        await repositories.transfers.change(transfer.id, target_id=header.sale_id, target_number=header.number)
    await revert_documents(ctx, transfer, snapshot, header.sale_id)
    authorised = await authorise(ctx, transfer, snapshot.sale, header.sale_id, snapshot.revision)
    await repositories.reservations.mark_allocated(ctx.name, transfer.key)
    if authorised.total != snapshot.sale.value:
        return await _total_differs(ctx, transfer, snapshot, authorised.total)
    if policy.depth is not Depth.ORDER:
        bill = await invoice(ctx, transfer, snapshot.sale, header.sale_id, snapshot.billing_revision)
        for tender in snapshot.sale.tenders:
            await pay(ctx, transfer, snapshot.sale, bill.task_id, header.sale_id, tender, snapshot.billing_revision)
    if transfer.posted_at is None:
        update = OrderUpdate(external_order_id=header.sale_id)
        await ctx.bigcommerce.update_order(int(transfer.key), update, lane=Lane.ORDERS)
    backorders = [stored_finding(finding) for finding in with_owners(ctx, _backorder_notes(authorised.backordered))]
    await repositories.transfers.change(
        transfer.id,
        findings=[*(finding for finding in transfer.findings if finding not in backorders), *backorders],
        state=State.POSTED,
        reason_kind="",
        reason="",
        owner="",
        posted_at=transfer.posted_at or ctx.clock.now(),
    )
    log.info("order_posted", order=transfer.key, sale=header.number)
    return LINKED


async def _total_differs(ctx: ConnectionContext, transfer: Transfer, snapshot: OrderSnapshot, total: Decimal) -> str:
    """Handles another total in Cin7: within the tolerance the residual becomes a rounding line, beyond it the transfer
    is held for finance. Raises RetryLater when the sale must be posted again."""
    residual = snapshot.sale.value - total
    is_settleable = is_within_tolerance(residual, ctx.sale_policy)
    if not is_settleable or snapshot.rounding_revisions >= MAX_ROUNDING_REVISIONS:
        currency = snapshot.sale.currency
        expected = f"{Money(snapshot.sale.value, currency)}, the order's total"
        finding = hold(FindingKind.TOTAL_DIFFERS_IN_CIN7, "sale.total", Money(total, currency), expected)
        await record_evaluation(ctx, transfer, (finding,))
        return STOPPED
    rounded = with_rounding(snapshot.sale, residual, ctx.sale_policy)
    next_revision = replace(
        snapshot, sale=rounded, revision=snapshot.revision + 1, rounding_revisions=snapshot.rounding_revisions + 1
    )
    await ctx.repositories.transfers.change(transfer.id, content=ORDER_SNAPSHOT.write(next_revision))
    raise RetryLater("rounding", f"Cin7 came to {total}; posting again with a rounding line", ctx.clock.now())


async def _recheck_total(ctx: ConnectionContext, transfer: Transfer, snapshot: OrderSnapshot) -> OrderSnapshot:
    """The snapshot to post after finance acted on another total in Cin7: with a new revision, which makes Cin7
    calculate the document again, unless the document has the right total by now."""
    current = await current_order_document(ctx, transfer, transfer.target_id, snapshot.revision)
    if current is None or current.total != snapshot.sale.value:
        snapshot = replace(snapshot, revision=snapshot.revision + 1, rounding_revisions=0)
    await ctx.repositories.transfers.change(
        transfer.id, content=ORDER_SNAPSHOT.write(snapshot), reason_kind="", reason="", owner=""
    )
    return snapshot


def _backorder_notes(backordered: Mapping[str, Decimal]) -> tuple[Finding, ...]:
    return tuple(
        note(FindingKind.BACKORDERED, f"sale.{sku}", units, "stock for every unit; Cin7 backordered these")
        for sku, units in backordered.items()
    )
