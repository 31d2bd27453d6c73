"""The reference cache: small results of readings kept between jobs (tax rules, web customers, company settings)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.common.clock import Clock
from weighbridge.persistence.database import Database
from weighbridge.persistence.tables.work import reference_cache

UNKNOWN_SKU = "unknown:"


def unknown_sku(sku: str) -> str:
    """The name under which it is cached that Cin7 does not know a SKU."""
    return f"{UNKNOWN_SKU}{sku}"


class ReferenceCache:
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
