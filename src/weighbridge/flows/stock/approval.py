"""Stock review: before the shop is told its first levels, a person reads what would change and accepts it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from weighbridge.domain.findings.finding import FindingKind, hold
from weighbridge.domain.lanes import Lane
from weighbridge.domain.stock.available import Figure, Slot
from weighbridge.flows.attempt_runner import STOPPED
from weighbridge.flows.context import Site, running
from weighbridge.flows.evaluation import weighed
from weighbridge.flows.stock.compute import figures_of
from weighbridge.flows.stock.locations import shop_locations
from weighbridge.flows.stock.read_levels import scan
from weighbridge.persistence.repositories import Journal
from weighbridge.persistence.repositories.transfers import Transfer

DRY_RUN = "dry-run"
"""The key of the round that only looks."""
ACCEPTED = "stock_accepted"
MOST_KEPT = 10_000


async def may_tell(site: Site) -> bool:
    """Whether levels may be told without a person: always where the design asks for no review, else once accepted."""
    if site.connection.design.stock.review == "never":
        return True
    return await running().journal.references.read(site.name, ACCEPTED) is not None


async def wait_for_a_person(transfer: Transfer) -> str:
    """Ends a round that may not tell anything yet."""
    expected = "a person who has read them: weighbridge sync stock --dry-run, then --accept NAME as it shows"
    finding = hold(FindingKind.STOCK_NOT_ACCEPTED, "first levels of the shop", "not accepted", expected)
    await weighed(transfer, (finding,))
    return STOPPED


async def look(site: Site, transfer: Transfer) -> str:
    """Compares what the shop shows with what it would be told, and tells it nothing."""
    journal, policy = running().journal, site.connection.design.stock
    items = await journal.catalogue.shop_items(site.name)
    figures = await figures_of(site, await scan(site), items)
    there: dict[Slot, int] = {}
    locations = (await shop_locations(site)).all(frozenset(policy.locations))
    async for page in site.shop.all_inventory_levels(locations, lane=Lane.STOCK):
        there |= page
    content = summary(figures, there)
    await journal.transfers.change(transfer.id, content=content)
    return f"{content['to_change']} of {content['figures']} levels would change"


def summary(figures: Sequence[Figure], there: Mapping[Slot, int]) -> dict[str, Any]:
    """What a dry run keeps, as JSON: the changes that take most from the shop first, counts, and their name.

    `there` is what the shop shows; a SKU that it did not show counts as unknown and would be told.
    """
    changes = [
        (one.sku, there.get(one.slot), one.ats, one.shop_location) for one in figures if there.get(one.slot) != one.ats
    ]
    changes.sort(key=lambda change: (change[2] - (change[1] or 0), change[0], change[3]))
    name = hashlib.sha256(repr(changes).encode()).hexdigest()[:12]
    return {
        "fingerprint": name,
        "figures": len(figures),
        "to_change": len(changes),
        "falls": sum(before is not None and after < before for _, before, after, _ in changes),
        "to_zero": sum(bool(before) and after == 0 for _, before, after, _ in changes),
        "changes": [list(change) for change in changes[:MOST_KEPT]],
    }


async def is_current(journal: Journal, connection: str, name: str) -> bool:
    """Whether `name` is the fingerprint of exactly what was last proposed."""
    proposal = await journal.transfers.find(connection, "stock", DRY_RUN)
    return proposal is not None and bool(proposal.content) and proposal.content.get("fingerprint") == name


async def accept(journal: Journal, connection: str, name: str) -> None:
    """Opens the way for a connection's levels, as they were proposed under `name`."""
    await journal.references.keep(connection, ACCEPTED, name)
