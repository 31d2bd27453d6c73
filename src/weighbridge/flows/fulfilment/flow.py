"""Fulfilment: parcels that left the warehouse become shipments at the shop, each once, with their tracking."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import structlog
from pydantic import TypeAdapter

from weighbridge.domain.findings.finding import Finding, FindingKind, hold
from weighbridge.domain.fulfilment.shipments import Parcel, ShipmentItem, lay_on_lines, parcels_of
from weighbridge.domain.lanes import Lane
from weighbridge.domain.orders.capture_rule import ENDED
from weighbridge.domain.orders.order import OrderLine, OrderStatus
from weighbridge.domain.orders.snapshot import CAPTURED
from weighbridge.flows.attempt_runner import STOPPED, run_stage
from weighbridge.flows.context import Site, running
from weighbridge.flows.evaluation import weighed
from weighbridge.flows.idempotent_write import Answered, BeforeSend, Later, Write, write_once
from weighbridge.flows.orders import flow as orders
from weighbridge.jobs.engine import durable_flow, durable_step
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.platforms.bigcommerce import write
from weighbridge.platforms.bigcommerce.models.orders import Shipment
from weighbridge.platforms.bigcommerce.requests import OrderUpdate
from weighbridge.platforms.cin7.read import read_dispatches
from weighbridge.platforms.http_exchange import Malformed

log = structlog.get_logger()

FLOW = "fulfilment"
TRACKING_LOOK, TRACKING_PATIENCE = timedelta(minutes=30), timedelta(hours=48)
"""Tracking added after a parcel left may not move the sale's last change, so no sweep would see it.
Source: platform notes, cin7 trap 35 and 10 (question 9)."""
_UNSHIPPED = frozenset({OrderStatus.AWAITING_FULFILMENT, OrderStatus.AWAITING_SHIPMENT, OrderStatus.AWAITING_PICKUP})
STATUSES_BEFORE = {
    OrderStatus.PARTIALLY_SHIPPED: _UNSHIPPED,
    OrderStatus.SHIPPED: _UNSHIPPED | {OrderStatus.PARTIALLY_SHIPPED},
}
"""From which statuses an order moves to the one that its parcels earn; from others people took it elsewhere."""


@dataclass(frozen=True, slots=True)
class Shipped:
    """A parcel that the shop knows of."""

    parcel_key: str
    shipment_id: int
    tracking_number: str
    items: tuple[ShipmentItem, ...]


SHIPPED = TypeAdapter(tuple[Shipped, ...])


@durable_flow(FLOW)
async def fulfilment(connection: str, sale_id: str) -> str:
    """One look at one sale's parcels."""
    return await report_parcels(connection, sale_id)


@durable_step("parcels")
async def report_parcels(connection: str, sale_id: str) -> str:
    """Reports each shipped parcel of the sale to the shop, and tracking that came or changed later."""
    site = running().sites[connection]
    journal = running().journal
    order = await journal.transfers.find_target(connection, orders.FLOW, sale_id)
    known = await journal.transfers.find(connection, FLOW, sale_id)
    if order is None and known is None:
        return "not ours"
    transfer = known or await journal.transfers.open(connection, FLOW, sale_id)

    async def work() -> str:
        if order is None or order.content is None:
            at = running().clock.now() + timedelta(seconds=60)
            raise Later("order_not_posted", "the parcel's order is still being posted", at)
        return await _report(site, transfer, order, sale_id)

    return await run_stage(site, transfer, "parcels", (FLOW, sale_id), work)


async def _report(site: Site, transfer: Transfer, order: Transfer, sale_id: str) -> str:
    journal = running().journal
    fulfilments = await site.books.fulfilments(sale_id, lane=Lane.FULFILMENT)
    parcels = parcels_of(read_dispatches(fulfilments))
    lines = CAPTURED.validate_python(order.content).lines
    known = told = SHIPPED.validate_python(transfer.content or [])
    findings: list[Finding] = []
    told_of = {one.parcel_key for one in known}
    ended = any(parcel.key not in told_of for parcel in parcels) and await _has_ended(site, order)
    for parcel in parcels:
        before = next((one for one in known if one.parcel_key == parcel.key), None)
        if before is None and ended:
            expected = "an order that stands: the shop would take its cancelled order for shipped. Call the parcel back"
            findings.append(hold(FindingKind.CANCELLED_AFTER_DISPATCH, f"parcel {parcel.key}", "on its way", expected))
            continue
        if before is None:
            done = await _ship(site, transfer, order, parcel, lines, known)
            if isinstance(done, Finding):
                findings.append(done)
                continue
            known = (*known, done)
        elif before.tracking_number != parcel.tracking_number:
            await _retrack(site, order, parcel, before)
            known = tuple(
                replace(one, tracking_number=parcel.tracking_number) if one is before else one for one in known
            )
        if known != told:
            # Open again until the order's status is settled too: a crash in between must not end here.
            await journal.transfers.change(transfer.id, content=_stored(known), target_id=order.key, state=State.NEW)
    if parcels and not findings and (known != told or transfer.state is not State.POSTED):
        await _settle_status(site, order, lines, known)
    await weighed(
        transfer,
        tuple(findings),
        state=State.POSTED,
        reason_kind="",
        reason="",
        owner="",
        target_id=order.key,
        target_number=order.key,
        posted_at=transfer.posted_at or running().clock.now(),
    )
    if any(not parcel.tracking_number for parcel in parcels) and _is_recent(transfer):
        await journal.agenda.look_again(site.name, FLOW, sale_id, "tracking may come", after=TRACKING_LOOK)
    return STOPPED if findings else f"{len(known)} parcels reported"


