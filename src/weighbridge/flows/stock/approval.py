"""Approval of the first levels: nothing is published until a person has read the changes and accepted them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from weighbridge.domain.findings.finding import hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.lanes import Lane
from weighbridge.domain.stock.available import AvailableLevel, LevelKey
from weighbridge.flows.attempt_runner import STOPPED
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.evaluation import record_evaluation
from weighbridge.flows.stock.compute import compute_levels
from weighbridge.flows.stock.locations import store_locations
from weighbridge.flows.stock.read_levels import scan
from weighbridge.persistence.repositories import Repositories
from weighbridge.persistence.repositories.transfers import Transfer

DRY_RUN = "dry-run"
"""The key of the run that only compares."""
ACCEPTED = "stock_accepted"
MAX_STORED_CHANGES = 10_000


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
    content = summary(levels, current_levels)
    await repositories.transfers.change(transfer.id, content=content)
    return f"{content['to_change']} of {content['levels']} levels would change"


def summary(levels: Sequence[AvailableLevel], current_levels: Mapping[LevelKey, int]) -> dict[str, Any]:
    """The result of a dry run as JSON: the changes with the largest decreases first, counts, and a fingerprint.

    A SKU that is missing from `current_levels` has an unknown level and would be published.
    """
    changes = [
        (level.sku, current_levels.get(level.key), level.ats, level.store_location)
        for level in levels
        if current_levels.get(level.key) != level.ats
    ]
    changes.sort(key=lambda change: (change[2] - (change[1] or 0), change[0], change[3]))
    return {
        "fingerprint": hashlib.sha256(repr(changes).encode()).hexdigest()[:12],
        "levels": len(levels),
        "to_change": len(changes),
        "decreases": sum(before is not None and after < before for _, before, after, _ in changes),
        "to_zero": sum(bool(before) and after == 0 for _, before, after, _ in changes),
        "changes": [list(change) for change in changes[:MAX_STORED_CHANGES]],
    }


async def is_current(repositories: Repositories, connection: str, fingerprint: str) -> bool:
    """Whether `fingerprint` is that of the last dry run."""
    proposal = await repositories.transfers.find(connection, "stock", DRY_RUN)
    return proposal is not None and bool(proposal.content) and proposal.content.get("fingerprint") == fingerprint


async def accept(repositories: Repositories, connection: str, fingerprint: str) -> None:
    """Lets a connection publish levels. `fingerprint` is that of the accepted dry run."""
    await repositories.reference_cache.store(connection, ACCEPTED, fingerprint)
