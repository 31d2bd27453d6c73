"""What both catalogues showed when last read: SKUs at the shop and products in the books."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from weighbridge.common.clock import Clock
from weighbridge.domain.orders.reference_data import BookProduct
from weighbridge.domain.stock.available import ShopItem
from weighbridge.domain.stock.kits import Bill, Bills, Component
from weighbridge.persistence.database import Database
from weighbridge.persistence.tables.stock import book_products, shop_items

ROWS_PER_WRITE = 400
"""Both databases limit the values of one statement; SQLite to 32,766."""


class Catalogue:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def store_shop_items(self, connection: str, items: Sequence[ShopItem]) -> None:
        """Adds or refreshes SKUs of the shop."""
        now = self._clock.now()
        rows = [
            {
                "connection": connection,
                "sku": item.sku,
                "product_id": item.product_id,
                "variant_id": item.variant_id,
                "tracking": item.tracking,
                "on_sale": item.on_sale,
                "price": item.price,
                "seen_at": now,
            }
            for item in items
        ]
        await self._write(shop_items, rows)

    async def store_book_products(self, connection: str, products: Iterable[BookProduct]) -> None:
        """Adds or refreshes products of the books."""
        now = self._clock.now()
        rows = [
            {
                "connection": connection,
                "sku": product.sku,
                "product_id": product.id,
                "name": product.name,
                "is_service": product.is_service,
                "is_active": product.is_active,
                "is_sellable": product.is_sellable,
                "drop_ship_optional": product.drop_ship_optional,
                "bill": {part.sku: [str(part.per_kit), str(part.wasted)] for part in product.bill},
                "seen_at": now,
            }
            for product in products
        ]
        await self._write(book_products, rows)

    async def forget_unseen_shop_items(self, connection: str, since: datetime) -> None:
        """Drops SKUs that the last complete reading of the shop, begun at `since`, did not show."""
        async with self._database.transaction() as transaction:
            await transaction.execute(
                sa.delete(shop_items).where(shop_items.c.connection == connection, shop_items.c.seen_at < since)
            )

    async def shop_items(self, connection: str, skus: Collection[str] | None = None) -> dict[str, ShopItem]:
        """All SKUs of the shop, or those of `skus` that it has."""
        query = sa.select(shop_items).where(shop_items.c.connection == connection)
        if skus is not None:
            query = query.where(shop_items.c.sku.in_(sorted(skus)))
        async with self._database.reading() as reading:
            return {
                row.sku: ShopItem(row.sku, row.product_id, row.variant_id, row.tracking, row.price, row.on_sale)
                for row in await reading.execute(query)
            }

    async def book_products(self, connection: str, skus: Iterable[str]) -> dict[str, BookProduct]:
        """The products with exactly these SKUs, plus every Service product under its name."""
        wanted = sorted(set(skus))
        by_sku = book_products.c.sku.in_(wanted) | book_products.c.is_service
        query = sa.select(book_products).where(book_products.c.connection == connection, by_sku)
        found: dict[str, BookProduct] = {}
        async with self._database.reading() as reading:
            for row in (await reading.execute(query)).all():
                product = BookProduct(
                    row.product_id,
                    row.sku,
                    row.name,
                    row.is_service,
                    row.is_active,
                    row.is_sellable,
                    row.drop_ship_optional,
                )
                if product.is_service:
                    found.setdefault(product.name, product)
                if product.sku in wanted:
                    found[product.sku] = product
        return found

    async def bills(self, connection: str) -> Bills:
        """The bills of materials of every kit in the books."""
        query = sa.select(book_products.c.sku, book_products.c.bill).where(
            book_products.c.connection == connection,
            book_products.c.is_service.is_(False),
            sa.cast(book_products.c.bill, sa.String) != "{}",
        )
        async with self._database.reading() as reading:
            rows = (await reading.execute(query)).all()
        return Bills(
            Bill(row.sku, tuple(Component(sku, *map(Decimal, units)) for sku, units in row.bill.items()))
            for row in rows
            if row.bill
        )

    async def unsellable_skus(self, connection: str) -> frozenset[str]:
        """SKUs that must show as nothing: deprecated or not sellable in the books."""
        query = sa.select(book_products.c.sku).where(
            book_products.c.connection == connection,
            sa.not_(book_products.c.is_active & book_products.c.is_sellable),
        )
        async with self._database.reading() as reading:
            return frozenset((await reading.execute(query)).scalars())

    async def known_skus(self, connection: str) -> frozenset[str]:
        """Every SKU of the books, services too."""
        query = sa.select(book_products.c.sku).where(book_products.c.connection == connection)
        async with self._database.reading() as reading:
            return frozenset((await reading.execute(query)).scalars())

    async def stocked_skus(self, connection: str) -> frozenset[str]:
        """SKUs of stock products in the books, whatever their state."""
        query = sa.select(book_products.c.sku).where(
            book_products.c.connection == connection, sa.not_(book_products.c.is_service)
        )
        async with self._database.reading() as reading:
            return frozenset((await reading.execute(query)).scalars())

    async def _write(self, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
        for start in range(0, len(rows), ROWS_PER_WRITE):
            batch = list(rows[start : start + ROWS_PER_WRITE])
            async with self._database.transaction() as transaction:
                await transaction.execute(self._database.upsert(table, batch[0]), batch)
