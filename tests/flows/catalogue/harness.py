"""A company full of products and a shop to list them in, with the product between the two."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.flows.harness import SPEED, Rig
from weighbridge.domain.catalogue.plan import Review
from weighbridge.flows.catalogue import flow as catalogue
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.worker.worker import Service
from weighbridge_twins.server import TwinServer

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
    """An ordinary product of the books."""
    return {
        "sku": "MUG", "name": "Mug", "tier_price": "12.50", "category": "Kitchen", "brand": "Acme",
        "description": "<p>Holds tea.</p>", "barcode": "4006381333931", "weight": 0.5, "weight_unit": "kg",
        "length": 10, "width": 8, "height": 9, "length_unit": "cm", "pictures": ["mug.jpg"],
    } | changes  # fmt: skip


def shirts() -> dict[str, Any]:
    """A family of three shirts, one of them dearer."""
    sizes = {"SHIRT-S": "20.00", "SHIRT-M": "20.00", "SHIRT-L": "22.00"}
    products = [{"sku": sku, "name": f"Shirt {sku[-1]}", "tier_price": price} for sku, price in sizes.items()]
    members = {sku: [sku[-1]] for sku in sizes}
    return {
        "products": products,
        "families": [{"sku": "SHIRT", "name": "Shirt", "options": ["Size"], "members": members}],
    }


class CatalogueRig(Rig):
    """One connection between an empty shop and a company without products."""

    def _open(self) -> None:
        """Nothing is there on the first day."""

    def stock_up(self, *products: dict[str, Any], **more: Any) -> None:
        """Puts products (and families) into the books."""
        self.twins.act("cin7", "seed", {"products": list(products), **more})

    def sync(self, *, dry: bool = False, accept: bool = False, seconds: float = 30.0) -> Transfer:
        """One round with all its next tries; with `accept` everything that was proposed before is accepted first."""

        async def work() -> Transfer:
            service = self.service()
            async with service.working():
                if accept:
                    await service.journal.listings.accept("main")
                key = catalogue.DRY_RUN if dry else catalogue.ALL
                await service.run_once((catalogue.FLOW,), key)
                deadline = time.monotonic() + seconds
                while True:
                    found = await service.journal.transfers.find("main", catalogue.FLOW, key)
                    assert found is not None
                    if found.state is not State.WAITING and found.next_try_at is None:
                        await service.settle()
                        return found
                    assert time.monotonic() < deadline, found.reason
                    await asyncio.sleep(0.05)

        return asyncio.run(work())

    def accept(self) -> None:
        """A person accepts what is proposed."""

        async def accept(service: Service) -> None:
            await service.journal.listings.accept("main")

        self._ask(accept)

    def travel(self) -> Transfer:
        """Proposes, accepts and writes: the first round as a careful person has it."""
        self.sync(dry=True)
        done = self.sync(accept=True)
        assert done.state is State.POSTED, done.reason
        return done

    def proposed(self) -> list[Review]:
        async def read(service: Service) -> list[Review]:
            return await service.journal.listings.proposed("main")

        return self._ask(read)

    def held(self) -> dict[str, str]:
        """Kind of finding by listing, of what waits for a person."""

        async def read(service: Service) -> dict[str, str]:
            own = (transfers.c.flow == catalogue.LISTING) & (transfers.c.state == State.HELD)
            return {row.key: row.reason_kind for row in await service.journal.transfers.select(own)}

        return self._ask(read)

    def _ask(self, read: Any) -> Any:
        async def work() -> Any:
            service = self.service()
            await service.database.create_tables()
            try:
                return await read(service)
            finally:
                await service.database.close()

        return asyncio.run(work())

    def products(self) -> dict[str, dict[str, Any]]:
        """The shop's products by SKU, as it keeps them, with `_variants` by SKU."""

        def look() -> dict[str, dict[str, Any]]:
            return {
                one.sku or one.variants[0].sku: {
                    **one.fields,
                    "_variants": {
                        v.sku: {"id": v.id, "price": v.price, "options": v.option_values, **v.fields}
                        for v in one.variants
                    },
                }
                for one in self.twins.bigcommerce.shop.products.values()
            }

        return self.twins.run(look)

    def shop_writes(self) -> list[str]:
        """The calls that wrote to the shop, in order."""
        return [
            f"{call['method']} {call['path'].partition('/v3/')[2]}"
            for call in self.twins.calls("bigcommerce")
            if call["method"] != "GET"
        ]

    def edit(self, sku: str, **fields: Any) -> None:
        """Somebody changes a product in the control panel of the shop."""

        def change() -> None:
            found = self.twins.bigcommerce.shop.variant_by_sku(sku)
            assert found is not None
            found[0].fields.update(fields)

        self.twins.run(change)


@contextmanager
def catalogue_rig(
    folder: Path, *, design: str = "", enabled: bool = True, database: str = "", **twins: Any
) -> Iterator[CatalogueRig]:
    """`design` continues the table of the catalogue; further tables may follow in it."""
    table = f"\n{TABLE}\nenabled = {str(enabled).lower()}\n{design}"
    with TwinServer(speed=twins.pop("speed", SPEED), **twins) as server:
        yield CatalogueRig(server, folder, design=table, database=database)
