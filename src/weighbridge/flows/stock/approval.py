"""Approval of the first levels: nothing is published until a person has read the changes and accepted them."""

from __future__ import annotations

from weighbridge.domain.findings.finding import hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.lanes import Lane
from weighbridge.domain.stock.available import LevelKey
from weighbridge.domain.stock.proposal import stock_proposal
from weighbridge.flows.attempt_runner import STOPPED
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.evaluation import record_evaluation
from weighbridge.flows.stock.compute import compute_levels
from weighbridge.flows.stock.locations import store_locations
from weighbridge.flows.stock.read_levels import scan
from weighbridge.persistence.documents import STOCK_PROPOSAL
from weighbridge.persistence.repositories import Repositories
from weighbridge.persistence.repositories.transfers import Transfer

DRY_RUN = "dry-run"
"""The key of the run that only compares."""
ACCEPTED = "stock_accepted"


async def may_publish(ctx: ConnectionContext) -> bool:
    """Whether levels may be published: always if the design requires no review, otherwise once a person accepted."""
    if ctx.connection.design.stock.review == "never":
        return True
    return await ctx.repositories.reference_cache.read(ctx.name, ACCEPTED) is not None


async def hold_for_approval(ctx: ConnectionContext, transfer: Transfer) -> str:
    """Holds a run that may not publish anything yet."""
    expected = "levels that a person has read and accepted: weighbridge sync stock --dry-run prints the command"
    finding = hold(FindingKind.STOCK_NOT_ACCEPTED, "first levels of the store", "not accepted", expected)
    await record_evaluation(ctx, transfer, (finding,))
    return STOPPED


async def dry_run(ctx: ConnectionContext, transfer: Transfer) -> str:
    """Compares the store's levels with the computed levels and publishes nothing."""
    repositories, policy = ctx.repositories, ctx.connection.design.stock
    items = await repositories.catalogue.store_items(ctx.name)
    levels = await compute_levels(ctx, await scan(ctx), items)
    current_levels: dict[LevelKey, int] = {}
    locations = (await store_locations(ctx)).published_locations(frozenset(policy.locations))
    async for page in ctx.bigcommerce.all_inventory_levels(locations, lane=Lane.STOCK):
        current_levels |= page
    proposal = stock_proposal(levels, current_levels)
    await repositories.transfers.change(transfer.id, content=STOCK_PROPOSAL.write(proposal))
    return f"{proposal.to_change} of {proposal.levels} levels would change"


async def is_current(repositories: Repositories, connection: str, fingerprint: str) -> bool:
    """Whether `fingerprint` is that of the last dry run."""
    proposal = await repositories.transfers.find(connection, "stock", DRY_RUN)
    if proposal is None or proposal.content is None:
        return False
    return proposal.read(STOCK_PROPOSAL).fingerprint == fingerprint


async def accept(repositories: Repositories, connection: str, fingerprint: str) -> None:
    """Lets a connection publish levels. `fingerprint` is that of the accepted dry run."""
    await repositories.reference_cache.store(connection, ACCEPTED, fingerprint)
