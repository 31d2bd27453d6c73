"""BigCommerce's API as typed calls. Every call names its lane; writes that are not repeatable carry `before_send`.

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
from weighbridge.domain.stock.available import Slot
from weighbridge.platforms.bigcommerce import payload, requests
from weighbridge.platforms.bigcommerce.catalogue_client import CatalogueClient
from weighbridge.platforms.bigcommerce.models import orders as order_models
from weighbridge.platforms.bigcommerce.models import store as store_models
from weighbridge.platforms.http_client import BeforeSend, Transport

ORDERS_PER_PAGE = 250
LINES_PER_PAGE = 250
PRODUCTS_PER_PAGE = 250
REFUNDS_PER_PAGE = 250
ITEMS_PER_PAGE = 1000
"""Source: Inventory V3, GET /inventory/items."""
BOUND_OF_SECONDS = timedelta(seconds=1)
"""Moments are shown in whole seconds, and nobody says whether a bound belongs to what it bounds."""

T = TypeVar("T")


class BigCommerceClient:
    """The calls of one connection to one store."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.catalogue = CatalogueClient(transport)

    async def close(self) -> None:
        await self._transport.close()

    async def order(self, order_id: int, *, lane: Lane) -> order_models.OrderHeader:
        """An order with its fees."""
        return await self._transport.read(
            f"v2/orders/{order_id}", order_models.OrderHeader, lane=lane, query={"include": "fees"}
        )

    async def orders(
        self, *, min_date_modified: datetime, lane: Lane
    ) -> AsyncIterator[list[order_models.OrderHeader | payload.UnreadableRow]]:
        """Orders changed since a moment, oldest change first, each once, in pages; each row is read by itself.

        An order that changes meanwhile moves to the end of this list, and one from the next page takes its place. So
        the next page begins at the last row's moment; only among rows of one moment the pages are counted.
        Source: platform notes, bigcommerce 2.1.
        """
        since, number, seen = min_date_modified.astimezone(UTC), 1, set[int]()
        while True:
            asked = {
                "min_date_modified": since.strftime("%Y-%m-%dT%H:%M:%S+00:00"),
                "sort": "date_modified:asc",
                "page": str(number),
                "limit": str(ORDERS_PER_PAGE),
            }
            page: list[dict[str, Any]] = await self._transport.read(
                "v2/orders", list[dict[str, Any]], lane=lane, query=asked
            )
            rows = [read for row in page if (read := _order_row(row)) is not None]
            fresh = [row for row in rows if row.id not in seen]
            seen.update(row.id for row in fresh)
            if fresh:
                yield fresh
            if len(page) < ORDERS_PER_PAGE:
                return
            moments = [row.date_modified for row in rows if isinstance(row, order_models.OrderHeader)]
            begin = max(moments, default=since) - BOUND_OF_SECONDS
            since, number = (begin, 1) if begin > since else (since, number + 1)

    async def order_products(self, order_id: int, *, lane: Lane) -> list[order_models.OrderProduct]:
        """All lines; one page holds 50 unless asked for more."""
        return await self._v2_all(f"v2/orders/{order_id}/products", order_models.OrderProduct, LINES_PER_PAGE, lane)

    async def shipping_addresses(self, order_id: int, *, lane: Lane) -> list[order_models.PostalAddress]:
        return await self._v2_all(f"v2/orders/{order_id}/shipping_addresses", order_models.PostalAddress, 250, lane)

    async def taxes(self, order_id: int, *, lane: Lane) -> list[order_models.OrderTax]:
        """Tax rows per line and charge."""
        return await self._v2_all(f"v2/orders/{order_id}/taxes", order_models.OrderTax, 250, lane, {"details": "true"})

    async def coupons(self, order_id: int, *, lane: Lane) -> list[order_models.OrderCoupon]:
        return await self._v2_all(f"v2/orders/{order_id}/coupons", order_models.OrderCoupon, 250, lane)

    async def transactions(self, order_id: int, *, lane: Lane) -> list[order_models.Transaction]:
        """Movements of money; an order without any answers without a body."""
        answer: (
            payload.Enveloped[list[order_models.Transaction]] | list[order_models.Transaction]
        ) = await self._transport.read(
            f"v3/orders/{order_id}/transactions",
            payload.Enveloped[list[order_models.Transaction]] | list[order_models.Transaction],
            lane=lane,
        )
        return answer if isinstance(answer, list) else answer.data

    async def refunds(self, *, created_since: datetime, lane: Lane) -> AsyncIterator[list[order_models.RefundRow]]:
        """Refunds of every order made since a moment, by their ids, in pages.

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
        found: store_models.InventorySettings = await self._data(
            "v3/settings/inventory", store_models.InventorySettings, lane, {}
        )
        return found

    async def refund(self, refund_id: int, *, lane: Lane) -> order_models.Refund:
        found: order_models.Refund = await self._data(
            f"v3/orders/payment_actions/refunds/{refund_id}", order_models.Refund, lane, {}
        )
        return found

    async def order_refunds(self, order_id: int, *, lane: Lane) -> list[order_models.Refund]:
        """All refunds of one order; an order without any may answer without a body."""
        answer: payload.Enveloped[list[order_models.Refund]] | list[order_models.Refund] = await self._transport.read(
            f"v3/orders/{order_id}/payment_actions/refunds",
            payload.Enveloped[list[order_models.Refund]] | list[order_models.Refund],
            lane=lane,
        )
        return answer if isinstance(answer, list) else answer.data

    async def update_order(self, order_id: int, body: requests.OrderUpdate, *, lane: Lane) -> None:
        """Sets members that recalculate nothing; doing it twice is harmless."""
        await self._transport.write("PUT", f"v2/orders/{order_id}", body, None, lane=lane)

    async def shipments(self, order_id: int, *, lane: Lane) -> list[order_models.Shipment]:
        return await self._v2_all(f"v2/orders/{order_id}/shipments", order_models.Shipment, 250, lane)

    async def create_shipment(
        self, order_id: int, body: requests.ShipmentRequest, *, lane: Lane, before_send: BeforeSend | None = None
    ) -> order_models.Shipment:
        return await self._transport.write(
            "POST", f"v2/orders/{order_id}/shipments", body, order_models.Shipment, lane=lane, before_send=before_send
        )

    async def update_shipment(
        self, order_id: int, shipment_id: int, body: requests.TrackingRequest, *, lane: Lane
    ) -> None:
        await self._transport.write("PUT", f"v2/orders/{order_id}/shipments/{shipment_id}", body, None, lane=lane)

    async def products(self, *, lane: Lane) -> AsyncIterator[list[store_models.ProductRow]]:
        """All products with their variants, paged by id so that changes while paging hide none."""
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

    async def inventory_locations(self, *, lane: Lane) -> list[store_models.InventoryPlace]:
        """The inventory locations of the store. Source: Locations V3, GET /inventory/locations."""
        found: list[store_models.InventoryPlace] = await self._data(
            "v3/inventory/locations", list[store_models.InventoryPlace], lane, {"limit": str(ITEMS_PER_PAGE)}
        )
        return found

    async def inventory_levels(
        self, skus: Sequence[str], location_ids: Sequence[int], *, lane: Lane
    ) -> dict[Slot, int]:
        """On-hand units at the locations, by SKU and location."""
        return await self._levels(location_ids, {"sku:in": ",".join(skus)}, lane)

    async def all_inventory_levels(self, location_ids: Sequence[int], *, lane: Lane) -> AsyncIterator[dict[Slot, int]]:
        """On-hand units of every item at the locations, in pages; an item may be missed while the list moves."""
        number, page = 0, {("", 0): 0}
        while page:
            number += 1
            page = await self._levels(location_ids, {"page": str(number)}, lane)
            yield page

    async def _levels(self, location_ids: Sequence[int], query: Mapping[str, str], lane: Lane) -> dict[Slot, int]:
        wanted = ",".join(str(one) for one in location_ids)
        asked = {"location_id:in": wanted, "limit": str(ITEMS_PER_PAGE), **query}
        items = await self._data("v3/inventory/items", list[store_models.InventoryItem], lane, asked)
        return {
            (item.identity.sku, place.location_id): place.total_inventory_onhand
            for item in items
            for place in item.locations
            if place.location_id in location_ids
        }

    async def set_inventory_absolute(self, body: requests.LevelsRequest, *, lane: Lane) -> None:
        """Sets levels; accepted at once, applied a little later."""
        await self._transport.write("PUT", "v3/inventory/adjustments/absolute", body, None, lane=lane)

    async def hooks(self, *, lane: Lane) -> list[store_models.Hook]:
        found: list[store_models.Hook] = await self._data("v3/hooks", list[store_models.Hook], lane, {"limit": "250"})
        return found

    async def create_hook(self, body: requests.HookRequest, *, lane: Lane) -> None:
        await self._transport.write("POST", "v3/hooks", body, None, lane=lane)

    async def activate_hook(self, hook_id: int, *, lane: Lane) -> None:
        await self._transport.write("PUT", f"v3/hooks/{hook_id}", {"is_active": True}, None, lane=lane)

    async def _data(self, path: str, model: Any, lane: Lane, query: Mapping[str, str]) -> Any:
        answer: payload.Enveloped[Any] = await self._transport.read(
            path, payload.Enveloped[model], lane=lane, query=query
        )
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
        """Pages of a bare list; ends on an answer without a body, an empty list or a short page."""
        number = 1
        while True:
            asked = {**query, "page": str(number), "limit": str(limit)}
            page: list[T] = await self._transport.read(path, list[model], lane=lane, query=asked)  # type: ignore[valid-type]
            if page:
                yield page
            if len(page) < limit:
                return
            number += 1


def _order_row(row: dict[str, Any]) -> order_models.OrderHeader | payload.UnreadableRow | None:
    """A row of the order list; None when not even its id can be read, which only the next change can mend."""
    try:
        return order_models.OrderHeader.model_validate(row)
    except ValidationError:
        digest = hashlib.sha256(json.dumps(row, sort_keys=True, default=str).encode()).hexdigest()[:40]
        order_id = row.get("id")
        return payload.UnreadableRow(id=order_id, digest=digest) if isinstance(order_id, int) else None
