"""SQLite's side of the database: how each connection is set up, and how a writing transaction begins."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

READING = "reading"
"""The execution option of a connection that takes no lock."""
POOL_SIZE, POOL_OVERFLOW = 6, 4


def sqlite_engine(url: sa.URL, lock_wait_seconds: float) -> AsyncEngine:
    """An engine on an SQLite file whose writing transactions take the write lock when they begin."""
    engine = create_async_engine(
        url,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        connect_args={"timeout": lock_wait_seconds},
        json_deserializer=_read_json,
    )
    sa.event.listen(engine.sync_engine, "connect", _preparation(lock_wait_seconds))
    sa.event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _preparation(lock_wait_seconds: float) -> Callable[[DBAPIConnection, ConnectionPoolEntry], None]:
    def prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        wait = f"busy_timeout={round(lock_wait_seconds * 1000)}"
        for pragma in (wait, "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return prepare


def _read_json(text: str) -> object:
    """The stored value. A damaged one, which only SQLite lets in, becomes a value that no document has: its own object
    fails when it reads its document, and a list that contains its row does not."""
    try:
        return json.loads(text)
    except ValueError:
        return {"damaged": True}


def _begin(connection: sa.Connection) -> None:
    """Takes the write lock at once, so that two writers wait for each other instead of failing half-way."""
    if not connection.get_execution_options().get(READING):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
