"""Stock figures: from a reading of Cin7's stock and what the shops have sold to what each SKU may show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal

from weighbridge.domain.stock.available import Figure, ShopItem, available_by_location, figure, shared_figure
from weighbridge.domain.stock.buffers import BufferPolicy, buffer
from weighbridge.domain.stock.kit_allocation import Routing, Sharing, SharingPolicy, promises
from weighbridge.domain.stock.kits import Bills
from weighbridge.domain.stock.latency import per_hour
from weighbridge.domain.stock.locations import by_shop_location
from weighbridge.flows.context import Site, running
from weighbridge.flows.open_findings import report
from weighbridge.flows.stock.locations import shop_locations
from weighbridge.flows.stock.read_levels import Reading

BILL = "bill_of_materials"
"""Under this name a SKU waits for a person whose bill of materials is no bill."""
PARTS = "parts_available"


async def figures_of(site: Site, reading: Reading, items: Mapping[str, ShopItem]) -> tuple[Figure, ...]:
    """A figure for every SKU that the shop tracks and the books stock, at every location of the shop; a SKU without a
    row has nothing. SKUs whose rows could not be read have no figure, nor has a kit with such a part.

    Source: platform notes, cin7 3.1 (rows vanish at zero).
    """
    journal, policy = running().journal, site.connection.design.stock
    by_location = sellable_units(site, reading)
    by_sku: dict[str, dict[str, Decimal]] = {}
    for place, units in by_location.items():
        for sku, available in units.items():
            by_sku.setdefault(sku, {})[place] = available
    shops = running().sharing_stock(site)
    in_flight = await journal.promises.in_flight(shops, reading.began, reading.asked_at)
    unsellable = await journal.catalogue.unsellable_skus(site.name)
    stocked = await journal.catalogue.stocked_skus(site.name)
    bills = await journal.catalogue.bills(site.name)
    rates, delay = await _rates(site), await journal.exposures.stock_latency(site.name)
    buffers = BufferPolicy(policy.buffer, policy.buffer_percent, policy.buffer_sales_factor)
    zero, shop = Decimal(0), await shop_locations(site)
    plain: dict[str, Figure] = {}
    doubtful = await doubtful_of(site, reading, items)
    for sku, item in items.items():
        if sku in doubtful:
            continue
        if sku in stocked and item.tracked:
            there = by_sku.get(sku, {})
            kept = buffer(buffers, sum(there.values(), zero), rates.get(sku, zero), delay)
            sellable = sku not in unsellable and sku not in bills.findings
            sold = in_flight.get(sku, zero)
            plain[sku] = figure(sku, there, sold, kept, sellable=sellable, shop_location=shop.default)
    await report(site, BILL, {sku: (finding,) for sku, finding in bills.findings.items()})
    found = plain | _shared(site, bills, plain, by_location, in_flight)
    sold_from, home = frozenset(policy.locations), site.sale_policy.location
    return tuple(one for whole in found.values() for one in by_shop_location(whole, shop, sold_from, home))


async def doubtful_of(site: Site, reading: Reading, skus: Iterable[str]) -> frozenset[str]:
    """Those of `skus` that the reading says nothing certain of: they keep the figure they had."""
    catalogue = running().journal.catalogue
    stocked, bills = await catalogue.stocked_skus(site.name), await catalogue.bills(site.name)
    return reading.doubtful({sku: bills.parts_of(sku) - bills.kits for sku in skus if sku in stocked})


def sellable_units(site: Site, reading: Reading) -> dict[str, dict[str, Decimal]]:
    """Units that may be sold, by location and SKU."""
    policy = site.connection.design.stock
    chosen, barred = frozenset(policy.locations), frozenset(policy.excluded_bins)
    return available_by_location(reading.rows, chosen, reading.began.date(), barred)


async def keep_parts(site: Site, reading: Reading) -> None:
    """Keeps what there is of the parts of kits, most of which the shop does not sell by themselves. Of a part that the
    reading says nothing certain of, what there was before."""
    journal = running().journal
    bills = await journal.catalogue.bills(site.name)
    parts = {part for kit in bills.kits for part in bills.parts_of(kit)} - bills.kits
    if not parts:
        return
    doubtful = reading.doubtful({part: (part,) for part in parts})
    kept = await journal.references.read(site.name, PARTS) if doubtful else None
    before: Mapping[str, Mapping[str, str]] = kept[0] if kept else {}
    there = {
        place: {sku: str(units[sku]) for sku in (parts & units.keys()) - doubtful}
        | {sku: count for sku, count in before.get(place, {}).items() if sku in doubtful}
        for place, units in sellable_units(site, reading).items()
    }
    await journal.references.keep(site.name, PARTS, there)


async def _rates(site: Site) -> dict[str, Decimal]:
    """Units sold per hour of late, by SKU; nothing is read where the design has no use for it."""
    policy = site.connection.design.stock
    if not policy.buffer_sales_factor:
        return {}
    now = running().clock.now()
    since = now - timedelta(hours=policy.sales_hours)
    sold = await running().journal.promises.sold(running().sharing_stock(site), since)
    return {sku: per_hour(times, since, now) for sku, times in sold.items()}


def _shared(
    site: Site,
    bills: Bills,
    plain: Mapping[str, Figure],
    by_location: Mapping[str, Mapping[str, Decimal]],
    in_flight: Mapping[str, Decimal],
) -> dict[str, Figure]:
    """The figures of kits and their parts, group by group: parts that several could use are promised once.

    What is in flight will be posted at the sale's location.
    """
    policy = site.connection.design.stock
    home = site.sale_policy.location
    share = policy.singles_share
    sharing = SharingPolicy(Sharing(policy.sharing), Routing(policy.routing), policy.priority, share)
    found: dict[str, Figure] = {}
    for group in bills.groups():
        shown = group & plain.keys()
        stock = {place: {sku: there[sku] for sku in group & there.keys()} for place, there in by_location.items()}
        sold = {home: {sku: in_flight[sku] for sku in group & in_flight.keys()}}
        sellable = {sku for sku in shown if plain[sku].sellable}
        given = promises(sellable, bills, stock, sold, sharing)
        found |= {sku: shared_figure(plain[sku], given[sku], group) for sku in sellable}
    return found
