"""BigCommerce's API as typed calls. Every call names its lane; writes that are not idempotent carry `before_send`.

Deleting orders is not offered: the same path without an id archives every order of the store.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from pydantic import ValidationError

from weighbridge.domain.lanes import Lane
from weighbridge.domain.stock.available import LevelKey
from weighbridge.platforms.bigcommerce import payload, requests
from weighbridge.platforms.bigcommerce.catalogue_client import CatalogueClient
from weighbridge.platforms.bigcommerce.models import orders as order_models
from weighbridge.platforms.bigcommerce.models import store as store_models
from weighbridge.platforms.http_client import BeforeSend, HttpClient

ORDERS_PER_PAGE = 250
WITH_PARTS = {"include": "consignments.line_items,fees", "consignment_structure": "object"}
"""Includes fees, lines and shipping addresses in an order. Source: Orders V2, order_includes."""
LINES_PER_PAGE = 250
PRODUCTS_PER_PAGE = 250
REFUNDS_PER_PAGE = 250
ITEMS_PER_PAGE = 1000
"""Source: Inventory V3, GET /inventory/items."""
BOUND_OF_SECONDS = timedelta(seconds=1)
"""Timestamps are in whole seconds, and it is not documented whether a bound is inclusive."""

T = TypeVar("T")


class BigCommerceClient:
    """The calls of one connection to one store."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http
        self.catalogue = CatalogueClient(http)

    async def close(self) -> None:
        await self._http.close()

    async def order(self, order_id: int, *, lane: Lane) -> order_models.OrderHeader:
        """An order with its fees, and with its lines and shipping addresses where they fit into the answer."""
        return await self._http.read(f"v2/orders/{order_id}", order_models.OrderHeader, lane=lane, query=WITH_PARTS)

    async def orders(
        self, *, min_date_modified: datetime, lane: Lane
    ) -> AsyncIterator[list[order_models.OrderHeader | payload.UnreadableRow]]:
        """Orders changed since `min_date_modified` with their parts, oldest change first, each once, in pages; rows are
        parsed singly.

        An order that changes meanwhile moves to the end of the list, and one from the next page takes its place. So the
        next page starts at the timestamp of the last row; page numbers are used only among rows of one timestamp.
        Source: platform notes, bigcommerce 2.1.
        """
        since, number, seen = min_date_modified.astimezone(UTC), 1, set[int]()
        while True:
            query = {
                "min_date_modified": since.strftime("%Y-%m-%dT%H:%M:%S+00:00"),
                "sort": "date_modified:asc",
                "page": str(number),
                "limit": str(ORDERS_PER_PAGE),
                **WITH_PARTS,
            }
            page: list[dict[str, Any]] = await self._http.read(
                "v2/orders", list[dict[str, Any]], lane=lane, query=query
            )
            rows = [read for row in page if (read := _order_row(row)) is not None]
            fresh = [row for row in rows if row.id not in seen]
            seen.update(row.id for row in fresh)
            if fresh:
                yield fresh
            if len(page) < ORDERS_PER_PAGE:
                return
            timestamps = [row.date_modified for row in rows if isinstance(row, order_models.OrderHeader)]
            next_since = max(timestamps, default=since) - BOUND_OF_SECONDS
            since, number = (next_since, 1) if next_since > since else (since, number + 1)

    async def order_products(self, order_id: int, *, lane: Lane) -> list[order_models.OrderProduct]:
        """All lines; the default page size is 50."""
        return await self._v2_all(f"v2/orders/{order_id}/products", order_models.OrderProduct, LINES_PER_PAGE, lane)

    async def shipping_addresses(self, order_id: int, *, lane: Lane) -> list[order_models.PostalAddress]:
        return await self._v2_all(f"v2/orders/{order_id}/shipping_addresses", order_models.PostalAddress, 250, lane)

    async def taxes(self, order_id: int, *, lane: Lane) -> list[order_models.OrderTax]:
        """Tax rows per line and charge."""
        return await self._v2_all(f"v2/orders/{order_id}/taxes", order_models.OrderTax, 250, lane, {"details": "true"})

    async def coupons(self, order_id: int, *, lane: Lane) -> list[order_models.OrderCoupon]:
        return await self._v2_all(f"v2/orders/{order_id}/coupons", order_models.OrderCoupon, 250, lane)

    async def transactions(self, order_id: int, *, lane: Lane) -> list[order_models.Transaction]:
        """The order's transactions; the answer has no body when there are none."""
        answer: (
            payload.Enveloped[list[order_models.Transaction]] | list[order_models.Transaction]
        ) = await self._http.read(
            f"v3/orders/{order_id}/transactions",
            payload.Enveloped[list[order_models.Transaction]] | list[order_models.Transaction],
            lane=lane,
        )
        return answer if isinstance(answer, list) else answer.data

    async def refunds(self, *, created_since: datetime, lane: Lane) -> AsyncIterator[list[order_models.RefundRow]]:
        """Refunds of all orders created since `created_since`, ordered by id, in pages.

        Source: platform notes, bigcommerce 3.3.
        """
        since, number = created_since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00"), 1
        while True:
            query = {"created:min": since, "page": str(number), "limit": str(REFUNDS_PER_PAGE)}
            page: list[order_models.RefundRow] = await self._data(
                "v3/orders/payment_actions/refunds", list[order_models.RefundRow], lane, query
            )
            if page:
                yield page
            if len(page) < REFUNDS_PER_PAGE:
                return
            number += 1

    async def inventory_settings(self, *, lane: Lane) -> store_models.InventorySettings:
        settings: store_models.InventorySettings = await self._data(
            "v3/settings/inventory", store_models.InventorySettings, lane, {}
        )
        return settings

    async def refund(self, refund_id: int, *, lane: Lane) -> order_models.Refund:
        refund: order_models.Refund = await self._data(
            f"v3/orders/payment_actions/refunds/{refund_id}", order_models.Refund, lane, {}
        )
        return refund

    async def order_refunds(self, order_id: int, *, lane: Lane) -> list[order_models.Refund]:
        """All refunds of one order; the answer may have no body when there are none."""
        answer: payload.Enveloped[list[order_models.Refund]] | list[order_models.Refund] = await self._http.read(
            f"v3/orders/{order_id}/payment_actions/refunds",
            payload.Enveloped[list[order_models.Refund]] | list[order_models.Refund],
            lane=lane,
        )
        return answer if isinstance(answer, list) else answer.data

    async def update_order(self, order_id: int, body: requests.OrderUpdate, *, lane: Lane) -> None:
        """Sets fields that recalculate nothing. Idempotent."""
        await self._http.write("PUT", f"v2/orders/{order_id}", body, None, lane=lane)

    async def shipments(self, order_id: int, *, lane: Lane) -> list[order_models.Shipment]:
        return await self._v2_all(f"v2/orders/{order_id}/shipments", order_models.Shipment, 250, lane)

    async def create_shipment(
        self, order_id: int, body: requests.ShipmentRequest, *, lane: Lane, before_send: BeforeSend | None = None
    ) -> order_models.Shipment:
        return await self._http.write(
            "POST", f"v2/orders/{order_id}/shipments", body, order_models.Shipment, lane=lane, before_send=before_send
        )

    async def update_shipment(
        self, order_id: int, shipment_id: int, body: requests.TrackingRequest, *, lane: Lane
    ) -> None:
        await self._http.write("PUT", f"v2/orders/{order_id}/shipments/{shipment_id}", body, None, lane=lane)

    async def products(self, *, lane: Lane) -> AsyncIterator[list[store_models.ProductRow]]:
        """All products with their variants, paged by id so that no product is missed while they change."""
        last = 0
        while True:
            query = {
                "include": "variants",
                "include_fields": "sku,inventory_tracking,price,availability,is_visible",
                "limit": str(PRODUCTS_PER_PAGE),
                "sort": "id",
                "id:greater": str(last),
            }
            page = await self._data("v3/catalog/products", list[store_models.ProductRow], lane, query)
            if not page:
                return
            yield page
            last = max(row.id for row in page)

    async def inventory_locations(self, *, lane: Lane) -> list[store_models.StoreLocation]:
        """The inventory locations of the store. Source: Locations V3, GET /inventory/locations."""
        locations: list[store_models.StoreLocation] = await self._data(
            "v3/inventory/locations", list[store_models.StoreLocation], lane, {"limit": str(ITEMS_PER_PAGE)}
        )
        return locations

    async def inventory_levels(
        self, skus: Sequence[str], location_ids: Sequence[int], *, lane: Lane
    ) -> dict[LevelKey, int]:
        """On-hand units at the locations, by SKU and location."""
        return await self._levels(location_ids, {"sku:in": ",".join(skus)}, lane)

    async def all_inventory_levels(
        self, location_ids: Sequence[int], *, lane: Lane
    ) -> AsyncIterator[dict[LevelKey, int]]:
        """On-hand units of every item at the locations, in pages; an item may be missed while the list changes."""
        number, page = 0, {("", 0): 0}
        while page:
            number += 1
            page = await self._levels(location_ids, {"page": str(number)}, lane)
            yield page

    async def _levels(self, location_ids: Sequence[int], query: Mapping[str, str], lane: Lane) -> dict[LevelKey, int]:
        ids = ",".join(str(location_id) for location_id in location_ids)
        full_query = {"location_id:in": ids, "limit": str(ITEMS_PER_PAGE), **query}
        items = await self._data("v3/inventory/items", list[store_models.InventoryItem], lane, full_query)
        return {
            (item.identity.sku, level.location_id): level.total_inventory_onhand
            for item in items
            for level in item.locations
            if level.location_id in location_ids
        }

    async def set_inventory_absolute(self, body: requests.LevelsRequest, *, lane: Lane) -> None:
        """Sets levels. The store accepts them at once and applies them a little later."""
        await self._http.write("PUT", "v3/inventory/adjustments/absolute", body, None, lane=lane)

    async def webhooks(self, *, lane: Lane) -> list[store_models.StoreWebhook]:
        webhooks: list[store_models.StoreWebhook] = await self._data(
            "v3/hooks", list[store_models.StoreWebhook], lane, {"limit": "250"}
        )
        return webhooks

    async def create_webhook(self, body: requests.StoreWebhookRequest, *, lane: Lane) -> None:
        await self._http.write("POST", "v3/hooks", body, None, lane=lane)

    async def activate_webhook(self, webhook_id: int, *, lane: Lane) -> None:
        await self._http.write("PUT", f"v3/hooks/{webhook_id}", {"is_active": True}, None, lane=lane)

    async def _data(self, path: str, model: Any, lane: Lane, query: Mapping[str, str]) -> Any:
        answer: payload.Enveloped[Any] = await self._http.read(path, payload.Enveloped[model], lane=lane, query=query)
        return answer.data

    async def _v2_all(
        self, path: str, model: type[T], limit: int, lane: Lane, query: Mapping[str, str] | None = None
    ) -> list[T]:
        rows: list[T] = []
        async for page in self._v2_pages(path, model, limit, query or {}, lane):
            rows += page
        return rows

    async def _v2_pages(
        self, path: str, model: type[T], limit: int, query: Mapping[str, str], lane: Lane
    ) -> AsyncIterator[list[T]]:
        """Pages of a bare list; an answer without a body, an empty list or a short page ends it."""
        number = 1
        while True:
            page_query = {**query, "page": str(number), "limit": str(limit)}
            page: list[T] = await self._http.read(path, list[model], lane=lane, query=page_query)  # type: ignore[valid-type]
            if page:
                yield page
            if len(page) < limit:
                return
            number += 1


def _order_row(row: dict[str, Any]) -> order_models.OrderHeader | payload.UnreadableRow | None:
    """A row of the order list; None when not even its id is readable, which only the order's next change can fix."""
    try:
        return order_models.OrderHeader.model_validate(row)
    except ValidationError:
        digest = hashlib.sha256(json.dumps(row, sort_keys=True, default=str).encode()).hexdigest()[:40]
        order_id = row.get("id")
        return payload.UnreadableRow(id=order_id, digest=digest) if isinstance(order_id, int) else None
