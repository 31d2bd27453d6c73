"""The plain copy: every few minutes it writes Cin7's Available, unchanged, to the store for every SKU.

Many connectors work like this: nothing is subtracted for orders that Cin7 does not know yet, a SKU without a row counts
as sold out, and a single reading is trusted. Otherwise the comparison is fair: the copy waits and retries when Cin7
throttles.
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
RETRY_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class CadenceCopy:
    """A plain copy between one store and one Cin7 company."""

    bigcommerce_url: str
    bigcommerce_token: str
    cin7_url: str
    cin7_headers: Mapping[str, str]
    clock: Clock
    cadence_seconds: float
    location_id: int = 1

    async def run(self) -> None:
        """Copies all levels at every cadence, until cancelled."""
        async with httpx2.AsyncClient(timeout=60.0) as http:
            products = await self._product_ids(http)
            while True:
                await self._publish(http, await self._available(http), products)
                await self.clock.sleep(self.cadence_seconds)

    async def _product_ids(self, http: httpx2.AsyncClient) -> dict[str, int]:
        product_ids: dict[str, int] = {}
        number = 1
        while True:
            query = {"limit": "250", "page": str(number), "include_fields": "sku"}
            rows = (await self._call_bigcommerce(http, "GET", "/v3/catalog/products", params=query))["data"]
            if not rows:
                return product_ids
            product_ids |= {str(row["sku"]): int(row["id"]) for row in rows}
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
            url = f"{self.cin7_url}/ref/productavailability"
            answer = await http.get(url, params=query, headers=dict(self.cin7_headers))
            if answer.status_code == 200:
                rows: list[Any] = answer.json()["ProductAvailabilityList"]
                return rows
            await self.clock.sleep(RETRY_SECONDS)

    async def _publish(
        self, http: httpx2.AsyncClient, available: Mapping[str, Decimal], products: Mapping[str, int]
    ) -> None:
        items = [
            {"location_id": self.location_id, "product_id": number, "quantity": max(0, int(available.get(sku, 0)))}
            for sku, number in products.items()
        ]
        for start in range(0, len(items), BATCH):
            body = {"reason": "copy", "items": items[start : start + BATCH]}
            await self._call_bigcommerce(http, "PUT", "/v3/inventory/adjustments/absolute", json=body)

    async def _call_bigcommerce(self, http: httpx2.AsyncClient, method: str, path: str, **request_options: Any) -> Any:
        while True:
            answer = await http.request(
                method,
                f"{self.bigcommerce_url}{path}",
                headers={"X-Auth-Token": self.bigcommerce_token},
                **request_options,
            )
            if answer.status_code == 200:
                return answer.json()
            await self.clock.sleep(RETRY_SECONDS)
