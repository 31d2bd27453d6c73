"""The one way to the tables: short transactions, safe on SQLite and PostgreSQL alike."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from weighbridge.tables import metadata

LOCK_WAIT_SECONDS = 30
_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg"}


def _async_url(url: str) -> sa.URL:
    parsed = sa.make_url(url)
    backend = parsed.get_backend_name()
    if backend not in _DRIVERS:
        raise ValueError(f"database {backend!r} is not known; expected sqlite or postgresql")
    return parsed.set(drivername=_DRIVERS[backend])


class Database:
    """Weighbridge's own database. On SQLite every writing transaction takes the write lock at once."""

    def __init__(self, url: str) -> None:
        self.url = _async_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._one_writer = asyncio.Lock() if self.is_sqlite else None
        if self.is_sqlite:
            self.engine: AsyncEngine = create_async_engine(
                self.url,
                poolclass=AsyncAdaptedQueuePool,
                pool_size=6,
                max_overflow=4,
                connect_args={"timeout": LOCK_WAIT_SECONDS},
            )
            sa.event.listen(self.engine.sync_engine, "connect", _prepare_sqlite)
            sa.event.listen(self.engine.sync_engine, "begin", _begin_sqlite)
        else:
            self.engine = create_async_engine(self.url, pool_size=10, max_overflow=10)

    async def create_tables(self) -> None:
        """Creates what is missing; safe to run from several processes at once."""
        async with self.engine.begin() as connection:
            if not self.is_sqlite:
                await connection.execute(sa.text("SELECT pg_advisory_xact_lock(7305811)"))
            await connection.run_sync(metadata.create_all)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A short writing transaction; commits at the end, rolls back on an exception.

        SQLite has one writer, and a writer that finds the lock taken sleeps for up to a tenth of a second; so writers
        of one process queue here instead, and only other processes are waited for in that way.
        """
        async with self._one_writer or contextlib.nullcontext(), self.engine.begin() as connection:
            yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection to read with; on SQLite it takes no lock."""
        async with self.engine.connect() as connection:
            connection = await connection.execution_options(reading=True)
            yield connection

    async def close(self) -> None:
        await self.engine.dispose()

    def upsert(self, table: sa.Table, rows: list[dict[str, Any]], keep: tuple[str, ...] = ()) -> sa.Executable:
        """An INSERT of `rows` that overwrites existing ones by primary key, except the columns in `keep`."""
        insert = sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)
        statement = insert.values(rows)
        key = [column.name for column in table.primary_key]
        written = [name for name in rows[0] if name not in key and name not in keep]
        if not written:
            return statement.on_conflict_do_nothing(index_elements=key)
        return statement.on_conflict_do_update(
            index_elements=key, set_={name: statement.excluded[name] for name in written}
        )

    def insert_new(self, table: sa.Table, rows: list[dict[str, Any]]) -> sa.Executable:
        """An INSERT of `rows` that leaves existing ones alone."""
        insert = sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)
        return insert.values(rows).on_conflict_do_nothing()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    busy = f"busy_timeout={LOCK_WAIT_SECONDS * 1000}"
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", busy):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    if connection.get_execution_options().get("reading"):
        connection.exec_driver_sql("BEGIN")
    else:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
