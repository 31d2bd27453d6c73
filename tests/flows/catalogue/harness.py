"""A harness with the products of a Cin7 company and a store to list them in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.flows.harness import SPEED, Harness
from weighbridge.domain.catalogue.plan import Review
from weighbridge.flows.catalogue import flow as catalogue
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.worker.worker import Worker
from weighbridge_twins.http.server import TwinServer

TABLE = "[connections.main.design.catalogue]"
CIN7_MASTERS_ALL = """
[connections.main.design.catalogue.fields]
name = "cin7"
description = "cin7"
brand = "cin7"
category = "cin7"
images = "cin7"
"""


def mug(**changes: Any) -> dict[str, Any]:
    """An ordinary product of Cin7."""
    return {
        "sku": "MUG", "name": "Mug", "tier_price": "12.50", "category": "Kitchen", "brand": "Acme",
        "description": "<p>Holds tea.</p>", "barcode": "4006381333931", "weight": 0.5, "weight_unit": "kg",
        "length": 10, "width": 8, "height": 9, "length_unit": "cm", "pictures": ["mug.jpg"],
    } | changes  # fmt: skip


def shirts() -> dict[str, Any]:
    """A family of three shirts, one with a higher price."""
    sizes = {"SHIRT-S": "20.00", "SHIRT-M": "20.00", "SHIRT-L": "22.00"}
    products = [{"sku": sku, "name": f"Shirt {sku[-1]}", "tier_price": price} for sku, price in sizes.items()]
    members = {sku: [sku[-1]] for sku in sizes}
    return {
        "products": products,
        "families": [{"sku": "SHIRT", "name": "Shirt", "options": ["Size"], "members": members}],
    }


class CatalogueHarness(Harness):
    """One connection between an empty store and a Cin7 company without products."""

    def _open(self) -> None:
        """Seeds nothing."""

    def stock_up(self, *products: dict[str, Any], **more: Any) -> None:
        """Creates products (and families) in Cin7."""
        self.twins.act("cin7", "seed", {"products": list(products), **more})

    def sync(self, *, dry: bool = False, accept: bool = False, seconds: float = 30.0) -> Transfer:
        """One run with all its retries; with `accept` everything that was proposed before is accepted first."""

        async def work() -> Transfer:
            worker = self.worker()
            async with worker.working():
                if accept:
                    await worker.repositories.listings.accept("main")
                key = catalogue.DRY_RUN if dry else catalogue.ALL
                await worker.run_once((catalogue.FLOW,), key)
                deadline = time.monotonic() + seconds
                while True:
                    transfer = await worker.repositories.transfers.find("main", catalogue.FLOW, key)
                    assert transfer is not None
                    if transfer.state is not State.WAITING and transfer.next_try_at is None:
                        await worker.settle()
                        return transfer
                    assert time.monotonic() < deadline, transfer.reason
                    await asyncio.sleep(0.05)

        return asyncio.run(work())

    def accept(self) -> None:
        """Accepts the proposed changes."""

        async def accept(worker: Worker) -> None:
            await worker.repositories.listings.accept("main")

        self._with_worker(accept)

    def first_sync(self) -> Transfer:
        """The first run: proposes, accepts and writes."""
        self.sync(dry=True)
        done = self.sync(accept=True)
        assert done.state is State.POSTED, done.reason
        return done

    def proposed(self) -> list[Review]:
        async def read(worker: Worker) -> list[Review]:
            return await worker.repositories.listings.proposed("main")

        return self._with_worker(read)

    def held(self) -> dict[str, str]:
        """The kind of finding of each held listing."""

        async def read(worker: Worker) -> dict[str, str]:
            rows = await worker.repositories.transfers.held_in_flow("main", catalogue.LISTING)
            return {row.key: row.reason_kind for row in rows}

        return self._with_worker(read)

    def _with_worker(self, query: Any) -> Any:
        async def work() -> Any:
            worker = self.worker()
            await worker.database.create_tables()
            try:
                return await query(worker)
            finally:
                await worker.database.close()

        return asyncio.run(work())

    def products(self) -> dict[str, dict[str, Any]]:
        """The products of the store by SKU, with `_variants` by SKU."""

        def read_products() -> dict[str, dict[str, Any]]:
            return {
                product.sku or product.variants[0].sku: {
                    **product.fields,
                    "_variants": {
                        v.sku: {"id": v.id, "price": v.price, "options": v.option_values, **v.fields}
                        for v in product.variants
                    },
                }
                for product in self.twins.bigcommerce.store.products.values()
            }

        return self.twins.run(read_products)

    def store_writes(self) -> list[str]:
        """The calls that wrote to the store, in order."""
        return [
            f"{call['method']} {call['path'].partition('/v3/')[2]}"
            for call in self.twins.calls("bigcommerce")
            if call["method"] != "GET"
        ]

    def edit(self, sku: str, **fields: Any) -> None:
        """Changes a product in the control panel of the store."""

        def change() -> None:
            product_and_variant = self.twins.bigcommerce.store.variant_by_sku(sku)
            assert product_and_variant is not None
            product_and_variant[0].fields.update(fields)

        self.twins.run(change)


@contextmanager
def catalogue_harness(
    folder: Path, *, design: str = "", enabled: bool = True, database: str = "", **twins: Any
) -> Iterator[CatalogueHarness]:
    """A running harness. `design` continues the table of the catalogue and may add further tables."""
    table = f"\n{TABLE}\nenabled = {str(enabled).lower()}\n{design}"
    with TwinServer(speed=twins.pop("speed", SPEED), **twins) as server:
        yield CatalogueHarness(server, folder, design=table, database=database)
