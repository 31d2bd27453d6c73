"""Kit drift: the shop shows more of a kit than its parts can make.

Bills of materials that were changed in Cin7 are read anew, so that the next round of stock counts by them; what the
shop still shows too much after that round has another cause.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from weighbridge.domain.findings.finding import FindingKind, hold
from weighbridge.domain.lanes import Lane
from weighbridge.domain.stock.kits import Bills
from weighbridge.flows.context import Site, running
from weighbridge.flows.stock import flow as stock
from weighbridge.flows.stock import parity as stock_parity
from weighbridge.flows.stock.compute import PARTS
from weighbridge.flows.stock.locations import shop_locations
from weighbridge.monitors.monitor import Monitor, Seen
from weighbridge.platforms.cin7.read import read_book_product

BILLS_READ, SUSPECTED, ALL = "kit_bills", "kit_drift_suspected", "*"
KITS_A_CALL = 50


async def _look(site: Site) -> Seen:
    journal = running().journal
    if not (await journal.catalogue.bills(site.name)).kits:
        return Seen()
    await _read_changed_bills(site)
    bills = await journal.catalogue.bills(site.name)
    told = {sku for sku, _ in await journal.stock_levels.last_told(site.name)}
    # Levels before parts: a round in between then has newer parts, which are no fewer than those it told of.
    shown = await _shown(site, sorted(bills.kits & told))
    possible = await _possible(site, bills, shown)
    beyond = {kit: units for kit, units in shown.items() if kit in possible and units > possible[kit]}
    kept = await journal.references.read(site.name, SUSPECTED)
    suspected = set(kept[0]) if kept else set()
    await journal.references.keep(site.name, SUSPECTED, sorted(beyond))
    if beyond:
        for flow in (stock_parity.FLOW, stock.FLOW):
            await journal.agenda.look_again(site.name, flow, ALL, "kits show more than their parts make")
    return Seen(
        {
            kit: hold(
                FindingKind.KIT_DRIFT,
                f"level of {kit} at the shop",
                units,
                f"at most {possible[kit]}, which its parts can make; find out what else writes levels of this shop",
            )
            for kit, units in beyond.items()
            if kit in suspected
        }
    )


async def _read_changed_bills(site: Site) -> None:
    """Keeps what was changed about products since the last look; asks for a round of stock when a bill is among it."""
    journal, began = running().journal, running().clock.now()
    since = await journal.watermarks.read(site.name, BILLS_READ)
    if since is not None:
        overlap = site.connection.design.cadence.overlap
        before = await journal.catalogue.bills(site.name)
        async for page in site.books.products(modified_since=since - overlap, lane=Lane.RECONCILIATION):
            await journal.catalogue.store_book_products(site.name, [read_book_product(row) for row in page])
        if not _same(before, await journal.catalogue.bills(site.name)):
            await journal.agenda.look_again(site.name, stock.FLOW, ALL, "a bill of materials changed")
    await journal.watermarks.advance(site.name, BILLS_READ, began)


def _same(before: Bills, after: Bills) -> bool:
    return before.kits == after.kits and all(before[kit] == after[kit] for kit in after.kits)


async def _shown(site: Site, kits: Sequence[str]) -> dict[str, int]:
    """What the shop shows of each kit, at all its locations together."""
    locations = (await shop_locations(site)).all(frozenset(site.connection.design.stock.locations))
    shown: dict[str, int] = {}
    for some in _parts_of(kits):
        levels = await site.shop.inventory_levels(some, locations, lane=Lane.RECONCILIATION)
        for (sku, _), units in levels.items():
            shown[sku] = shown.get(sku, 0) + units
    return shown


async def _possible(site: Site, bills: Bills, kits: Mapping[str, int]) -> dict[str, int]:
    """How many of each kit could be sent if nothing else were, made ones among them; none where no stock was read."""
    journal = running().journal
    kept = await journal.references.read(site.name, PARTS)
    if kept is None:
        return {}
    possible = {}
    for kit in kits:
        made: dict[str, Decimal] = {}
        for level in await journal.stock_levels.of(site.name, kit):
            for place, units in level.by_location.items():
                made[place] = max(made.get(place, Decimal(0)), units)
        places = kept[0].keys() | made.keys()
        stock_at = {place: _stock(kept[0].get(place, {}), kit, made.get(place)) for place in places}
        possible[kit] = sum(bills.most(kit, there) for there in stock_at.values())
    return possible


def _stock(parts: Mapping[str, str], kit: str, made: Decimal | None) -> dict[str, Decimal]:
    units = {sku: Decimal(there) for sku, there in parts.items()}
    return units | ({kit: made} if made else {})


def _parts_of(kits: Sequence[str]) -> Iterator[Sequence[str]]:
    return (kits[start : start + KITS_A_CALL] for start in range(0, len(kits), KITS_A_CALL))


MONITOR = Monitor("kit_drift", "The shop shows no more of a kit than its parts can make.", FindingKind.KIT_DRIFT, _look)
