"""Parity of stock: once a day every level at the shop is held against what it was told; what differs is told again.

What Cin7 has is read in full each round anyway. What the shop shows is read back once after each push, so a level that
somebody changes there later would stand until the SKU's figure changes.
"""

from __future__ import annotations

from datetime import timedelta

import structlog

from weighbridge.domain.lanes import Lane
from weighbridge.domain.stock.available import Slot
from weighbridge.domain.stock.parity import differences, parity_findings
from weighbridge.flows.attempt_runner import end_round, run_stage
from weighbridge.flows.context import Site, running
from weighbridge.flows.idempotent_write import Later
from weighbridge.flows.open_findings import report
from weighbridge.flows.orders.changes import find_changed_orders
from weighbridge.flows.stock.approval import may_tell
from weighbridge.flows.stock.locations import shop_locations
from weighbridge.flows.stock.publish import captured
from weighbridge.jobs.engine import durable_flow, durable_step
from weighbridge.persistence.repositories.transfers import State
from weighbridge.persistence.tables.transfers import transfers

log = structlog.get_logger()

FLOW = "stock_parity"
DRIFT = "stock_drift"
"""Under this name a SKU waits whose level at the shop is not what it was told, until it is seen to be right again."""
SETTLED_AFTER = timedelta(minutes=2)
"""How long a told level may take to show. Source: platform notes, bigcommerce 5.3 (applied asynchronously)."""
ROUNDS_UNTIL_PROOF = 2
"""After so many rounds of stock the levels that differed are looked at again."""


@durable_flow(FLOW)
async def stock_parity(connection: str, key: str) -> str:
    """Holds every level at the shop against what it was told."""
    return await compare_levels(connection, key)


@durable_step(FLOW)
async def compare_levels(connection: str, key: str) -> str:
    site = running().sites[connection]
    transfer = await running().journal.transfers.open(connection, FLOW, key)

    async def work() -> str:
        return await _compare(site)

    ended = await run_stage(site, transfer, FLOW, (FLOW, key), work)
    await end_round(transfer, ended, await _next_look(site))
    return ended


async def _compare(site: Site) -> str:
    """Orders are asked for after the levels were read: whatever the shop took off for one is then known."""
    if not await may_tell(site):
        return "the first levels were not accepted yet"
    journal, began = running().journal, running().clock.now()
    there: dict[Slot, int] = {}
    locations = (await shop_locations(site)).all(frozenset(site.connection.design.stock.locations))
    async for page in site.shop.all_inventory_levels(locations, lane=Lane.RECONCILIATION):
        there |= page
    if not await captured(site, await find_changed_orders(site)):
        raise Later("orders", "orders are still being read", running().clock.now() + SETTLED_AFTER)
    told = await journal.stock_levels.standing(site.name, began - SETTLED_AFTER)
    differing = differences(told, there)
    await journal.stock_levels.distrust(site.name, {sku for sku, _ in differing})
    found = parity_findings(told, differing)
    await report(site, DRIFT, {of: (finding,) for of, finding in found.items()})
    log.info("stock_parity", connection=site.name, levels=len(told), differing=len(differing))
    return f"{len(differing)} of {len(told)} levels differ"


async def _next_look(site: Site) -> timedelta:
    """A day later as a rule; soon where something differed, since only another look proves that it is right again."""
    policy = site.connection.design.stock
    own = (transfers.c.connection == site.name) & (transfers.c.flow == DRIFT) & (transfers.c.state == State.HELD)
    if await running().journal.transfers.select(own, limit=1):
        return max(ROUNDS_UNTIL_PROOF * policy.cadence, 2 * SETTLED_AFTER)
    return timedelta(hours=policy.parity_hours)
