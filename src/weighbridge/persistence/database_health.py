"""The health of the database: can it be reached, read and written now, and is its schema the expected one?

The file of an SQLite database is opened by SQLite only. Opening and closing it in any other way in this process would
release the locks of all connections. Source: https://sqlite.org/howtocorrupt.html, section 2.2.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.domain.readiness import ProblemId, ReadinessProblem
from weighbridge.persistence.database import DatabaseError
from weighbridge.persistence.database_reasons import problem_of
from weighbridge.persistence.migrations import HEAD
from weighbridge.persistence.monitoring_database import MonitoringDatabase
from weighbridge.persistence.schema import revision_of

MEGABYTE = 1_000_000
QUICK_CHECK_EVERY_WALL_SECONDS = 900.0
QUICK_CHECK_AGAIN_WALL_SECONDS = 5.0
"""After a quick check that found damage: the file may have been restored."""
QUICK_CHECK_WALL_SECONDS = 10.0
INSTRUCTIONS_BETWEEN_CHECKS = 100_000
WRITE_FAILED = ProblemId.DATABASE_WRITE_FAILED
WRITTEN_TABLES = ("job", "worker", "transfer")


class DatabaseHealth:
    """Checks one database."""

    def __init__(self, database: MonitoringDatabase, least_free_megabytes: int) -> None:
        self._database = database
        self._least_free_megabytes = max(1, least_free_megabytes)
        self._quick_check_at = -QUICK_CHECK_EVERY_WALL_SECONDS
        self._damage = ""
        self._quick_check: asyncio.Task[None] | None = None

    async def problems(self) -> list[ReadinessProblem]:
        """Everything that is wrong with the database now."""
        problems = await asyncio.to_thread(self._file_problems) if self._database.is_sqlite else []
        if any(problem.id is ProblemId.DATABASE_UNREACHABLE for problem in problems):
            return problems
        try:
            async with self._database.reading() as connection:
                problems += await _schema_problems(connection)
                problems += await (_write_sqlite if self._database.is_sqlite else _write_postgresql)(connection)
        except (DatabaseError, OSError) as error:
            problem = problem_of(error, self._database.url)
            # On a full disk SQLite reports an input or output error as often as a full disk.
            is_full = any(known.id is ProblemId.DISK_FULL for known in problems)
            problems += [] if is_full and problem.id in (ProblemId.DISK_FULL, WRITE_FAILED) else [problem]
        if self._database.is_sqlite and not problems:
            problems += self._damage_problems()
        return problems

    def _file_problems(self) -> list[ReadinessProblem]:
        """Problems of the file and its disk that can be seen without opening the file."""
        file = Path(self._database.url.database or "")
        if not file.is_file():
            sentence = f"The database file {file.name} does not exist; put it back, or restore a backup."
            return [ReadinessProblem(ProblemId.DATABASE_UNREACHABLE, sentence)]
        free = shutil.disk_usage(file.parent).free // MEGABYTE
        if free >= self._least_free_megabytes:
            return []
        sentence = (
            f"The disk of the database has {free} MB left, and at least {self._least_free_megabytes} MB are needed; "
            "free some space."
        )
        return [ReadinessProblem(ProblemId.DISK_FULL, sentence)]

    def _damage_problems(self) -> list[ReadinessProblem]:
        """What the last quick check found. It reads the whole file, so it runs seldom and beside the other checks."""
        pause = QUICK_CHECK_AGAIN_WALL_SECONDS if self._damage else QUICK_CHECK_EVERY_WALL_SECONDS
        is_running = self._quick_check is not None and not self._quick_check.done()
        if not is_running and time.monotonic() - self._quick_check_at >= pause:
            self._quick_check_at = time.monotonic()
            self._quick_check = asyncio.create_task(self._run_quick_check())
        if not self._damage:
            return []
        sentence = f"The database is damaged ({self._damage}); stop all processes and restore the last backup."
        return [ReadinessProblem(ProblemId.DATABASE_BROKEN, sentence)]

    async def _run_quick_check(self) -> None:
        """Reads every page of the file. A file that is too large for the time limit stays unknown."""
        deadline = time.monotonic() + QUICK_CHECK_WALL_SECONDS
        try:
            async with self._database.reading() as connection:
                raw = (await connection.get_raw_connection()).driver_connection
                assert raw is not None
                await raw.set_progress_handler(lambda: time.monotonic() > deadline, INSTRUCTIONS_BETWEEN_CHECKS)
                rows = (await connection.exec_driver_sql("PRAGMA quick_check(1)")).scalars().all()
        except DatabaseError as error:
            problem = problem_of(error, self._database.url)
            self._damage = "it cannot be read" if problem.id is ProblemId.DATABASE_BROKEN else self._damage
        else:
            self._damage = "" if list(rows) == ["ok"] else " ".join(str(rows[0]).split())[:120] if rows else ""


async def _schema_problems(connection: AsyncConnection) -> Sequence[ReadinessProblem]:
    stored = await revision_of(connection)
    if stored == HEAD:
        return ()
    sentence = (
        f"The database has schema version {stored or 'none'}, and this version of Weighbridge needs {HEAD}; "
        "install the version that migrated it, or run `weighbridge migrate` while nothing works on it."
    )
    return (ReadinessProblem(ProblemId.DATABASE_SCHEMA, sentence),)


async def _write_sqlite(connection: AsyncConnection) -> Sequence[ReadinessProblem]:
    """Writes one page that stays the same, so that a lock, a full disk and a file without write access show."""
    await connection.exec_driver_sql("BEGIN IMMEDIATE")
    try:
        version = (await connection.exec_driver_sql("PRAGMA user_version")).scalar_one()
        await connection.exec_driver_sql(f"PRAGMA user_version = {int(version)}")
        await connection.exec_driver_sql("COMMIT")
        return ()
    except BaseException:
        await connection.rollback()
        raise


async def _write_postgresql(connection: AsyncConnection) -> Sequence[ReadinessProblem]:
    """Takes the lock that a write takes, and writes nothing. A replica, or a server that its administrator has made
    read-only, says so."""
    if (await connection.exec_driver_sql("SHOW transaction_read_only")).scalar_one() == "on":
        sentence = "The database accepts no writes; name the primary server, or allow writes again."
        return (ReadinessProblem(ProblemId.DATABASE_READ_ONLY, sentence),)
    await connection.execute(sa.text(f"LOCK TABLE {', '.join(WRITTEN_TABLES)} IN ROW EXCLUSIVE MODE"))
    await connection.rollback()
    return ()
