"""References: small reading results kept between looks (tax rules, web customers, company settings)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.common.clock import Clock
from weighbridge.persistence.database import Database
from weighbridge.persistence.tables.work import references

UNKNOWN_SKU = "unknown:"
LONGEST_NAME = 64


def unknown_sku(sku: str) -> str:
    """Under this name it is kept that Cin7 did not know a SKU when it was asked."""
    return f"{UNKNOWN_SKU}{sku}"[:LONGEST_NAME]


class References:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def read(self, connection: str, name: str) -> tuple[Any, datetime] | None:
        """The kept value and when it was fetched."""
        query = sa.select(references.c.value, references.c.fetched_at).where(
            references.c.connection == connection, references.c.name == name
        )
        async with self._database.reading() as reading:
            row = (await reading.execute(query)).one_or_none()
        return None if row is None else (row.value, row.fetched_at)

    async def keep(self, connection: str, name: str, value: Any) -> None:
        """Keeps `value` (JSON) as fetched now."""
        row = {"connection": connection, "name": name, "value": value, "fetched_at": self._clock.now()}
        async with self._database.transaction() as transaction:
            await transaction.execute(self._database.upsert(references, row), row)

    async def forget(self, transaction: AsyncConnection, connection: str, prefix: str) -> None:
        """Forgets everything whose name begins so: whoever needs it asks the platform again."""
        mine = references.c.connection == connection
        like = references.c.name.startswith(prefix, autoescape=True)
        await transaction.execute(sa.delete(references).where(mine, like))
