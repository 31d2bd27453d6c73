"""The plain copy: every few minutes the shop is told Cin7's Available, as it stands, for every SKU.

What many connectors do: nothing is taken off for orders that Cin7 has not heard of, a SKU without a row counts as sold
out, and the first reading is believed. It is built to be fair otherwise: it waits and tries again when Cin7 throttles.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import httpx2

from weighbridge.common.clock import Clock

PAGE: Final = 1000
BATCH: Final = 500
PATIENCE_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class CadenceCopy:
    """One connection of a plain copy between a shop and a company."""

    shop_url: str
    shop_token: str
    books_url: str
    books_keys: Mapping[str, str]
    clock: Clock
    cadence_seconds: float
    location_id: int = 1

    async def run(self) -> None:
        """Copies until cancelled."""
        async with httpx2.AsyncClient(timeout=60.0) as http:
            products = await self._product_ids(http)
            while True:
                await self._tell(http, await self._available(http), products)
                await self.clock.sleep(self.cadence_seconds)

    async def _product_ids(self, http: httpx2.AsyncClient) -> dict[str, int]:
        found: dict[str, int] = {}
        number = 1
        while True:
            query = {"limit": "250", "page": str(number), "include_fields": "sku"}
            rows = (await self._shop(http, "GET", "/v3/catalog/products", params=query))["data"]
            if not rows:
                return found
            found |= {str(row["sku"]): int(row["id"]) for row in rows}
            number += 1

    async def _available(self, http: httpx2.AsyncClient) -> dict[str, Decimal]:
        available: dict[str, Decimal] = defaultdict(Decimal)
        number = 1
        while True:
            rows = await self._page(http, number)
            for row in rows:
                available[row["SKU"]] += Decimal(str(row["Available"]))
            if len(rows) < PAGE:
                return available
            number += 1

    async def _page(self, http: httpx2.AsyncClient, number: int) -> list[Any]:
        query = {"Page": str(number), "Limit": str(PAGE)}
        while True:
            url = f"{self.books_url}/ref/productavailability"
            answer = await http.get(url, params=query, headers=dict(self.books_keys))
            if answer.status_code == 200:
                rows: list[Any] = answer.json()["ProductAvailabilityList"]
                return rows
            await self.clock.sleep(PATIENCE_SECONDS)

    async def _tell(
        self, http: httpx2.AsyncClient, available: Mapping[str, Decimal], products: Mapping[str, int]
    ) -> None:
        items = [
            {"location_id": self.location_id, "product_id": number, "quantity": max(0, int(available.get(sku, 0)))}
            for sku, number in products.items()
        ]
        for start in range(0, len(items), BATCH):
            body = {"reason": "copy", "items": items[start : start + BATCH]}
            await self._shop(http, "PUT", "/v3/inventory/adjustments/absolute", json=body)

    async def _shop(self, http: httpx2.AsyncClient, method: str, path: str, **what: Any) -> Any:
        while True:
            answer = await http.request(
                method, f"{self.shop_url}{path}", headers={"X-Auth-Token": self.shop_token}, **what
            )
            if answer.status_code == 200:
                return answer.json()
            await self.clock.sleep(PATIENCE_SECONDS)
