"""Evaluation of an order: reads it from the store, checks it, and decides what happens to its sale."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import structlog

from weighbridge.domain.findings.finding import hold, reject
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.job_types import Flow
from weighbridge.domain.lanes import Lane
from weighbridge.domain.orders.capture_rule import CaptureDecision, capture_decision
from weighbridge.domain.orders.correction import corrected
from weighbridge.domain.orders.order import Order
from weighbridge.domain.orders.sale import (
    OrderSnapshot,
    fingerprint,
    parts_digest,
    seen_until,
)
from weighbridge.domain.orders.sale_mapping import Mapped, Stopped, map_order
from weighbridge.flows.attempt_runner import DONE, READY_TO_POST, STOPPED
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.evaluation import record_evaluation, record_passed
from weighbridge.flows.idempotent_write import RetryLater
from weighbridge.flows.orders.amend import amend, recheck_after_manual_change
from weighbridge.flows.orders.cancel import void_sale
from weighbridge.flows.orders.double_submits import find_double_submit
from weighbridge.flows.orders.fetch import fetch_order, only_refunded, seen_now
from weighbridge.flows.orders.gateway_refunds import hold_gateway_refunds
from weighbridge.flows.orders.reserve import reserve
from weighbridge.flows.orders.restart import restart_sale
from weighbridge.flows.reference_data.load import reference_data_for
from weighbridge.persistence.documents import ORDER_SNAPSHOT
from weighbridge.persistence.repositories.transfers import ColumnValue, State, Transfer
from weighbridge.platforms.bigcommerce.models.orders import OrderHeader
from weighbridge.platforms.bigcommerce.read import order_version
from weighbridge.platforms.http_exchange import NotFound

log = structlog.get_logger()

REFUNDED = "refunded"
"""The reason of an order whose sale was voided because all of it was refunded before anything was dispatched."""


async def evaluate_order(ctx: ConnectionContext, transfer: Transfer, header: OrderHeader | None) -> str:
    """READY_TO_POST when documents must be written, DONE when nothing is left to do, STOPPED when the order waits."""
    repositories, order_id = ctx.repositories, transfer.key
    try:
        header = header or await ctx.bigcommerce.order(int(order_id), lane=Lane.ORDERS)
    except NotFound:
        return await _not_found(ctx, transfer, order_id)
    except ValueError:
        finding = reject(FindingKind.ORDER_GONE, "id", order_id, "a number")
        await record_evaluation(ctx, transfer, (finding,))
        return STOPPED
    version = order_version(header, ctx.capture_rule, already_captured=bool(transfer.target_id))
    fetched = await fetch_order(ctx, header, already_captured=bool(transfer.target_id))
    corrections = () if _is_first_evaluation(transfer) else await repositories.decisions.corrections(transfer.id)
    order = corrected(fetched, corrections, ctx.connection.design.skus)
    decision = capture_decision(order, ctx.capture_rule, already_captured=bool(transfer.target_id))
    await reserve(ctx, order, decision)
    if order.paid_back:
        await hold_gateway_refunds(ctx, order)
    if transfer.state in (State.POSTED, State.CANCELLED) and only_refunded(ctx, transfer, order, fetched):
        # Nothing of the order is left to post. Its refunds change the sale by themselves.
        await repositories.transfers.change(
            transfer.id, source_version=version, content=seen_now(ctx, transfer, header)
        )
        return DONE
    seen: dict[str, ColumnValue] = {
        "source_version": version,
        "amount": order.total_inc_tax,
        "currency": order.currency,
    }
    if not (_is_first_evaluation(transfer) and decision is CaptureDecision.CAPTURE):
        # A posted order that changed is open until its change is posted too, so that a crash in between loses nothing.
        await repositories.transfers.change(transfer.id, state=State.NEW, **seen)
    if decision is CaptureDecision.CANCELLED:
        return await void_sale(ctx, transfer, order)
    if transfer.reason_kind == FindingKind.CANCELLED_AFTER_DISPATCH:
        await repositories.job_queue.enqueue(ctx.name, Flow.FULFILMENT, transfer.target_id, "its order is open again")
    if decision in (CaptureDecision.NOT_YET, CaptureDecision.OUT_OF_SCOPE):
        await repositories.transfers.change(
            transfer.id, state=State.NOT_CAPTURED, reason_kind=decision, reason="", owner=""
        )
        return DONE
    if decision is CaptureDecision.DISPUTED:
        expected = f"an undisputed payment: answer the dispute, and stop {transfer.target_number} if it has not left"
        await record_evaluation(
            ctx, transfer, (hold(FindingKind.PAYMENT_DISPUTED, "status_id", order.status_id, expected),)
        )
        return STOPPED
    on_hold = FindingKind.STATUS_ON_HOLD
    if decision is CaptureDecision.WAIT and not await repositories.decisions.is_released(
        transfer.id, on_hold, order.status_id
    ):
        finding = hold(on_hold, "status_id", order.status_id, "a decision at the store: another status, or a release")
        await record_evaluation(ctx, transfer, (finding,))
        return STOPPED
    double_submit = await find_double_submit(ctx, transfer, order)
    if double_submit is not None:
        await record_evaluation(ctx, transfer, (double_submit,), **seen)
        await recheck_after_manual_change(ctx, transfer)
        return STOPPED
    return await _map(ctx, transfer, order, parts_digest(fetched.lines, fetched.shipping), seen)


def _is_first_evaluation(transfer: Transfer) -> bool:
    """Whether nothing was decided about the order before: there are no corrections, and there is no earlier state."""
    return transfer.state is State.NEW and transfer.content is None and not (transfer.findings or transfer.target_id)


async def _not_found(ctx: ConnectionContext, transfer: Transfer, order_id: str) -> str:
    """Handles an order that cannot be found: its webhook came before it can be read, or it was deleted for good."""
    if transfer.state is State.POSTED or transfer.target_id:
        finding = hold(FindingKind.ORDER_GONE, "id", order_id, "an order at the store; its sale exists in Cin7")
    elif transfer.tries < len(ctx.connection.design.retry.schedule("order_gone")):
        wait = ctx.connection.design.retry.schedule("order_gone")[transfer.tries]
        raise RetryLater(
            "order_gone", "the store does not know this order yet", ctx.clock.now() + timedelta(seconds=wait)
        )
    else:
        finding = reject(FindingKind.ORDER_GONE, "id", order_id, "an order at the store")
    await record_evaluation(ctx, transfer, (finding,))
    await ctx.repositories.reservations.release(ctx.name, order_id)
    return STOPPED


async def _map(
    ctx: ConnectionContext, transfer: Transfer, order: Order, parts: str, seen: Mapping[str, ColumnValue]
) -> str:
    """Maps the order to its sale. `parts` is the digest of the order at the store, without corrections by people;
    `seen` are the columns that say what the store shows."""
    reference = await reference_data_for(ctx, {line.sku for line in order.lines if line.sku}, order.currency)
    mapped = map_order(order, reference, ctx.sale_policy)
    posted = transfer.state is State.POSTED or bool(transfer.target_id)
    if posted and _differs(transfer, mapped) and await restart_sale(ctx, transfer):
        posted = False
    if not isinstance(mapped, Mapped):
        await record_evaluation(ctx, transfer, mapped.findings, design_version=ctx.design_version, **seen)
        # Support searches for held orders by the shopper's e-mail address.
        addresses = (order.billing, *order.shipping)
        await ctx.repositories.transfers.add_search_terms(transfer.id, {address.email for address in addresses})
        log.info("order_held", order=order.id, kind=str(mapped.findings[-1].kind))
        return STOPPED
    snapshot = OrderSnapshot(
        mapped.sale,
        order.lines,
        fingerprint(mapped.sale),
        seen_at=seen_until(order.modified_at, ctx.clock.now()),
        parts_digest=parts,
    )
    if posted:
        return READY_TO_POST if await amend(ctx, transfer, mapped, snapshot) else STOPPED
    await record_passed(
        ctx,
        transfer,
        mapped.notes,
        state=State.NEW,
        content=ORDER_SNAPSHOT.write(snapshot),
        design_version=ctx.design_version,
        **{**seen, "amount": mapped.sale.value},
    )
    return READY_TO_POST


def _differs(transfer: Transfer, mapped: Mapped | Stopped) -> bool:
    """Whether the order needs other documents than those that were posted."""
    posted = transfer.read(ORDER_SNAPSHOT)
    return isinstance(mapped, Stopped) or fingerprint(mapped.sale) != posted.fingerprint
