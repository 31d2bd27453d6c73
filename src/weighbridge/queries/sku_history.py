"""The page of a SKU: both systems, the terms of its level, the published levels, and its exceptions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from weighbridge.app.context import AppContext
from weighbridge.domain.orders.reference_data import ReferenceProduct
from weighbridge.domain.stock.available import StoreItem
from weighbridge.exceptions.filters import ExceptionFilter
from weighbridge.exceptions.records import ExceptionRecord
from weighbridge.persistence.repositories.http_log import StoredExchange
from weighbridge.reports.stock_explanation import Explanation, explain_sku

PUBLISH_PATH = "/inventory/adjustments/absolute"
"""Calls that publish levels. Source: Inventory V3, PUT /inventory/adjustments/absolute."""
PUBLISHED_SINCE = timedelta(days=3)
MOST_CALLS = 100
MAX_PUBLISHED_LEVELS = 20
MAX_EXCEPTIONS = 10


@dataclass(frozen=True, slots=True)
class PublishedLevel:
    """One publication of a level of the SKU."""

    at: datetime
    store_location: int
    level: int
    accepted: bool
    exchange_id: str


@dataclass(frozen=True, slots=True)
class SkuTrace:
    """Everything about a SKU."""

    explanation: Explanation
    product: ReferenceProduct | None
    """The product in Cin7; None if Cin7 has none."""
    published_levels: tuple[PublishedLevel, ...]
    """Newest first, of the last days."""
    exception_records: Sequence[ExceptionRecord]
    """Open exceptions first, then the latest closed ones."""


async def trace_sku(app: AppContext, connection: str, sku: str) -> SkuTrace | None:
    """Everything about a SKU; None if neither system knows it and no order waits for it."""
    explanation = await explain_sku(
        app.repositories, connection, app.connections[connection], app.sharing(connection), sku
    )
    product = (await app.repositories.catalogue.cin7_products(connection, [sku])).get(sku)
    exception_records = await _exception_records(app, connection, sku)
    is_known = explanation.item is not None or product is not None
    if not (is_known or explanation.levels or explanation.open_reservations or exception_records):
        return None
    levels = await _published_levels(app, connection, explanation.item)
    return SkuTrace(explanation, product, levels, exception_records)


async def _exception_records(app: AppContext, connection: str, sku: str) -> list[ExceptionRecord]:
    exception_records: list[ExceptionRecord] = []
    for state in ("open", "closed"):
        exception_filter = ExceptionFilter(connection=connection, state=state, text=sku, snoozed=True)
        page = await app.exception_queries.page(exception_filter, limit=MAX_EXCEPTIONS)
        exception_records += page.exception_records
    return exception_records[:MAX_EXCEPTIONS]


async def _published_levels(app: AppContext, connection: str, item: StoreItem | None) -> tuple[PublishedLevel, ...]:
    if item is None:
        return ()
    since = app.clock.now() - PUBLISHED_SINCE
    calls = await app.repositories.http_log.latest_calls(
        connection, "bigcommerce", "PUT", PUBLISH_PATH, since, MOST_CALLS
    )
    return tuple(level for call in calls for level in _levels_in(call, item))[:MAX_PUBLISHED_LEVELS]


def _levels_in(call: StoredExchange, item: StoreItem) -> list[PublishedLevel]:
    """The levels of the item in a call, which addresses variants by variant id and products by product id."""
    try:
        rows = json.loads(call.request)["items"]
    except (ValueError, KeyError, TypeError):
        return []
    name, number = ("product_id", item.product_id) if item.variant_id is None else ("variant_id", item.variant_id)
    return [
        PublishedLevel(call.started_at, row["location_id"], row["quantity"], call.outcome == "answered", call.id)
        for row in rows
        if row.get(name) == number
    ]
