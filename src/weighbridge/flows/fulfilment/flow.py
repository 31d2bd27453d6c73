"""The fulfilment flow: each parcel that left the warehouse becomes one shipment at the store, with its tracking."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import structlog

from weighbridge.design.domain_policies import store_carriers
from weighbridge.domain.findings.finding import Finding, hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.fulfilment.carriers import StoreCarrier, store_carrier
from weighbridge.domain.fulfilment.shipments import (
    Parcel,
    ReportedParcels,
    ShipmentItem,
    Shipped,
    assign_to_lines,
    parcels_of,
)
from weighbridge.domain.job_types import Flow
from weighbridge.domain.lanes import Lane
from weighbridge.domain.orders.capture_rule import ENDED
from weighbridge.domain.orders.order import OrderLine
from weighbridge.flows.attempt_runner import STOPPED, run_attempt
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.evaluation import record_evaluation
from weighbridge.flows.fulfilment.order_status import READ_STATUS_AFTER, close_backorders, update_status
from weighbridge.flows.idempotent_write import BeforeSend, IdempotentWriter, RetryLater, WriteResult
from weighbridge.flows.orders import flow as orders
from weighbridge.persistence.documents import ORDER_SNAPSHOT, REPORTED_PARCELS
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.platforms.bigcommerce import write
from weighbridge.platforms.bigcommerce.models.orders import Shipment
from weighbridge.platforms.cin7.read import read_dispatches
from weighbridge.platforms.http_exchange import Malformed

log = structlog.get_logger()

FLOW = Flow.FULFILMENT
TRACKING_CHECK_INTERVAL, TRACKING_PATIENCE = timedelta(minutes=30), timedelta(hours=48)
"""Tracking added after a parcel left may not change the sale's last update, so that no sweep would find it.
Source: platform notes, cin7 trap 35 and 10 (question 9)."""
ORDER_RETRY_DELAY = timedelta(seconds=60)
"""When parcels are reported again whose order is not posted yet."""


async def fulfilment(ctx: ConnectionContext, sale_id: str) -> str:
    """The job of one sale: reports its parcels to the store."""
    return await report_parcels(ctx, sale_id)


async def report_parcels(ctx: ConnectionContext, sale_id: str) -> str:
    """Reports each shipped parcel of the sale to the store, and tracking that was added or changed later."""
    transfers = ctx.repositories.transfers
    transfer = await transfers.find(ctx.name, FLOW, sale_id)
    if transfer is None:
        if await transfers.find_target(ctx.name, orders.FLOW, sale_id) is None:
            return "not ours"
        transfer = await transfers.open(ctx.name, FLOW, sale_id)
    return await run_attempt(ctx, transfer, "parcels", (FLOW, sale_id), _report)


async def _report(ctx: ConnectionContext, transfer: Transfer) -> str:
    repositories, sale_id = ctx.repositories, transfer.key
    order = await repositories.transfers.find_target(ctx.name, orders.FLOW, sale_id)
    if order is None or order.content is None:
        at = ctx.clock.now() + ORDER_RETRY_DELAY
        raise RetryLater("order_not_posted", "the parcel's order is still being posted", at)
    fulfilments = await ctx.cin7.fulfilments(sale_id, lane=Lane.FULFILMENT)
    parcels = parcels_of(read_dispatches(fulfilments))
    lines = order.read(ORDER_SNAPSHOT).lines
    shipped = shipped_before = transfer.read(REPORTED_PARCELS).parcels if transfer.content else ()
    findings: list[Finding] = []
    reported_keys = {shipment.parcel_key for shipment in shipped}
    is_cancelled = any(parcel.key not in reported_keys for parcel in parcels) and await _is_cancelled(ctx, order)
    for parcel in parcels:
        reported = next((shipment for shipment in shipped if shipment.parcel_key == parcel.key), None)
        if reported is None and is_cancelled:
            expected = "an open order: a shipment would mark its cancelled order as shipped. Call the parcel back"
            findings.append(hold(FindingKind.CANCELLED_AFTER_DISPATCH, f"parcel {parcel.key}", "on its way", expected))
            continue
        if reported is None:
            result = await _ship(ctx, transfer, order, parcel, lines, shipped)
            if isinstance(result, Finding):
                findings.append(result)
                continue
            shipped = (*shipped, result)
        elif reported.tracking_number != parcel.tracking_number:
            await _update_tracking(ctx, order, parcel, reported)
            tracked = replace(reported, tracking_number=parcel.tracking_number)
            shipped = tuple(tracked if shipment is reported else shipment for shipment in shipped)
        if shipped != shipped_before:
            # Open until the order's status is set too, so that a crash in between loses nothing.
            await repositories.transfers.change(
                transfer.id,
                content=REPORTED_PARCELS.write(ReportedParcels(shipped)),
                target_id=order.key,
                state=State.NEW,
            )
    is_open, has_new, read_status_at = _is_open(transfer), len(shipped) > len(shipped_before), None
    if parcels and not findings and (has_new or is_open):
        await close_backorders(ctx, order, lines, shipped)
        if is_open:
            await update_status(ctx, order, shipped)
        else:
            read_status_at = ctx.clock.now() + READ_STATUS_AFTER
    await record_evaluation(
        ctx,
        transfer,
        tuple(findings),
        state=State.POSTED,
        reason_kind="",
        reason="",
        owner="",
        target_id=order.key,
        target_number=order.key,
        posted_at=transfer.posted_at or ctx.clock.now(),
        next_try_at=read_status_at,
    )
    if any(not parcel.tracking_number for parcel in parcels) and _is_recent(ctx, transfer):
        await repositories.job_queue.enqueue(
            ctx.name, FLOW, sale_id, "tracking may come", delay=TRACKING_CHECK_INTERVAL
        )
    return STOPPED if findings else f"{len(shipped)} {'parcel' if len(shipped) == 1 else 'parcels'} reported"


def _is_open(transfer: Transfer) -> bool:
    """Whether an earlier run did not get to the end, or no sweep has confirmed the order's status since."""
    return bool(transfer.tries or transfer.next_try_at or (transfer.content and transfer.state is not State.POSTED))


