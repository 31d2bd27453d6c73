"""The only access to the tables: short transactions that are safe on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from weighbridge.common.clock import machine_time
from weighbridge.persistence.database_problem import check_file, database_problem, unreadable_address
from weighbridge.persistence.locks import LOCK_WAIT_SECONDS, DatabaseLocked, is_locked
from weighbridge.persistence.schema import Migrated, ensure_schema, migrate
from weighbridge.persistence.sqlite_connection import connect
from weighbridge.persistence.sqlite_file import READING, check_version, secure_file

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

SQLITE_POOL_SIZE, SQLITE_POOL_OVERFLOW = 6, 4
LARGEST_BATCH = 10_000
"""Values in one statement. PostgreSQL takes 65,535 parameters, and SQLite as it is compiled by default 32,766."""
CONNECT_SECONDS = 10
"""How long a PostgreSQL server may take to answer; without a limit, an address without a server takes minutes."""
SERVER_TIME = sa.select(sa.func.clock_timestamp(type_=sa.DateTime(timezone=True)))
COMMIT_DURABLY = """SELECT set_config('synchronous_commit', 'on', false)
 WHERE current_setting('synchronous_commit') = 'off'"""
"""Without it, a server that is configured so forgets what it has committed when it crashes, such as the record of a
write to a platform, which would then be written twice."""
DatabaseError = sa.exc.DBAPIError
"""What a database answers instead of rows."""
Value = TypeVar("Value", int, str)
_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg"}


def _async_url(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError) as error:
        raise unreadable_address(error) from None
    backend = parsed.get_backend_name()
    if backend not in _DRIVERS:
        raise ValueError(f"database URL: unknown backend {backend!r}; expected sqlite or postgresql")
    return parsed.set(drivername=_DRIVERS[backend])


class Database:
    """Weighbridge's own database. On SQLite every writing transaction takes the write lock at once."""

    def __init__(self, url: str, lock_wait_seconds: float = LOCK_WAIT_SECONDS) -> None:
        """`lock_wait_seconds`: how long a transaction waits for another process's lock before DatabaseLocked."""
        self.url = _async_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._upserts: dict[tuple[str, tuple[str, ...]], sa.Executable] = {}
        self._new: dict[str, sa.Executable] = {}
        """Statements are built once: building one costs more than running it."""
        if self.is_sqlite:
            self._write_lock: asyncio.Lock | None = asyncio.Lock()
            self.engine: AsyncEngine = _sqlite_engine(self.url, lock_wait_seconds)
        else:
            self._write_lock = None
            self.engine = _postgresql_engine(self.url, lock_wait_seconds)
        # On SQLite the driver commits each statement that no BEGIN precedes.
        self._autocommit = self.engine.execution_options(
            **({READING: True} if self.is_sqlite else {"isolation_level": "AUTOCOMMIT"})
        )
        self._lock_wait_seconds = lock_wait_seconds
        self._writer: asyncio.Task[Any] | None = None
        """The task whose transaction holds the write lock."""

        def report_lock(context: sa.engine.ExceptionContext) -> None:
            if is_locked(context.original_exception):
                raise DatabaseLocked(lock_wait_seconds) from context.original_exception

        sa.event.listen(self.engine.sync_engine, "handle_error", report_lock)

    async def create_tables(self) -> None:
        """Creates the tables of an empty database, and migrates an older one where that is safe.

        Safe to run from several processes at once. Raises SchemaProblem for a database that must not be used, and
        DatabaseProblem for one that cannot be used.
        """
        self._check_sqlite()
        with self.explained():
            await ensure_schema(self.engine)

    async def migrate(self) -> Migrated:
        """Brings the schema to this version, with migrations that need a quiet database too. Raises SchemaProblem."""
        self._check_sqlite()
        with self.explained():
            return await migrate(self.engine)

    async def has_tables(self) -> bool:
        """Whether Weighbridge's tables exist. Creates nothing. Raises DatabaseProblem."""
        if self.is_sqlite:
            file = Path(self.url.database or "")
            if not file.exists():
                return False
            check_file(file)
        with self.explained():
            async with self.reading() as connection:
                names = await connection.run_sync(lambda sync: sa.inspect(sync).get_table_names())
        return bool(names)

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turns the errors of this database into DatabaseProblem, whose message says in one sentence what to do."""
        try:
            yield
        except DatabaseError as error:
            raise database_problem(self.url, error) from error

    def _check_sqlite(self) -> None:
        if self.is_sqlite:
            check_version()
            check_file(Path(self.url.database or ""))
            secure_file(self.url)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A short writing transaction; committed at the end of the block, rolled back on an exception.

        On SQLite the transactions of a process queue here, not in the file, where they would poll for the lock.
        Raises DatabaseLocked if another process keeps the lock, and RuntimeError for a transaction inside another,
        which would wait for it for ever.
        """
        async with self._writing(), self.engine.begin() as connection:
            yield connection

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[None]:
        """The process's turn to write on SQLite; at once on PostgreSQL.

        Who queues longer than the lock wait gives up too: behind others that each wait for another process's lock, it
        would wait as often as there are others, and a webhook would get no answer.
        """
        if self._write_lock is None:
            yield
            return
        if self._writer is not None and self._writer is asyncio.current_task():
            raise RuntimeError("a transaction inside a transaction of the same task; pass its connection on instead")
        try:
            async with asyncio.timeout(self._lock_wait_seconds if self._write_lock.locked() else None):
                await self._write_lock.acquire()
        except TimeoutError as error:
            raise DatabaseLocked(self._lock_wait_seconds) from error
        try:
            self._writer = asyncio.current_task()
            yield
        finally:
            self._writer = None
            self._write_lock.release()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reading; on SQLite it takes no lock."""
        async with self.engine.connect() as connection:
            connection = await connection.execution_options(**{READING: True})
            yield connection

    async def server_time(self, connection: AsyncConnection) -> datetime:
        """The time of the database server, UTC, by which hosts agree; on SQLite that of the only host."""
        if self.is_sqlite:
            return machine_time()
        time: datetime = (await connection.execute(SERVER_TIME)).scalar_one()
        return time.astimezone(UTC)

    async def close(self) -> None:
        await self.engine.dispose()

    async def execute(self, statement: sa.Executable, parameters: Mapping[str, Any] | None = None) -> int:
        """Runs one statement as a transaction of its own; returns how many rows it wrote.

        One statement is atomic, so neither database needs a BEGIN and a COMMIT around it.
        """
        async with self._writing(), self._autocommit.connect() as connection:
            return (await connection.execute(statement, parameters)).rowcount

    async def fetch(
        self, statement: sa.Executable, parameters: Mapping[str, Any] | None = None
    ) -> Sequence[sa.Row[Any]]:
        """Runs one writing statement as a transaction of its own; returns the rows that it returns."""
        async with self._writing(), self._autocommit.connect() as connection:
            return (await connection.execute(statement, parameters)).all()

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


def batches(values: Iterable[Value]) -> Iterator[list[Value]]:
    """The distinct `values` in order, in lists that one statement can take; none if there are no values."""
    ordered = sorted(set(values))
    for start in range(0, len(ordered), LARGEST_BATCH):
        yield ordered[start : start + LARGEST_BATCH]


def _sqlite_engine(url: sa.URL, lock_wait_seconds: float) -> AsyncEngine:
    """An engine on an SQLite file. The driver begins no transaction by itself."""
    engine = create_async_engine(
        url,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=SQLITE_POOL_SIZE,
        max_overflow=SQLITE_POOL_OVERFLOW,
        connect_args={"timeout": lock_wait_seconds, "async_creator_fn": connect},
        json_deserializer=_read_json,
    )
    sa.event.listen(engine.sync_engine, "connect", _preparation(lock_wait_seconds))
    sa.event.listen(engine.sync_engine, "begin", _begin_writing)
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


def _begin_writing(connection: sa.Connection) -> None:
    """Takes SQLite's write lock at once, so that two writers wait for each other instead of failing half-way."""
    if not connection.get_execution_options().get(READING):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _postgresql_engine(url: sa.URL, lock_wait_seconds: float) -> AsyncEngine:
    limits = {} if "connect_timeout" in url.query else {"connect_timeout": CONNECT_SECONDS}
    engine = create_async_engine(url, pool_size=10, max_overflow=10, connect_args=limits)

    def prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute(f"SET lock_timeout = {round(lock_wait_seconds * 1000)}")
        cursor.execute(COMMIT_DURABLY)
        cursor.close()
        connection.commit()

    sa.event.listen(engine.sync_engine, "connect", prepare)
    return engine
