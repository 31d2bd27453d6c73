"""Orders: fetch, store, check, map, reserve, post, verify, link. One order at a time, each stage safe to repeat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import structlog

from weighbridge.domain.findings.finding import Finding, FindingKind, hold, note, reject
from weighbridge.domain.lanes import Lane
from weighbridge.domain.orders.capture_rule import Crossing, crossing
from weighbridge.domain.orders.correction import corrected
from weighbridge.domain.orders.order import Order
from weighbridge.domain.orders.sale_mapping import Mapped, Stopped, map_order, with_rounding
from weighbridge.domain.orders.sale_policy import Depth
from weighbridge.domain.orders.snapshot import (
    CAPTURED,
    Captured,
    fingerprint,
    parts_digest,
    seen_until,
    stored,
)
from weighbridge.domain.values.money import Money
from weighbridge.flows.attempt_runner import STOPPED, run_stage
from weighbridge.flows.context import Site, running
from weighbridge.flows.evaluation import owned, weighed
from weighbridge.flows.idempotent_write import Later
from weighbridge.flows.orders.amend import follow, look_after_person
from weighbridge.flows.orders.cancel import void_sale
from weighbridge.flows.orders.double_submits import repetition
from weighbridge.flows.orders.fetch import fetch_order, only_refunded, seen_now, unchanged
from weighbridge.flows.orders.gateway_refunds import hold_gateway_refunds
from weighbridge.flows.orders.post import authorise, invoice, open_sale, pay, stands, take_back
from weighbridge.flows.orders.reserve import reserve
from weighbridge.flows.orders.restart import begun_anew
from weighbridge.flows.reference_data.load import books_for
from weighbridge.jobs.engine import durable_flow, durable_step
from weighbridge.persistence.repositories.transfers import State, Transfer, stored_finding
from weighbridge.platforms.bigcommerce.read import order_version
from weighbridge.platforms.bigcommerce.requests import OrderUpdate
from weighbridge.platforms.http_exchange import NotFound

log = structlog.get_logger()

FLOW, PARCELS = "orders", "fulfilment"
POST, LINK, DONE = "post", "link", "done"
MOST_ROUNDINGS = 2
REFUNDED = "refunded"
"""Why an order has no sale any more: it was refunded whole before anything left."""


@durable_flow(FLOW)
async def orders(connection: str, order_id: str) -> str:
    """One look at one order: from wherever it stands to posted, held, rejected, or a later look."""
    verdict = await weigh(connection, order_id)
    if verdict == POST:
        verdict = await post(connection, order_id)
    if verdict == LINK:
        verdict = await link(connection, order_id)
    return verdict


@durable_step("weigh")
async def weigh(connection: str, order_id: str) -> str:
    """Fetches the order, stores what came, and decides: post, cancel, hold, or nothing to do."""
    site = running().sites[connection]
    transfer = await running().journal.transfers.open(connection, FLOW, order_id)
    if transfer.state is State.POSTED and await unchanged(site, transfer):
        return DONE

    async def work() -> str:
        return await _weigh(site, transfer, order_id)

    return await run_stage(site, transfer, "weigh", (FLOW, order_id), work)


@durable_step("post")
async def post(connection: str, order_id: str) -> str:
    """Posts the mapped sale: header, order, then invoice and payments as the design says."""
    site = running().sites[connection]
    transfer = await running().journal.transfers.open(connection, FLOW, order_id)

    async def work() -> str:
        return await _post(site, transfer)

    return await run_stage(site, transfer, "post", (FLOW, order_id), work)


@durable_step("link")
async def link(connection: str, order_id: str) -> str:
    """Writes the sale's id onto the order at the shop; the sale carries the order's since its first call."""
    site = running().sites[connection]
    transfer = await running().journal.transfers.open(connection, FLOW, order_id)

    async def work() -> str:
        await site.shop.update_order(int(order_id), OrderUpdate(external_order_id=transfer.target_id), lane=Lane.ORDERS)
        return DONE

    return await run_stage(site, transfer, "link", (FLOW, order_id), work)


async def _weigh(site: Site, transfer: Transfer, order_id: str) -> str:
    journal = running().journal
    try:
        header = await site.shop.order(int(order_id), lane=Lane.ORDERS)
    except NotFound:
        return await _gone(site, transfer, order_id)
    except ValueError:
        finding = reject(FindingKind.ORDER_GONE, "id", order_id, "a number")
        await weighed(transfer, (finding,))
        return STOPPED
    version = order_version(header, site.capture_rule, already_captured=bool(transfer.target_id))
    came = await fetch_order(site, header)
    order = corrected(came, await journal.words.corrections(transfer.id), site.connection.design.skus)
    decision = crossing(order, site.capture_rule, already_captured=bool(transfer.target_id))
    await reserve(site, order, decision)
    await hold_gateway_refunds(site, order)
    if transfer.state in (State.POSTED, State.CANCELLED) and only_refunded(site, transfer, order, came):
        # Nothing of the order is left to post; what its refunds do to its sale, they do by themselves.
        await journal.transfers.change(transfer.id, source_version=version, content=seen_now(transfer, header))
        return DONE
    # A posted order that changed is open again until its change is posted too: a crash in between must not end here.
    await journal.transfers.change(
        transfer.id,
        state=State.NEW,
        source_version=version,
        amount=order.total_inc_tax,
        currency=order.currency,
    )
    if decision is Crossing.CANCELLED:
        return await void_sale(site, transfer, order)
    if transfer.reason_kind == FindingKind.CANCELLED_AFTER_DISPATCH:
        await journal.agenda.look_again(site.name, PARCELS, transfer.target_id, "its order stands again")
    if decision in (Crossing.NOT_YET, Crossing.OUT_OF_SCOPE):
        await journal.transfers.change(transfer.id, state=State.NOT_CAPTURED, reason_kind=decision, reason="", owner="")
        return DONE
    if decision is Crossing.DISPUTED:
        expected = f"a payment that stands: answer the dispute, and stop {transfer.target_number} if it has not left"
        await weighed(transfer, (hold(FindingKind.PAYMENT_DISPUTED, "status_id", order.status_id, expected),))
        return STOPPED
    on_hold = FindingKind.STATUS_ON_HOLD
    if decision is Crossing.WAIT and not await journal.words.is_released(transfer.id, on_hold, order.status_id):
        finding = hold(on_hold, "status_id", order.status_id, "a decision at the shop")
        await weighed(transfer, (finding,))
        return STOPPED
    repeats = await repetition(site, transfer, order)
    if repeats is not None:
        await weighed(transfer, (repeats,))
        await look_after_person(site, transfer)
        return STOPPED
    return await _map(site, transfer, order, parts_digest(came.lines, came.shipping))


async def _gone(site: Site, transfer: Transfer, order_id: str) -> str:
    """A hook may come before its order can be read, or after it was removed for good."""
    if transfer.state is State.POSTED or transfer.target_id:
        finding = hold(FindingKind.ORDER_GONE, "id", order_id, "an order at the shop; its sale exists in Cin7")
    elif transfer.tries < len(site.connection.design.retry.schedule("order_gone")):
        wait = site.connection.design.retry.schedule("order_gone")[transfer.tries]
        raise Later(
            "order_gone", "the shop does not know this order yet", running().clock.now() + timedelta(seconds=wait)
        )
    else:
        finding = reject(FindingKind.ORDER_GONE, "id", order_id, "an order at the shop")
    await weighed(transfer, (finding,))
    await running().journal.promises.released(site.name, order_id)
    return STOPPED


async def _map(site: Site, transfer: Transfer, order: Order, parts: str) -> str:
    """`parts` is the digest of what the shop shows, whatever people corrected for the sale."""
    books = await books_for(site, {line.sku for line in order.lines if line.sku}, order.currency)
    mapped = map_order(order, books, site.sale_policy)
    posted = transfer.state is State.POSTED or bool(transfer.target_id)
    if posted and _differs(transfer, mapped) and await begun_anew(site, transfer):
        posted = False
    if not isinstance(mapped, Mapped):
        await weighed(transfer, mapped.findings, design_version=site.design_version)
        # Whoever answers the shopper's mail looks for the very orders that wait.
        addresses = (order.billing, *order.shipping)
        await running().journal.transfers.findable(transfer.id, {one.email for one in addresses})
        log.info("order_held", order=order.id, kind=str(mapped.findings[-1].kind))
        return STOPPED
    captured = Captured(
        mapped.sale,
        order.lines,
        fingerprint(mapped.sale),
        seen_at=seen_until(order.modified_at, running().clock.now()),
        parts=parts,
    )
    if posted:
        return POST if await follow(site, transfer, mapped, captured) else STOPPED
    await weighed(
        transfer,
        mapped.notes,
        state=State.NEW,
        reason_kind="",
        reason="",
        owner="",
        amount=mapped.sale.value,
        content=stored(captured),
        design_version=site.design_version,
    )
    return POST


def _differs(transfer: Transfer, mapped: Mapped | Stopped) -> bool:
    """Whether the order asks for other documents than it was posted with."""
    posted = CAPTURED.validate_python(transfer.content)
    return isinstance(mapped, Stopped) or fingerprint(mapped.sale) != posted.fingerprint


async def _post(site: Site, transfer: Transfer) -> str:
    journal, policy = running().journal, site.sale_policy
    captured = CAPTURED.validate_python(transfer.content)
    if transfer.reason_kind == FindingKind.TOTAL_DIFFERS_IN_CIN7:
        captured = await _counted_again(site, transfer, captured)
    header = await open_sale(site, transfer, captured.sale)
    await journal.transfers.change(transfer.id, target_id=header.sale_id, target_number=header.number)
    await take_back(site, transfer, captured, header.sale_id)
    authorised = await authorise(site, transfer, captured.sale, header.sale_id, captured.revision)
    await journal.promises.allocated(site.name, transfer.key)
    if authorised.total != captured.sale.value:
        return await _total_differs(site, transfer, captured, authorised.total)
    if policy.depth is not Depth.ORDER:
        bill = await invoice(site, transfer, captured.sale, header.sale_id, captured.bill)
        for tender in captured.sale.tenders:
            await pay(site, transfer, captured.sale, bill.task_id, header.sale_id, tender, captured.bill)
    noted = [stored_finding(finding) for finding in owned(transfer, _backorder_notes(authorised.backordered))]
    await journal.transfers.change(
        transfer.id,
        findings=[*(kept for kept in transfer.findings if kept not in noted), *noted],
        state=State.POSTED,
        reason_kind="",
        reason="",
        owner="",
        posted_at=transfer.posted_at or running().clock.now(),
    )
    log.info("order_posted", order=transfer.key, sale=header.number)
    return LINK


async def _total_differs(site: Site, transfer: Transfer, captured: Captured, total: Decimal) -> str:
    """Cin7 came to another total: within tolerance the cents become the rounding line, beyond it finance decides."""
    residual = captured.sale.value - total
    if abs(residual) > site.sale_policy.tolerance or captured.roundings >= MOST_ROUNDINGS:
        currency = captured.sale.currency
        expected = f"{Money(captured.sale.value, currency)}, the order's total"
        finding = hold(FindingKind.TOTAL_DIFFERS_IN_CIN7, "sale.total", Money(total, currency), expected)
        await weighed(transfer, (finding,))
        return STOPPED
    rounded = with_rounding(captured.sale, residual, site.sale_policy)
    again = replace(captured, sale=rounded, revision=captured.revision + 1, roundings=captured.roundings + 1)
    await running().journal.transfers.change(transfer.id, content=stored(again))
    raise Later("rounding", f"Cin7 came to {total}; posting again with a rounding line", running().clock.now())


async def _counted_again(site: Site, transfer: Transfer, captured: Captured) -> Captured:
    """Somebody saw to why Cin7 came to another total: where its document is still another, Cin7 counts it anew."""
    now = await stands(site, transfer, transfer.target_id, captured.revision)
    if now is None or now.total != captured.sale.value:
        captured = replace(captured, revision=captured.revision + 1, roundings=0)
    await running().journal.transfers.change(transfer.id, content=stored(captured), reason_kind="", reason="", owner="")
    return captured


def _backorder_notes(backordered: Mapping[str, Decimal]) -> tuple[Finding, ...]:
    return tuple(
        note(FindingKind.BACKORDERED, f"sale.{sku}", units, "stock for every unit; Cin7 backordered these")
        for sku, units in backordered.items()
    )
