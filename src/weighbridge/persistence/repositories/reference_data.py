"""What was last read from both platforms: SKUs of the store, products of Cin7, and small results of readings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.common.clock import Clock
from weighbridge.domain.documents import UnreadableDocument
from weighbridge.domain.orders.reference_data import Company, ReferenceProduct
from weighbridge.domain.stock.available import StoreItem
from weighbridge.domain.stock.kits import BillOfMaterials, BillsOfMaterials, Component
from weighbridge.persistence.database import Database, batches
from weighbridge.persistence.documents import COMPANY
from weighbridge.persistence.tables.stock import cin7_products, store_items
from weighbridge.persistence.tables.work import reference_cache

ROWS_PER_WRITE = 400
"""Both databases limit the values of one statement; SQLite to 32,766."""


class Catalogue:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def save_store_items(self, connection: str, items: Sequence[StoreItem]) -> None:
        """Inserts or updates SKUs of the store."""
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
        await self._write(store_items, rows)

    async def save_cin7_products(self, connection: str, products: Iterable[ReferenceProduct]) -> None:
        """Inserts or updates products of Cin7."""
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
                "components": {
                    component.sku: [str(component.per_kit), str(component.wasted)] for component in product.components
                },
                "seen_at": now,
            }
            for product in products
        ]
        await self._write(cin7_products, rows)

    async def delete_unseen_store_items(self, connection: str, since: datetime) -> None:
        """Deletes SKUs that the last complete reading of the store, started at `since`, did not contain."""
        async with self._database.transaction() as transaction:
            await transaction.execute(
                sa.delete(store_items).where(store_items.c.connection == connection, store_items.c.seen_at < since)
            )

    async def store_items(self, connection: str, skus: Collection[str] | None = None) -> dict[str, StoreItem]:
        """All SKUs of the store, or those of `skus` that it has."""
        query = sa.select(store_items).where(store_items.c.connection == connection)
        queries = [query] if skus is None else [query.where(store_items.c.sku.in_(batch)) for batch in batches(skus)]
        items: dict[str, StoreItem] = {}
        async with self._database.reading() as reading:
            for each in queries:
                items |= {
                    row.sku: StoreItem(row.sku, row.product_id, row.variant_id, row.tracking, row.price, row.on_sale)
                    for row in await reading.execute(each)
                }
        return items

    async def cin7_products(self, connection: str, skus: Iterable[str]) -> dict[str, ReferenceProduct]:
        """The products with exactly these SKUs, and every Service product under its name."""
        unique_skus = frozenset(skus)
        own = sa.select(cin7_products).where(cin7_products.c.connection == connection)
        queries = [own.where(cin7_products.c.sku.in_(batch)) for batch in batches(unique_skus)]
        products: dict[str, ReferenceProduct] = {}
        async with self._database.reading() as reading:
            rows = (await reading.execute(own.where(cin7_products.c.is_service))).all()
            for query in queries:
                rows = [*rows, *(await reading.execute(query)).all()]
            for row in rows:
                product = ReferenceProduct(
                    row.product_id,
                    row.sku,
                    row.name,
                    row.is_service,
                    row.is_active,
                    row.is_sellable,
                    row.drop_ship_optional,
                )
                if product.is_service:
                    products.setdefault(product.name, product)
                if product.sku in unique_skus:
                    products[product.sku] = product
        return products

    async def bills(self, connection: str) -> BillsOfMaterials:
        """The bills of materials of every kit in Cin7."""
        query = sa.select(cin7_products.c.sku, cin7_products.c.components).where(
            cin7_products.c.connection == connection,
            cin7_products.c.is_service.is_(False),
            sa.cast(cin7_products.c.components, sa.String) != "{}",
        )
        async with self._database.reading() as reading:
            rows = (await reading.execute(query)).all()
        return BillsOfMaterials(
            BillOfMaterials(
                row.sku, tuple(Component(sku, *map(Decimal, units)) for sku, units in row.components.items())
            )
            for row in rows
            if row.components
        )

    async def unsellable_skus(self, connection: str) -> frozenset[str]:
        """SKUs that must show zero units: deprecated or not sellable in Cin7."""
        query = sa.select(cin7_products.c.sku).where(
            cin7_products.c.connection == connection,
            sa.not_(cin7_products.c.is_active & cin7_products.c.is_sellable),
        )
        async with self._database.reading() as reading:
            return frozenset((await reading.execute(query)).scalars())

    async def known_skus(self, connection: str) -> frozenset[str]:
        """Every SKU of Cin7, services included."""
        query = sa.select(cin7_products.c.sku).where(cin7_products.c.connection == connection)
        async with self._database.reading() as reading:
            return frozenset((await reading.execute(query)).scalars())

    async def stocked_skus(self, connection: str) -> frozenset[str]:
        """SKUs of stock products in Cin7, whatever their status."""
        query = sa.select(cin7_products.c.sku).where(
            cin7_products.c.connection == connection, sa.not_(cin7_products.c.is_service)
        )
        async with self._database.reading() as reading:
            return frozenset((await reading.execute(query)).scalars())

    async def _write(self, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
        for start in range(0, len(rows), ROWS_PER_WRITE):
            batch = list(rows[start : start + ROWS_PER_WRITE])
            async with self._database.transaction() as transaction:
                await transaction.execute(self._database.upsert(table, batch[0]), batch)


UNKNOWN_SKU = "unknown:"


def unknown_sku(sku: str) -> str:
    """The name under which it is cached that Cin7 does not know a SKU."""
    return f"{UNKNOWN_SKU}{sku}"


COMPANY_NAME = "company"
"""The name under which the company is cached."""


class ReferenceCache:
    """Small results of readings kept between jobs: tax rules, web customers, company settings."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def read(self, connection: str, name: str) -> tuple[Any, datetime] | None:
        """The cached value and when it was fetched."""
        query = sa.select(reference_cache.c.value, reference_cache.c.fetched_at).where(
            reference_cache.c.connection == connection, reference_cache.c.name == name
        )
        async with self._database.reading() as reading:
            row = (await reading.execute(query)).one_or_none()
        return None if row is None else (row.value, row.fetched_at)

    async def read_company(self, connection: str) -> Company | None:
        """The company as it was last read; None while it was not, or when it is stored in another version or shape."""
        return self.company_of((await self.values(connection, (COMPANY_NAME,))).get(COMPANY_NAME))

    async def store_company(self, connection: str, company: Company) -> None:
        """Caches the company as read now."""
        await self.store(connection, COMPANY_NAME, COMPANY.write(company))

    @staticmethod
    def company_of(value: JsonValue) -> Company | None:
        """The company of a cached value; None where it must be read again."""
        try:
            return None if value is None else COMPANY.read(value)
        except UnreadableDocument:
            return None

    async def values(self, connection: str, names: Collection[str]) -> dict[str, Any]:
        """The cached values of these names; names that are not cached are missing."""
        of = reference_cache.c
        query = sa.select(of.name, of.value).where(of.connection == connection, of.name.in_(names))
        async with self._database.reading() as reading:
            return {row.name: row.value for row in (await reading.execute(query)).all()}

    async def store(self, connection: str, name: str, value: Any) -> None:
        """Caches `value` (JSON) as fetched now."""
        row = {"connection": connection, "name": name, "value": value, "fetched_at": self._clock.now()}
        async with self._database.transaction() as transaction:
            await transaction.execute(self._database.upsert(reference_cache, row), row)

    async def forget(self, transaction: AsyncConnection, connection: str, prefix: str) -> None:
        """Deletes every value whose name begins with `prefix`; the next reader fetches it from the platform."""
        is_own = reference_cache.c.connection == connection
        has_prefix = reference_cache.c.name.startswith(prefix, autoescape=True)
        await transaction.execute(sa.delete(reference_cache).where(is_own, has_prefix))
