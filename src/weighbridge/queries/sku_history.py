"""One SKU on one page: both systems, every term of its figure, what the shop was told and when, who waits for it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from weighbridge.app.context import Office
from weighbridge.domain.orders.reference_data import BookProduct
from weighbridge.domain.stock.available import ShopItem
from weighbridge.exceptions.filters import Wanted
from weighbridge.exceptions.records import Case
from weighbridge.persistence.repositories.http_log import StoredExchange
from weighbridge.reports.stock_explanation import Explanation, explain_sku

TELLS = "/inventory/adjustments/absolute"
"""Calls that tell the shop levels. Source: Inventory V3, PUT /inventory/adjustments/absolute."""
TOLD_SINCE = timedelta(days=3)
MOST_CALLS = 100
MOST_TELLINGS = 20
MOST_CASES = 10


@dataclass(frozen=True, slots=True)
class Telling:
    """One time that the shop was told a level of the SKU."""

    at: datetime
    shop_location: int
    level: int
    accepted: bool
    exchange_id: str


@dataclass(frozen=True, slots=True)
class SkuTrace:
    """All that is known of a SKU."""

    told: Explanation
    product: BookProduct | None
    """How Cin7 knows it; None when it does not."""
    tellings: tuple[Telling, ...]
    """Newest first, of the last days."""
    cases: Sequence[Case]
    """Open ones first, then those that were closed last."""


async def trace_sku(office: Office, connection: str, sku: str) -> SkuTrace | None:
    """The story of a SKU; None when neither system knows it and nobody waits for it."""
    told = await explain_sku(
        office.journal, connection, office.connections[connection], office.sharing(connection), sku
    )
    product = (await office.journal.catalogue.book_products(connection, [sku])).get(sku)
    cases = await _cases(office, connection, sku)
    if told.item is None and product is None and not (told.levels or told.open or cases):
        return None
    return SkuTrace(told, product, await _tellings(office, connection, told.item), cases)


async def _cases(office: Office, connection: str, sku: str) -> list[Case]:
    found: list[Case] = []
    for state in ("open", "closed"):
        wanted = Wanted(connection=connection, state=state, words=sku, snoozed=True)
        found += (await office.cases.page(wanted, limit=MOST_CASES)).cases
    return found[:MOST_CASES]


async def _tellings(office: Office, connection: str, item: ShopItem | None) -> tuple[Telling, ...]:
    if item is None:
        return ()
    since = office.clock.now() - TOLD_SINCE
    calls = await office.journal.exchanges.sent(connection, "bigcommerce", "PUT", TELLS, since, MOST_CALLS)
    return tuple(one for call in calls for one in _levels_in(call, item))[:MOST_TELLINGS]


def _levels_in(call: StoredExchange, item: ShopItem) -> list[Telling]:
    """What a call told of the item; variants are addressed by their own id, products by theirs."""
    try:
        items = json.loads(call.request)["items"]
    except (ValueError, KeyError, TypeError):
        return []
    name, number = ("product_id", item.product_id) if item.variant_id is None else ("variant_id", item.variant_id)
    return [
        Telling(call.started_at, one["location_id"], one["quantity"], call.outcome == "answered", call.id)
        for one in items
        if one.get(name) == number
    ]
