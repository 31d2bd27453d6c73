"""Changed orders: which orders of the store changed since a sweep last read its list."""

from __future__ import annotations

from datetime import datetime

from weighbridge.domain.lanes import Lane
from weighbridge.domain.orders.snapshot import not_seen_since
from weighbridge.flows.context import Site, running
from weighbridge.flows.orders import flow as orders
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.platforms.bigcommerce.models.orders import OrderHeader
from weighbridge.platforms.bigcommerce.payload import UnreadableRow
from weighbridge.platforms.bigcommerce.read import order_version

ORDER_SWEEP = "order_sweep"


async def find_changed_orders(site: Site) -> dict[str, str]:
    """Asks for a look at every order whose stored version is not the one the shop shows; answers them with it.

    Re-reads an overlap, since the shop's list is ordered by a key that moves while it is paged. A row that cannot be
    read is looked at by itself, so that it stops nobody else. Source: platform notes, bigcommerce 2.1.
    """
    journal = running().journal
    asked: dict[str, str] = {}
    async for page in site.shop.orders(
        min_date_modified=await sweep_start(site, ORDER_SWEEP), lane=Lane.RECONCILIATION
    ):
        known = await journal.transfers.find_many(site.name, orders.FLOW, [str(row.id) for row in page])
        for row in page:
            order_id = str(row.id)
            found = known.get(order_id)
            if isinstance(row, UnreadableRow):
                await _ask_about_unreadable(site, order_id, row, found)
                continue
            captured = found is not None and bool(found.target_id)
            version = order_version(row, site.capture_rule, already_captured=captured)
            if found is None or found.source_version != version or _written_to_since(found, row):
                await journal.agenda.look_again(site.name, orders.FLOW, order_id, "sweep")
                asked[order_id] = version
        seen = [row.date_modified for row in page if isinstance(row, OrderHeader)]
        if seen:
            await journal.watermarks.advance(site.name, ORDER_SWEEP, max(seen))
    return asked


def _written_to_since(found: Transfer, row: OrderHeader) -> bool:
    """Whether lines or addresses may have changed, of which the order's own fields tell nothing.

    A held order that was never posted is looked at whenever it was written to after it was weighed.
    """
    if found.state not in (State.POSTED, State.HELD):
        return False
    if found.state is State.HELD and not found.content:
        return row.date_modified > found.updated_at
    return not not_seen_since(found.content, row.date_modified)


async def _ask_about_unreadable(site: Site, order_id: str, row: UnreadableRow, found: Transfer | None) -> None:
    if found is not None and found.source_version == row.digest:
        return
    await running().journal.agenda.look_again(site.name, orders.FLOW, order_id, "unreadable row")
    transfer = found or await running().journal.transfers.open(site.name, orders.FLOW, order_id)
    await running().journal.transfers.change(transfer.id, source_version=row.digest)


async def sweep_start(site: Site, name: str) -> datetime:
    """Where a sweep begins: its watermark less the overlap."""
    cadence = site.connection.design.cadence
    mark = await running().journal.watermarks.read(site.name, name)
    return (mark or running().clock.now() - cadence.first_sweep) - cadence.overlap