async def _is_cancelled(ctx: ConnectionContext, order: Transfer) -> bool:
    """Whether the order was cancelled or declined. A shipment may change its status and so undo the cancellation.

    False for an order that cannot be read, so that its parcels do not wait.
    Source: platform notes, bigcommerce 2.8 (the effect of a shipment on the status is not documented).
    """
    try:
        header = await ctx.bigcommerce.order(int(order.key), lane=Lane.FULFILMENT)
    except Malformed:
        return False
    return header.status_id in ENDED


async def _ship(
    ctx: ConnectionContext,
    transfer: Transfer,
    order: Transfer,
    parcel: Parcel,
    lines: tuple[OrderLine, ...],
    shipped: tuple[Shipped, ...],
) -> Shipped | Finding:
    """Creates the store's shipment of one parcel. Source: Orders V2, POST /orders/{id}/shipments: it takes no key."""
    units: dict[int, int] = {}
    for other in shipped:
        for item in other.items:
            units[item.order_line_id] = units.get(item.order_line_id, 0) + item.quantity
    items = assign_to_lines(parcel, lines, units)
    if isinstance(items, Finding):
        return items
    addresses = {item.address_id for item in items}
    if len(addresses) > 1:
        expected = "items for one shipping address; a shipment of the store has one address"
        return hold(FindingKind.PARCEL_UNMATCHED, f"parcel {parcel.key}", f"{len(addresses)} addresses", expected)
    order_id = int(order.key)
    body = write.shipment(parcel, items, _carrier(ctx, parcel))
    reported_ids = {other.shipment_id for other in shipped}

    async def send(transfer: Transfer, before_send: BeforeSend) -> WriteResult:
        shipment = await ctx.bigcommerce.create_shipment(order_id, body, lane=Lane.FULFILMENT, before_send=before_send)
        return {"shipment_id": shipment.id}

    async def probe(transfer: Transfer) -> WriteResult | None:
        shipments = await ctx.bigcommerce.shipments(order_id, lane=Lane.FULFILMENT)
        same = [row for row in shipments if row.id not in reported_ids and _is_same(row, parcel, items)]
        same.sort(key=lambda row: not row.items)
        return {"shipment_id": same[0].id} if same else None

    settle, key = ctx.connection.design.retry.call_settle_seconds, f"{ctx.name}:{FLOW}:{order.key}:{parcel.key}"
    writer = IdempotentWriter(ctx, transfer)
    answer = await writer.write("shipment", body, send, probe, settle_seconds=settle, key=key)
    log.info("parcel_reported", order=order.key, shipment=answer["shipment_id"])
    return Shipped(parcel.key, int(answer["shipment_id"]), parcel.tracking_number, items)


def _is_recent(ctx: ConnectionContext, transfer: Transfer) -> bool:
    return ctx.clock.now() - transfer.created_at < TRACKING_PATIENCE


def _is_same(shipment: Shipment, parcel: Parcel, items: tuple[ShipmentItem, ...]) -> bool:
    """Whether a shipment may be the parcel. The store sometimes shows a shipment without its items; the parcel must not
    be sent again for that. Source: field faults, "order shipments missing items array"."""
    actual = sorted((item.order_product_id, item.quantity) for item in shipment.items)
    expected = sorted((item.order_line_id, item.quantity) for item in items)
    return (not actual or actual == expected) and shipment.tracking_number in ("", parcel.tracking_number)


async def _update_tracking(ctx: ConnectionContext, order: Transfer, parcel: Parcel, reported: Shipped) -> None:
    """Writes tracking that was added later or corrected. Writing the same value twice is harmless."""
    body = write.tracking(parcel, _carrier(ctx, parcel))
    await ctx.bigcommerce.update_shipment(int(order.key), reported.shipment_id, body, lane=Lane.FULFILMENT)


def _carrier(ctx: ConnectionContext, parcel: Parcel) -> StoreCarrier:
    return store_carrier(parcel, store_carriers(ctx.connection.design))
