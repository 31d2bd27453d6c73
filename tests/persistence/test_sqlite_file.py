"""The SQLite file: readable by its owner only, and refused with an SQLite that is too old."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.persistence.test_transactions import names, write
from weighbridge.persistence.database import Database
from weighbridge.persistence.sqlite_file import LEAST_VERSION, SqliteProblem, check_version


@pytest.fixture(autouse=True)
def _permissive_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def open_and_write(file: Path) -> dict[str, int]:
    """The permission bits of the database's files while it is open with a write in its log."""

    async def run() -> dict[str, int]:
        database = Database(f"sqlite:///{file}")
        try:
            await database.create_tables()
            await write(database, "a row")
            assert await names(database) == ["a row"]
            return {path.name: stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()}
        finally:
            await database.close()

    return asyncio.run(run())


def test_a_new_database_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    files = open_and_write(tmp_path / "weighbridge.db")
    assert files == {"weighbridge.db": 0o600, "weighbridge.db-shm": 0o600, "weighbridge.db-wal": 0o600}


def test_a_database_that_others_can_read_is_tightened(tmp_path: Path) -> None:
    file = tmp_path / "weighbridge.db"
    with sqlite3.connect(file) as other:
        other.execute("PRAGMA journal_mode=WAL")
    other.close()
    file.chmod(0o664)
    files = open_and_write(file)
    assert set(files.values()) == {0o600}, files


def test_an_sqlite_that_is_too_old_is_refused_in_one_sentence() -> None:
    check_version(LEAST_VERSION)
    check_version((3, 40, 1))
    check_version(sqlite3.sqlite_version_info)
    with pytest.raises(SqliteProblem, match=r"SQLite 3\.34\.1 is too old, 3\.35\.0 or newer is needed"):
        check_version((3, 34, 1))
