"""The only access to the tables: short transactions that are safe on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from weighbridge.common.clock import machine_time
from weighbridge.persistence.tables import metadata

LOCK_WAIT_SECONDS = 30
SERVER_TIME = sa.select(sa.func.clock_timestamp(type_=sa.DateTime(timezone=True)))
DatabaseError = sa.exc.DBAPIError
"""What a database answers instead of rows."""
LARGEST_GROUP = 24
"""The most transactions that share one commit, so that none waits long for the others."""
_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg"}


def _async_url(url: str) -> sa.URL:
    parsed = sa.make_url(url)
    backend = parsed.get_backend_name()
    if backend not in _DRIVERS:
        raise ValueError(f"database URL: unknown backend {backend!r}; expected sqlite or postgresql")
    return parsed.set(drivername=_DRIVERS[backend])


class GroupCommit:
    """Joins transactions that wait at the same time into one commit.

    SQLite has one writer, which waits for the disk at each commit. Members run one after the other, each inside its own
    savepoint, so that a failed one does not undo the others; each returns only after the commit that it belongs to.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._lock = asyncio.Lock()
        self._waiting = 0
        self._connection: AsyncConnection | None = None
        self._committed: asyncio.Future[None] | None = None
        self._members = 0
        self._leftover: asyncio.Task[None] | None = None
        """Commits the group when the member that should have continued it was cancelled."""

    @asynccontextmanager
    async def member(self, *, atomic: bool = False) -> AsyncIterator[AsyncConnection]:
        """One transaction of the open group, or of a new one. With `atomic` it may run one statement only."""
        self._waiting += 1
        try:
            await self._lock.acquire()
        except BaseException:
            self._waiting -= 1
            if self._waiting == 0:
                self._leftover = asyncio.create_task(self.close())
            raise
        self._waiting -= 1
        try:
            connection = await self._ensure_begun()
            committed = self._committed
            assert committed is not None
            self._members += 1
            try:
                if atomic:
                    yield connection
                else:
                    async with self._savepoint(connection):
                        yield connection
            finally:
                if self._waiting == 0 or self._members >= LARGEST_GROUP:
                    await self._commit(connection, committed)
        finally:
            self._lock.release()
        await asyncio.shield(committed)

    @asynccontextmanager
    async def _savepoint(self, connection: AsyncConnection) -> AsyncIterator[None]:
        """Rolls back a member that fails, and none of the others."""
        is_alone = self._members == 1
        if not is_alone:
            await connection.exec_driver_sql("SAVEPOINT member")
        try:
            yield
        except BaseException:
            await connection.exec_driver_sql("ROLLBACK" if is_alone else "ROLLBACK TO member")
            if is_alone:
                await connection.exec_driver_sql("BEGIN IMMEDIATE")
            raise

    async def close(self) -> None:
        """Commits an open group."""
        async with self._lock:
            if self._connection is not None and self._committed is not None:
                await self._commit(self._connection, self._committed)

    async def _ensure_begun(self) -> AsyncConnection:
        if self._connection is None:
            self._connection = await self._engine.connect().__aenter__()
            self._committed = asyncio.get_running_loop().create_future()
            self._members = 0
            await self._connection.begin()
        return self._connection

    async def _commit(self, connection: AsyncConnection, committed: asyncio.Future[None]) -> None:
        self._connection = self._committed = None
        try:
            await connection.commit()
        except BaseException as error:
            committed.set_exception(error)
            committed.exception()
            raise
        else:
            committed.set_result(None)
        finally:
            await connection.close()


class Database:
    """Weighbridge's own database. On SQLite every writing transaction takes the write lock at once."""

    def __init__(self, url: str) -> None:
        self.url = _async_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._upserts: dict[tuple[str, tuple[str, ...]], sa.Executable] = {}
        self._new: dict[str, sa.Executable] = {}
        """Statements are built once: building one costs more than running it."""
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
            self._group: GroupCommit | None = GroupCommit(self.engine)
        else:
            self._group = None
            self.engine = create_async_engine(self.url, pool_size=10, max_overflow=10)

    async def create_tables(self) -> None:
        """Creates missing tables; safe to run from several processes at once."""
        async with self.engine.begin() as connection:
            if not self.is_sqlite:
                await connection.execute(sa.text("SELECT pg_advisory_xact_lock(7305811)"))
            await connection.run_sync(metadata.create_all)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A short writing transaction; committed at the end of the block, rolled back on an exception.

        Never nest them: on SQLite the inner one would wait for the outer one for ever.
        """
        if self._group is not None:
            async with self._group.member() as connection:
                yield connection
        else:
            async with self.engine.begin() as connection:
                yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reading; on SQLite it takes no lock."""
        async with self.engine.connect() as connection:
            connection = await connection.execution_options(reading=True)
            yield connection

    async def server_time(self, connection: AsyncConnection) -> datetime:
        """The time of the database server, UTC, by which hosts agree; on SQLite that of the only host."""
        if self.is_sqlite:
            return machine_time()
        time: datetime = (await connection.execute(SERVER_TIME)).scalar_one()
        return time.astimezone(UTC)

    async def close(self) -> None:
        if self._group is not None:
            await self._group.close()
        await self.engine.dispose()

    async def execute(self, statement: sa.Executable, parameters: Mapping[str, Any] | None = None) -> int:
        """Runs one statement as a transaction of its own; returns how many rows it wrote.

        One statement is atomic, so on SQLite it joins a group without a savepoint.
        """
        if self._group is None:
            async with self.engine.begin() as connection:
                return (await connection.execute(statement, parameters)).rowcount
        async with self._group.member(atomic=True) as connection:
            result = await connection.execute(statement, parameters)
        return result.rowcount

    def upsert(self, table: sa.Table, columns: Iterable[str]) -> sa.Executable:
        """An INSERT of rows of `columns` that overwrites existing rows by primary key."""
        names = tuple(columns)
        if (table.name, names) not in self._upserts:
            insert = self.insert(table)
            key = [column.name for column in table.primary_key]
            updated = {name: insert.excluded[name] for name in names if name not in key}
            self._upserts[table.name, names] = (
                insert.on_conflict_do_update(index_elements=key, set_=updated)
                if updated
                else insert.on_conflict_do_nothing(index_elements=key)
            )
        return self._upserts[table.name, names]

    def insert_new(self, table: sa.Table) -> sa.Executable:
        """An INSERT that does not change existing rows."""
        if table.name not in self._new:
            self._new[table.name] = self.insert(table).on_conflict_do_nothing()
        return self._new[table.name]

    def insert(self, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
        """An INSERT in the database's own SQL, which has a clause for conflicts."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    busy = f"busy_timeout={LOCK_WAIT_SECONDS * 1000}"
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", busy):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    if not connection.get_execution_options().get("reading"):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
