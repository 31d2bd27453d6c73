"""The driver's connection to SQLite: one change of threads for each statement.

aiosqlite runs SQLite in a thread of its own and goes there for every step: making a cursor, executing, fetching,
closing. Those changes of threads were two fifths of the processor time of an order. Here a statement is executed, all
its rows are fetched and its cursor is closed in one go.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import aiosqlite


class WholeStatementConnection(aiosqlite.Connection):
    """A connection whose cursors execute a statement whole, and which ends only transactions that have begun."""

    def cursor(self) -> WholeStatementCursor:  # type: ignore[override]
        """A cursor that is not made in the thread before it executes something."""
        return WholeStatementCursor(self)

    async def commit(self) -> None:
        if self.in_transaction:
            await super().commit()

    async def rollback(self) -> None:
        if self.in_transaction:
            await super().rollback()

    async def run_whole(self, sql: str, parameters: Any, *, many: bool) -> WholeResult:
        """Executes a statement in SQLite's thread, and returns everything that it answered."""
        result: WholeResult = await self._execute(self._run_whole, sql, parameters, many)  # type: ignore[no-untyped-call]
        return result

    def _run_whole(self, sql: str, parameters: Any, many: bool) -> WholeResult:
        cursor = self._conn.cursor()
        try:
            (cursor.executemany if many else cursor.execute)(sql, parameters)
            rows = cursor.fetchall() if cursor.description else []
            return WholeResult(cursor.description, cursor.rowcount, cursor.lastrowid, rows)
        finally:
            cursor.close()


class WholeResult:
    """What a statement answered."""

    __slots__ = ("description", "last_row_id", "row_count", "rows")

    def __init__(self, description: Any, row_count: int, last_row_id: int | None, rows: list[Any]) -> None:
        self.description = description
        self.row_count = row_count
        self.last_row_id = last_row_id
        self.rows = rows


NOTHING = WholeResult(None, -1, None, [])


class WholeStatementCursor:
    """A cursor as SQLAlchemy uses it; it holds the answer of its last statement."""

    arraysize = 1

    def __init__(self, connection: WholeStatementConnection) -> None:
        self._connection = connection
        self._result = NOTHING

    async def __aenter__(self) -> WholeStatementCursor:
        return self

    @property
    def description(self) -> Any:
        return self._result.description

    @property
    def rowcount(self) -> int:
        return self._result.row_count

    @property
    def lastrowid(self) -> int | None:
        return self._result.last_row_id

    async def execute(self, sql: str, parameters: Any = ()) -> None:
        self._result = await self._connection.run_whole(sql, parameters, many=False)

    async def executemany(self, sql: str, parameters: Any) -> None:
        self._result = await self._connection.run_whole(sql, parameters, many=True)

    async def fetchall(self) -> Sequence[Any]:
        rows, self._result.rows = self._result.rows, []
        return rows

    async def close(self) -> None:
        """Nothing is open in SQLite's thread."""


def connect(database: str, **options: Any) -> WholeStatementConnection:
    """A connection to the file, not opened yet."""
    connection = WholeStatementConnection(lambda: sqlite3.connect(database, **options), iter_chunk_size=64)
    # The thread must not keep the process alive. Source: aiosqlite 0.22, where it is a member of the connection.
    connection._thread.daemon = True
    return connection
