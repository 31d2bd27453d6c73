"""Watermarks: up to which moment each sweep has seen its platform's changes."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from weighbridge.persistence.database import Database
from weighbridge.persistence.tables.work import watermarks


class Watermarks:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, connection: str, name: str) -> datetime | None:
        """The last moment seen, None before the first sweep."""
        query = sa.select(watermarks.c.moment).where(watermarks.c.connection == connection, watermarks.c.name == name)
        async with self._database.reading() as reading:
            return (await reading.execute(query)).scalar_one_or_none()

    async def advance(self, connection: str, name: str, moment: datetime) -> None:
        """Moves the mark forward; never back, whoever else moves it at the same time."""
        row = {"connection": connection, "name": name, "moment": moment}
        own = (watermarks.c.connection == connection) & (watermarks.c.name == name)
        async with self._database.transaction() as transaction:
            await transaction.execute(self._database.insert_new(watermarks), row)
            await transaction.execute(
                sa.update(watermarks).where(own, watermarks.c.moment < moment).values(moment=moment)
            )
