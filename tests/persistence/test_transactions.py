"""Transactions while another process locks the database: what was reported as committed is there, the rest is not."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from tests.persistence.conftest import Harness, OnBothDatabases
from weighbridge.persistence.database import Database
from weighbridge.persistence.locks import DatabaseLocked, is_locked
from weighbridge.persistence.tables.work import attempts, watermarks
from weighbridge.persistence.types import new_id

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
WRITERS, WRITES = 6, 8
HOLD_LOCK = """
import sqlite3, sys
other = sqlite3.connect(sys.argv[1], isolation_level=None)
other.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read() if sys.argv[2] == "until closed" else __import__("time").sleep(float(sys.argv[2]))
other.execute("ROLLBACK")
"""


@contextmanager
def write_lock(file: Path, seconds: str = "until closed") -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the file's write lock, for `seconds` or until its input is closed."""
    command = [sys.executable, "-c", HOLD_LOCK, str(file), seconds]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "locked\n"
        yield other


@asynccontextmanager
async def sqlite_database(file: Path, lock_wait_seconds: float) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{file}", lock_wait_seconds)
    await database.create_tables()
    try:
        yield database
    finally:
        await database.close()


async def write(database: Database, name: str) -> None:
    async with database.transaction() as connection:
        await connection.execute(sa.insert(watermarks).values(connection="main", name=name, timestamp=NOON))


async def names(database: Database) -> list[str]:
    async with database.reading() as connection:
        return sorted((await connection.execute(sa.select(watermarks.c.name))).scalars())


async def _write_through_the_lock(database: Database) -> tuple[list[str], int]:
    """Writes in several tasks, repeating a refused write; the names reported as written, and how many were refused."""
    reported: list[str] = []
    refusals = 0

    async def keep_writing(writer: int) -> None:
        nonlocal refusals
        for number in range(WRITES):
            while True:
                try:
                    await write(database, f"{writer}-{number}")
                except DatabaseLocked:
                    refusals += 1
                else:
                    reported.append(f"{writer}-{number}")
                    break

    await asyncio.gather(*(keep_writing(writer) for writer in range(WRITERS)))
    return reported, refusals


@pytest.mark.parametrize(
    ("lock_wait_seconds", "held_seconds"),
    [(2.0, "5"), pytest.param(30.0, "60", marks=pytest.mark.slow)],
)
def test_a_lock_longer_than_the_wait_loses_no_committed_write(
    tmp_path: Path, lock_wait_seconds: float, held_seconds: str
) -> None:
    file = tmp_path / "weighbridge.db"

    async def run() -> None:
        async with sqlite_database(file, lock_wait_seconds) as database:
            with write_lock(file, held_seconds):
                reported, refusals = await _write_through_the_lock(database)
            assert refusals >= 1, "the lock was held longer than a writer waits"
            assert sorted(reported) == await names(database), "each reported write once, and no other"
            assert len(reported) == WRITERS * WRITES, "work went on when the lock was free"

    asyncio.run(run())


def test_a_locked_database_is_recognised_in_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "weighbridge.db"

    async def run() -> None:
        async with sqlite_database(file, 0.1) as database:
            with write_lock(file):
                with pytest.raises(DatabaseLocked) as refused:
                    await write(database, "refused")
                with pytest.raises(DatabaseLocked):
                    await database.execute(sa.insert(watermarks).values(connection="m", name="n", timestamp=NOON))
            assert is_locked(refused.value)
            assert "locked by another process for longer than 0.1 seconds" in str(refused.value)
            assert "\n" not in str(refused.value)
            with pytest.raises(sa.exc.IntegrityError) as broken:
                await asyncio.gather(write(database, "same"), write(database, "same"))
            assert not is_locked(broken.value)
            assert await names(database) == ["same"]

    asyncio.run(run())


def test_a_lock_of_another_session_on_postgresql_is_recognised_too(fresh_database: object) -> None:
    assert callable(fresh_database)
    url = fresh_database("locked")

    async def run() -> None:
        database = Database(url, 0.1)
        await database.create_tables()
        try:
            with psycopg.connect(url) as other:
                other.execute("LOCK TABLE watermark IN ACCESS EXCLUSIVE MODE")
                with pytest.raises(DatabaseLocked):
                    await write(database, "refused")
            await write(database, "written")
            assert await names(database) == ["written"]
        finally:
            await database.close()

    asyncio.run(run())


def test_a_writer_cancelled_while_it_waits_for_the_lock_leaves_nothing_open(tmp_path: Path) -> None:
    file = tmp_path / "weighbridge.db"

    async def run() -> None:
        async with sqlite_database(file, 20.0) as database:
            with write_lock(file) as other:
                waiting = [asyncio.create_task(write(database, f"cancelled-{number}")) for number in range(3)]
                await asyncio.sleep(0.2)
                for task in waiting:
                    task.cancel()
                assert other.stdin is not None
                other.stdin.close()
                results = await asyncio.gather(*waiting, return_exceptions=True)
                assert all(isinstance(result, asyncio.CancelledError) for result in results)
            await write(database, "after")
            async with sqlite_database(file, 0.5) as neighbour:
                await write(neighbour, "by a neighbour")
            assert await names(database) == ["after", "by a neighbour"]

    asyncio.run(run())


def test_a_writer_cancelled_inside_its_transaction_writes_nothing(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        inside, go_on = asyncio.Event(), asyncio.Event()

        async def half_a_transaction() -> None:
            async with harness.database.transaction() as connection:
                await connection.execute(sa.insert(watermarks).values(connection="m", name="half", timestamp=NOON))
                inside.set()
                await go_on.wait()

        task = asyncio.create_task(half_a_transaction())
        await inside.wait()
        neighbours = [asyncio.create_task(write(harness.database, name)) for name in ("one", "two")]
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.gather(*neighbours)
        assert await names(harness.database) == ["one", "two"]

    on_both_databases(work)


def test_a_commit_that_fails_is_reported_and_holds_up_nobody(tmp_path: Path) -> None:
    file = tmp_path / "weighbridge.db"
    orphan = sa.insert(attempts).values(id=new_id(), transfer_id=new_id(), step="post", run="r", started_at=NOON)

    async def write_orphan(database: Database) -> None:
        async with database.transaction() as connection:
            await connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            await connection.execute(orphan)

    async def run() -> None:
        async with sqlite_database(file, 0.5) as database:
            results = await asyncio.gather(
                write(database, "before"), write_orphan(database), write(database, "after"), return_exceptions=True
            )
            assert [type(result) for result in results] == [type(None), sa.exc.IntegrityError, type(None)]
            async with database.reading() as connection:
                assert (await connection.execute(sa.select(sa.func.count()).select_from(attempts))).scalar() == 0
            assert await names(database) == ["after", "before"]

    asyncio.run(run())


def test_a_transaction_inside_another_is_refused_instead_of_waiting_for_ever(tmp_path: Path) -> None:
    async def run() -> None:
        async with sqlite_database(tmp_path / "weighbridge.db", 0.5) as database:
            with pytest.raises(RuntimeError, match="inside a transaction"):
                async with database.transaction():
                    await write(database, "inner")
            await write(database, "later")
            assert await names(database) == ["later"]

    asyncio.run(asyncio.wait_for(run(), 20))
