"""Duplicate sales: an order has one live sale. Any other sale with the same external id is voided."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from weighbridge.domain.exceptions.kinds import Autonomy
from weighbridge.domain.findings.finding import note
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.lanes import Lane
from weighbridge.domain.orders.sale import external_id_of
from weighbridge.exceptions.execute import DUPLICATES_FLOW
from weighbridge.flows.attempt_runner import run_attempt
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.evaluation import with_owners
from weighbridge.flows.orders import flow as orders
from weighbridge.flows.orders.sale_documents import VOIDED, void
from weighbridge.persistence.repositories.transfers import State, Transfer, stored_finding
from weighbridge.platforms.cin7.models.sales import SaleRow
from weighbridge.platforms.cin7.read import is_live, live_sales, order_id_of

log = structlog.get_logger()


async def void_duplicates(ctx: ConnectionContext, order_id: str) -> str:
    """Voids the duplicate sales of an order. A person asked for it, so the design's autonomy does not matter."""
    return await void_all_extras(ctx, order_id)


async def void_all_extras(ctx: ConnectionContext, order_id: str) -> str:
    transfer = await ctx.repositories.transfers.open(ctx.name, orders.FLOW, order_id)
    return await run_attempt(ctx, transfer, DUPLICATES_FLOW, (DUPLICATES_FLOW, order_id), _void_extras_of_order)


async def _void_extras_of_order(ctx: ConnectionContext, transfer: Transfer) -> str:
    extras = [row for row in await _live_sales(ctx, transfer) if row.id != transfer.target_id]
    if transfer.state is not State.POSTED or not await _own_is_live(ctx, transfer):
        return "its own sale is not known or not live"
    await _void(ctx, transfer, extras)
    return f"{len(extras)} sales voided"


async def void_extras(ctx: ConnectionContext, rows: Sequence[SaleRow]) -> None:
    """Reports live sales in `rows` that are not the sale their order was posted as; voids them if the design allows it.

    Cin7 does not keep external ids unique, so a request that arrived twice creates two sales. Nothing is voided before
    the order's own sale is known and live. Source: platform notes, cin7 section 6 (step 6).
    """
    repositories = ctx.repositories
    voids_automatically = ctx.connection.design.autonomy_of(FindingKind.DUPLICATE_SALES) is Autonomy.ACT
    live = {str(order_id_of(row, ctx.sale_policy)): row for row in rows if is_live(row)}
    known = await repositories.transfers.find_many(ctx.name, orders.FLOW, list(live))
    for row in rows:
        if not is_live(row):
            continue
        transfer = known.get(str(order_id_of(row, ctx.sale_policy)))
        if transfer is None or transfer.state is not State.POSTED or transfer.target_id == row.id:
            continue
        if not await _own_is_live(ctx, transfer):
            continue
        await _record_duplicate(ctx, transfer, row)
        if voids_automatically:
            await _void(ctx, transfer, [row])


async def _record_duplicate(ctx: ConnectionContext, transfer: Transfer, row: SaleRow) -> None:
    finding = note(FindingKind.DUPLICATE_SALES, "sale", row.order_number, f"only {transfer.target_number}")
    [duplicate] = [stored_finding(owned) for owned in with_owners(ctx, (finding,))]
    findings = [*(stored for stored in transfer.findings if stored != duplicate), duplicate]
    await ctx.repositories.transfers.change(transfer.id, findings=findings)


async def _void(ctx: ConnectionContext, transfer: Transfer, extras: Sequence[SaleRow]) -> None:
    """Voids the extra sales, then reads from Cin7 which sales are left. Only that closes the exception."""
    for row in extras:
        await void(ctx, transfer, row.id)
        log.warning("duplicate_sale_voided", order=transfer.key, sale=row.order_number)
    live = [row.id for row in await _live_sales(ctx, transfer)]
    if live == [transfer.target_id]:
        proof = f"Cin7 shows {transfer.target_number} as the one live sale"
        await ctx.repositories.exception_records.close_with_proof(transfer.id, FindingKind.DUPLICATE_SALES, proof)


async def _live_sales(ctx: ConnectionContext, transfer: Transfer) -> list[SaleRow]:
    external_id = external_id_of(ctx.sale_policy, int(transfer.key))
    return live_sales(await ctx.cin7.sales_by_external_id(external_id, lane=Lane.ORDERS))


async def _own_is_live(ctx: ConnectionContext, transfer: Transfer) -> bool:
    own = await ctx.cin7.sale(transfer.target_id, lane=Lane.ORDERS)
    return own.status != VOIDED