async def _has_ended(site: Site, order: Transfer) -> bool:
    """Whether the order was cancelled or declined. A shipment may move its status and so undo the cancellation.

    An order that cannot be read says nothing of the kind, and keeps no parcel waiting.
    Source: platform notes, bigcommerce 2.8 (the effect of a shipment on the status is not documented).
    """
    try:
        header = await site.shop.order(int(order.key), lane=Lane.FULFILMENT)
    except Malformed:
        return False
    return header.status_id in ENDED


async def _ship(
    site: Site,
    transfer: Transfer,
    order: Transfer,
    parcel: Parcel,
    lines: tuple[OrderLine, ...],
    known: tuple[Shipped, ...],
) -> Shipped | Finding:
    """One shipment at the shop for one parcel. Source: Orders V2, POST /orders/{id}/shipments: it takes no key."""
    units: dict[int, int] = {}
    for one in known:
        for item in one.items:
            units[item.order_line_id] = units.get(item.order_line_id, 0) + item.quantity
    items = lay_on_lines(parcel, lines, units)
    if isinstance(items, Finding):
        return items
    addresses = {item.address_id for item in items}
    if len(addresses) > 1:
        expected = "items for one shipping address; the shop ships each address by itself"
        return hold(FindingKind.PARCEL_UNMATCHED, f"parcel {parcel.key}", f"{len(addresses)} addresses", expected)
    order_id = int(order.key)
    body = write.shipment(parcel, items, _carriers(site))
    taken = {one.shipment_id for one in known}

    async def send(before_send: BeforeSend) -> Answered:
        made = await site.shop.create_shipment(order_id, body, lane=Lane.FULFILMENT, before_send=before_send)
        return {"shipment_id": made.id}

    async def probe() -> Answered | None:
        there = await site.shop.shipments(order_id, lane=Lane.FULFILMENT)
        same = [one for one in there if one.id not in taken and _same(one, parcel, items)]
        same.sort(key=lambda one: not one.items)
        return {"shipment_id": same[0].id} if same else None

    wanted = Write(
        key=f"{site.name}:{FLOW}:{order.key}:{parcel.key}",
        kind="shipment",
        request=body.model_dump(mode="json", exclude_none=True),
        send=send,
        probe=probe,
        settle_seconds=site.connection.design.retry.call_settle_seconds,
    )
    answer = await write_once(transfer.id, wanted, site.connection.design.retry.lease_seconds)
    log.info("parcel_reported", order=order.key, shipment=answer["shipment_id"])
    return Shipped(parcel.key, int(answer["shipment_id"]), parcel.tracking_number, items)


def _is_recent(transfer: Transfer) -> bool:
    return running().clock.now() - transfer.created_at < TRACKING_PATIENCE


def _same(shipment: Shipment, parcel: Parcel, items: tuple[ShipmentItem, ...]) -> bool:
    """Whether a shipment may be the parcel. The shop sometimes shows one without its items; that is no reason to send
    the parcel again. Source: field faults, "order shipments missing items array"."""
    carried = sorted((item.order_product_id, item.quantity) for item in shipment.items)
    wanted = sorted((item.order_line_id, item.quantity) for item in items)
    return (not carried or carried == wanted) and shipment.tracking_number in ("", parcel.tracking_number)


async def _retrack(site: Site, order: Transfer, parcel: Parcel, before: Shipped) -> None:
    """Tracking that came later, or was corrected. Writing the same value twice is harmless."""
    body = write.tracking(parcel, _carriers(site))
    await site.shop.update_shipment(int(order.key), before.shipment_id, body, lane=Lane.FULFILMENT)


async def _settle_status(site: Site, order: Transfer, lines: tuple[OrderLine, ...], known: tuple[Shipped, ...]) -> None:
    """Moves the order to (partially) shipped where the shop did not do so by itself.

    Source: platform notes, bigcommerce 2.8 (the effect of a shipment on the status is not documented).
    """
    header = await site.shop.order(int(order.key), lane=Lane.FULFILMENT)
    ordered = sum(int(line.quantity) for line in lines if line.kind == "physical" and line.quantity > 0)
    sent = sum(item.quantity for one in known for item in one.items)
    status = OrderStatus.SHIPPED if sent >= ordered else OrderStatus.PARTIALLY_SHIPPED
    if status == OrderStatus.SHIPPED:
        words = f"all {ordered} units of the order have left"
        await running().journal.exceptions.prove(order.id, FindingKind.BACKORDERED, words)
    if header.status_id not in STATUSES_BEFORE[status]:
        return
    await site.shop.update_order(int(order.key), OrderUpdate(status_id=status), lane=Lane.FULFILMENT)


def _carriers(site: Site) -> dict[str, write.CarrierNames]:
    return {
        name: write.CarrierNames(carrier.provider, carrier.tracking_carrier)
        for name, carrier in site.connection.design.fulfilment.carriers.items()
    }


def _stored(known: tuple[Shipped, ...]) -> Any:
    return SHIPPED.dump_python(known, mode="json")
