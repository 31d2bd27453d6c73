"""Watermarks: up to which time each sweep has read its platform's changes."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from weighbridge.persistence.database import Database
from weighbridge.persistence.tables.work import watermarks


class Watermarks:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, connection: str, name: str) -> datetime | None:
        """The time of the watermark; None before the first sweep."""
        query = sa.select(watermarks.c.timestamp).where(
            watermarks.c.connection == connection, watermarks.c.name == name
        )
        async with self._database.reading() as reading:
            return (await reading.execute(query)).scalar_one_or_none()

    async def advance(self, connection: str, name: str, timestamp: datetime) -> None:
        """Moves the watermark forward, never back, even when several workers move it at once."""
        row = {"connection": connection, "name": name, "timestamp": timestamp}
        own = (watermarks.c.connection == connection) & (watermarks.c.name == name)
        async with self._database.transaction() as transaction:
            await transaction.execute(self._database.insert_new(watermarks), row)
            await transaction.execute(
                sa.update(watermarks).where(own, watermarks.c.timestamp < timestamp).values(timestamp=timestamp)
            )
