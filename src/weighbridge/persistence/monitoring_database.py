"""The database as health checks and metrics use it: on connections of its own, so that a busy pool does not stop them.

Each reading opens a connection, which also proves that one can be opened. Nothing here waits long for a lock.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from weighbridge.persistence.database import Database

LOCK_WAIT_MILLISECONDS = 1000
STATEMENT_MILLISECONDS = 5000
CONNECT_SECONDS = 3


class MonitoringDatabase(Database):
    """Reads through connections of its own and never creates a database file."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.engine = _sqlite_engine(self.url) if self.is_sqlite else _postgresql_engine(self.url)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A new connection that waits a second for a lock and a few seconds for an answer."""
        async with self.engine.connect() as connection:
            if not self.is_sqlite:
                await connection.exec_driver_sql(f"SET LOCAL lock_timeout = {LOCK_WAIT_MILLISECONDS}")
                await connection.exec_driver_sql(f"SET LOCAL statement_timeout = {STATEMENT_MILLISECONDS}")
            yield connection


def _sqlite_engine(url: sa.URL) -> AsyncEngine:
    # Mode rw: a missing file is an error. Without it SQLite would create an empty one.
    file = url.set(database=f"file:{quote(url.database or '')}").update_query_dict({"mode": "rw", "uri": "true"})
    engine = create_async_engine(
        file, poolclass=NullPool, hide_parameters=True, connect_args={"timeout": LOCK_WAIT_MILLISECONDS / 1000}
    )
    sa.event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    return engine


def _postgresql_engine(url: sa.URL) -> AsyncEngine:
    return create_async_engine(
        url, poolclass=NullPool, hide_parameters=True, connect_args={"connect_timeout": CONNECT_SECONDS}
    )


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    # The workers' connections move the write-ahead log into the file; a check leaves that to them.
    for pragma in (f"busy_timeout={LOCK_WAIT_MILLISECONDS}", "synchronous=NORMAL", "wal_autocheckpoint=0"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
