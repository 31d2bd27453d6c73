"""Duplicates: an order has one live sale. Another one with its external id, however it came about, is voided."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from weighbridge.domain.exceptions.kinds import Autonomy
from weighbridge.domain.findings.finding import FindingKind, note
from weighbridge.domain.lanes import Lane
from weighbridge.exceptions.execute import DUPLICATES_FLOW
from weighbridge.flows.attempt_runner import run_stage
from weighbridge.flows.context import Site, running
from weighbridge.flows.evaluation import owned
from weighbridge.flows.orders import flow as orders
from weighbridge.flows.orders.post import VOIDED, void
from weighbridge.jobs.engine import durable_flow, durable_step
from weighbridge.persistence.repositories.transfers import State, Transfer, stored_finding
from weighbridge.platforms.cin7.models.sales import SaleRow
from weighbridge.platforms.cin7.read import is_live, live_sales, order_id_of

log = structlog.get_logger()


@durable_flow(DUPLICATES_FLOW)
async def void_duplicates(connection: str, order_id: str) -> str:
    """Voids what an order has twice, because a person said so, whatever the design lets happen by itself."""
    return await void_all_extras(connection, order_id)


@durable_step(DUPLICATES_FLOW)
async def void_all_extras(connection: str, order_id: str) -> str:
    site = running().sites[connection]
    transfer = await running().journal.transfers.open(connection, orders.FLOW, order_id)

    async def work() -> str:
        extras = [row for row in await _live_sales(site, transfer) if row.id != transfer.target_id]
        if transfer.state is not State.POSTED or not await _own_is_live(site, transfer):
            return "its own sale is not known or not live"
        await _void(site, transfer, extras)
        return f"{len(extras)} sales voided"

    return await run_stage(site, transfer, DUPLICATES_FLOW, (DUPLICATES_FLOW, order_id), work)


async def void_extras(site: Site, rows: Sequence[SaleRow]) -> None:
    """Tells live sales of ours that are not the one their order was posted as, and voids them if the design lets it.

    Cin7 does not keep external ids unique, so a request that arrived twice makes two sales. Nothing is voided before
    the order's own sale is known and seen to be live. Source: platform notes, cin7 section 6 (step 6).
    """
    journal = running().journal
    by_itself = site.connection.design.autonomy_of(FindingKind.DUPLICATE_SALES) is Autonomy.ACT
    live = {str(order_id_of(row, site.sale_policy)): row for row in rows if is_live(row)}
    known = await journal.transfers.find_many(site.name, orders.FLOW, list(live))
    for row in rows:
        if not is_live(row):
            continue
        transfer = known.get(str(order_id_of(row, site.sale_policy)))
        if transfer is None or transfer.state is not State.POSTED or transfer.target_id == row.id:
            continue
        if not await _own_is_live(site, transfer):
            continue
        await _tell(transfer, row)
        if by_itself:
            await _void(site, transfer, [row])


async def _tell(transfer: Transfer, row: SaleRow) -> None:
    finding = note(FindingKind.DUPLICATE_SALES, "sale", row.order_number, f"only {transfer.target_number}")
    [told] = [stored_finding(one) for one in owned(transfer, (finding,))]
    findings = [*(one for one in transfer.findings if one != told), told]
    await running().journal.transfers.change(transfer.id, findings=findings)


async def _void(site: Site, transfer: Transfer, extras: Sequence[SaleRow]) -> None:
    """Voids them, then asks Cin7 what is left: that alone closes the exception."""
    for row in extras:
        await void(site, transfer, row.id)
        log.warning("duplicate_sale_voided", order=transfer.key, sale=row.order_number)
    left = [row.id for row in await _live_sales(site, transfer)]
    if left == [transfer.target_id]:
        words = f"Cin7 shows {transfer.target_number} as the one live sale"
        await running().journal.exceptions.prove(transfer.id, FindingKind.DUPLICATE_SALES, words)


async def _live_sales(site: Site, transfer: Transfer) -> list[SaleRow]:
    external_id = site.sale_policy.external_id(int(transfer.key))
    return live_sales(await site.books.sales_by_external_id(external_id, lane=Lane.ORDERS))


async def _own_is_live(site: Site, transfer: Transfer) -> bool:
    own = await site.books.sale(transfer.target_id, lane=Lane.ORDERS)
    return own.status != VOIDED
