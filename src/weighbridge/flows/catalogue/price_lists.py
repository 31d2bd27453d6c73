"""Price lists: each price tier that the design names fills one price list of the store, for one customer group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import structlog

from weighbridge.design.catalogue import PriceList
from weighbridge.domain.catalogue.listing import Link
from weighbridge.domain.catalogue.price_lists import PriceChanges, price_changes, tier_prices
from weighbridge.domain.findings.finding import Finding, hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.flows.catalogue.read import View
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.idempotent_write import BeforeSend, IdempotentWriter, WriteResult
from weighbridge.persistence.repositories.transfers import Transfer
from weighbridge.platforms.bigcommerce.catalogue_client import PRICES_PER_WRITE
from weighbridge.platforms.bigcommerce.models import catalogue as models
from weighbridge.platforms.http_exchange import Refused

log = structlog.get_logger()

Prices = Sequence[tuple[int, Decimal]]
REMOVED_PER_CALL = 50
"""Ids that fit into a URL."""


@dataclass(frozen=True, slots=True)
class ComparedList:
    """A price list of the store and the changes that it needs."""

    rule: PriceList
    list_id: int | None
    """None until the list is created."""
    changes: PriceChanges


async def compare_prices(ctx: ConnectionContext, view: View, links: Mapping[str, Link]) -> list[ComparedList]:
    """Compares every price list of the design with its tier; writes nothing."""
    rules = ctx.connection.design.catalogue.price_lists
    if not rules:
        return []
    ids = {row.name: row.id for row in await ctx.bigcommerce.catalogue.price_lists()}
    compared = []
    for tier, rule in rules.items():
        list_id = ids.get(rule.price_list)
        records = await ctx.bigcommerce.catalogue.price_records(list_id) if list_id else []
        current = {
            row.variant_id: row.price
            for row in records
            if row.currency.upper() == view.terms.currency.upper() and row.price is not None
        }
        desired = tier_prices(links.values(), view.products, view.terms.tiers[tier])
        compared.append(ComparedList(rule, list_id, price_changes(desired, current)))
    return compared


async def fill_price_lists(
    ctx: ConnectionContext, transfer: Transfer, view: View, links: Mapping[str, Link]
) -> dict[str, tuple[Finding, ...]]:
    """Creates, fills and assigns the lists, one call after the other; returns the findings of refused writes.

    Source: platform notes, bigcommerce 6.2 (one upsert at a time).
    """
    findings: dict[str, tuple[Finding, ...]] = {}
    for compared in await compare_prices(ctx, view, links):
        list_id = compared.list_id or await _create_price_list(ctx, transfer, compared.rule.price_list)
        changes, currency = compared.changes, view.terms.currency
        refused: list[Finding] = []
        for start in range(0, len(changes.write), PRICES_PER_WRITE):
            refused += await _write(ctx, list_id, currency, changes.write[start : start + PRICES_PER_WRITE])
        for start in range(0, len(changes.remove), REMOVED_PER_CALL):
            variant_ids = changes.remove[start : start + REMOVED_PER_CALL]
            await ctx.bigcommerce.catalogue.delete_price_records(list_id, currency, variant_ids)
        refused += await _assign(ctx, list_id, compared.rule)
        if refused:
            findings[f"price list {compared.rule.price_list}"] = tuple(refused)
    return findings


async def _create_price_list(ctx: ConnectionContext, transfer: Transfer, name: str) -> int:
    retry = ctx.connection.design.retry
    body = models.PriceListRequest(name=name)

    async def send(transfer: Transfer, before_send: BeforeSend) -> WriteResult:
        return {"id": (await ctx.bigcommerce.catalogue.create_price_list(body, before_send)).id}

    async def probe(transfer: Transfer) -> WriteResult | None:
        rows = await ctx.bigcommerce.catalogue.price_lists()
        return next(({"id": row.id} for row in rows if row.name == name), None)

    key = f"{ctx.name}:price_list:{name}"[:200]
    writer = IdempotentWriter(ctx, transfer)
    answer = await writer.write("price_list", body, send, probe, settle_seconds=retry.call_settle_seconds, key=key)
    return int(answer["id"])


async def _write(ctx: ConnectionContext, list_id: int, currency: str, prices: Prices) -> list[Finding]:
    """Writes prices; a refused batch is split in halves until a refused price is alone. Writing twice is harmless."""
    rows = [models.PriceRecordRequest(variant_id=of, currency=currency, price=price) for of, price in prices]
    try:
        await ctx.bigcommerce.catalogue.upsert_price_records(list_id, rows)
    except Refused as refusal:
        if len(prices) == 1:
            variant_id, price = prices[0]
            log.warning("price_refused", variant_id=variant_id, messages=refusal.messages)
            field, messages = f"price {price} of variant {variant_id}", "; ".join(refusal.messages)
            return [hold(FindingKind.REFUSED_BY_BIGCOMMERCE, field, messages, "a price that the store accepts")]
        middle = len(prices) // 2
        first = await _write(ctx, list_id, currency, prices[:middle])
        return first + await _write(ctx, list_id, currency, prices[middle:])
    return []


async def _assign(ctx: ConnectionContext, list_id: int, rule: PriceList) -> list[Finding]:
    """Assigns the list to its customer group, if the design names one and it is not assigned yet."""
    if not rule.customer_group:
        return []
    groups = {group.name: group.id for group in await ctx.bigcommerce.catalogue.customer_groups()}
    group_id = groups.get(rule.customer_group)
    if group_id is None:
        expected = f"a customer group of the store: {', '.join(sorted(groups)) or 'the store has none'}"
        kind = FindingKind.CUSTOMER_GROUP_UNKNOWN
        return [hold(kind, f"customer_group of {rule.price_list}", rule.customer_group, expected)]
    assigned = await ctx.bigcommerce.catalogue.price_list_assignments()
    if not any((row.price_list_id, row.customer_group_id) == (list_id, group_id) for row in assigned):
        body = models.PriceListAssignmentRequest(price_list_id=list_id, customer_group_id=group_id)
        await ctx.bigcommerce.catalogue.assign_price_list(body)
    return []
