"""Price lists: each price tier that the design names fills one list of the shop, for one customer group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import structlog

from weighbridge.design.catalogue import PriceList
from weighbridge.domain.catalogue.listing import Link
from weighbridge.domain.catalogue.price_lists import PriceChanges, price_changes, tier_prices
from weighbridge.domain.findings.finding import Finding, FindingKind, hold
from weighbridge.flows.catalogue.read import View
from weighbridge.flows.context import Site
from weighbridge.flows.idempotent_write import Answered, BeforeSend, Write, write_once
from weighbridge.persistence.repositories.transfers import Transfer
from weighbridge.platforms.bigcommerce.catalogue_client import PRICES_PER_WRITE
from weighbridge.platforms.bigcommerce.models import catalogue as models
from weighbridge.platforms.http_exchange import Refused

log = structlog.get_logger()

Prices = Sequence[tuple[int, Decimal]]
REMOVED_PER_CALL = 50
"""Ids that fit into an address."""


@dataclass(frozen=True, slots=True)
class FilledList:
    """A price list as the shop has it, and what it lacks."""

    rule: PriceList
    list_id: int | None
    """None while the list is not made."""
    changes: PriceChanges


async def compare_prices(site: Site, view: View, links: Mapping[str, Link]) -> list[FilledList]:
    """Every price list of the design against its tier; reads only."""
    rules = site.connection.design.catalogue.price_lists
    if not rules:
        return []
    known = {row.name: row.id for row in await site.shop.catalogue.price_lists()}
    compared = []
    for tier, rule in rules.items():
        list_id = known.get(rule.price_list)
        records = await site.shop.catalogue.price_records(list_id) if list_id else []
        shown = {
            row.variant_id: row.price
            for row in records
            if row.currency.upper() == view.terms.currency.upper() and row.price is not None
        }
        wanted = tier_prices(links.values(), view.articles, view.terms.tiers[tier])
        compared.append(FilledList(rule, list_id, price_changes(wanted, shown)))
    return compared


async def fill_price_lists(
    site: Site, transfer: Transfer, view: View, links: Mapping[str, Link]
) -> dict[str, tuple[Finding, ...]]:
    """Makes, fills and assigns the lists, one call after the other; answers what the shop refused.

    Source: platform notes, bigcommerce 6.2 (one upsert at a time).
    """
    findings: dict[str, tuple[Finding, ...]] = {}
    for one in await compare_prices(site, view, links):
        list_id = one.list_id or await _make(site, transfer, one.rule.price_list)
        currency = view.terms.currency
        refused: list[Finding] = []
        for start in range(0, len(one.changes.write), PRICES_PER_WRITE):
            refused += await _write(site, list_id, currency, one.changes.write[start : start + PRICES_PER_WRITE])
        for start in range(0, len(one.changes.remove), REMOVED_PER_CALL):
            chosen = one.changes.remove[start : start + REMOVED_PER_CALL]
            await site.shop.catalogue.delete_price_records(list_id, currency, chosen)
        refused += await _assign(site, list_id, one.rule)
        if refused:
            findings[f"price list {one.rule.price_list}"] = tuple(refused)
    return findings


async def _make(site: Site, transfer: Transfer, name: str) -> int:
    retry = site.connection.design.retry
    body = models.PriceListRequest(name=name)

    async def send(before_send: BeforeSend) -> Answered:
        return {"id": (await site.shop.catalogue.create_price_list(body, before_send)).id}

    async def probe() -> Answered | None:
        rows = await site.shop.catalogue.price_lists()
        return next(({"id": row.id} for row in rows if row.name == name), None)

    key = f"{site.name}:price_list:{name}"[:200]
    wanted = Write(key, "price_list", body.model_dump(mode="json"), send, probe, retry.call_settle_seconds)
    return int((await write_once(transfer.id, wanted, retry.lease_seconds))["id"])


async def _write(site: Site, list_id: int, currency: str, prices: Prices) -> list[Finding]:
    """Writes prices; where some are refused, halves are told until each bad one stands alone. Twice is harmless."""
    rows = [models.PriceRecordRequest(variant_id=one, currency=currency, price=price) for one, price in prices]
    try:
        await site.shop.catalogue.upsert_price_records(list_id, rows)
    except Refused as refusal:
        if len(prices) == 1:
            variant_id, price = prices[0]
            said = "; ".join(refusal.messages)
            log.warning("price_refused", variant_id=variant_id, messages=refusal.messages)
            where = f"price {price} of variant {variant_id}"
            return [hold(FindingKind.REFUSED_BY_BIGCOMMERCE, where, said, "a price that the shop takes")]
        middle = len(prices) // 2
        first = await _write(site, list_id, currency, prices[:middle])
        return first + await _write(site, list_id, currency, prices[middle:])
    return []


async def _assign(site: Site, list_id: int, rule: PriceList) -> list[Finding]:
    """Gives the list to its customer group, if it has one and does not have it yet."""
    if not rule.customer_group:
        return []
    groups = {group.name: group.id for group in await site.shop.catalogue.customer_groups()}
    group_id = groups.get(rule.customer_group)
    if group_id is None:
        expected = f"a customer group of the shop: {', '.join(sorted(groups)) or 'it has none'}"
        kind = FindingKind.CUSTOMER_GROUP_UNKNOWN
        return [hold(kind, f"customer_group of {rule.price_list}", rule.customer_group, expected)]
    assigned = await site.shop.catalogue.price_list_assignments()
    if not any((one.price_list_id, one.customer_group_id) == (list_id, group_id) for one in assigned):
        body = models.PriceListAssignmentRequest(price_list_id=list_id, customer_group_id=group_id)
        await site.shop.catalogue.assign_price_list(body)
    return []
