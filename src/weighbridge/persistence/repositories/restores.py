"""Restores: when the database was last restored from a backup; the platforms may know writes since then."""

from __future__ import annotations

from datetime import datetime

from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.watermarks import Watermarks

RESTORED = "restored"


class Restores:
    """The last restore. A restore needs a database without workers, so each worker reads it once, at its start."""

    def __init__(self, database: Database) -> None:
        self._watermarks = Watermarks(database)

    async def record(self, connection: str, at: datetime) -> None:
        """Records that the database was restored at `at`."""
        await self._watermarks.advance(connection, RESTORED, at)

    async def last(self, connection: str) -> datetime | None:
        """When the database was last restored; None if it never was."""
        return await self._watermarks.read(connection, RESTORED)
