"""Watermarks: up to which moment each sweep has seen its platform's changes."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from weighbridge.database import Database
from weighbridge.tables import watermarks


class Watermarks:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, connection: str, name: str) -> datetime | None:
        """The last moment seen, None before the first sweep."""
        query = sa.select(watermarks.c.moment).where(watermarks.c.connection == connection, watermarks.c.name == name)
        async with self._database.reading() as reading:
            return (await reading.execute(query)).scalar_one_or_none()

    async def advance(self, connection: str, name: str, moment: datetime) -> None:
        """Moves the mark forward; never back."""
        before = await self.read(connection, name)
        if before is not None and before >= moment:
            return
        row = {"connection": connection, "name": name, "moment": moment}
        async with self._database.transaction() as transaction:
            await transaction.execute(self._database.upsert(watermarks, [row]))
