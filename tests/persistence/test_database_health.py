"""The health of a database file: its free space, and damage that no ordinary query meets."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from weighbridge.domain.readiness import ProblemId, ReadinessProblem
from weighbridge.persistence import database_health
from weighbridge.persistence.database import Database
from weighbridge.persistence.database_health import DatabaseHealth
from weighbridge.persistence.monitoring_database import MonitoringDatabase

PATIENCE_SECONDS = 20
MORE_THAN_ANY_DISK = 10**12


def _checked(
    folder: Path, work: Callable[[DatabaseHealth], Awaitable[list[ReadinessProblem]]], least_free_megabytes: int = 0
) -> list[ReadinessProblem]:
    url = f"sqlite:///{folder}/weighbridge.db"

    async def check() -> list[ReadinessProblem]:
        database = Database(url)
        await database.create_tables()
        await database.close()
        return await work(DatabaseHealth(MonitoringDatabase(url), least_free_megabytes))

    return asyncio.run(check())


async def _problems(health: DatabaseHealth) -> list[ReadinessProblem]:
    return await health.problems()


def test_a_new_database_on_a_disk_with_space_is_healthy(tmp_path: Path) -> None:
    assert _checked(tmp_path, _problems) == []


def test_too_little_free_space_is_reported_before_the_disk_is_full(tmp_path: Path) -> None:
    (problem,) = _checked(tmp_path, _problems, MORE_THAN_ANY_DISK)
    assert problem.id is ProblemId.DISK_FULL
    assert f"at least {MORE_THAN_ANY_DISK} MB are needed" in problem.sentence


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small file system")
def test_a_full_disk_is_reported_and_so_is_its_end(tmp_path: Path) -> None:
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(tmp_path)], check=False)
    if mounted.returncode:
        pytest.skip("only a machine that allows it may mount a small file system")

    async def fill_and_free(health: DatabaseHealth) -> list[ReadinessProblem]:
        rest = tmp_path / "rest"
        with rest.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(b"x" * 1024):
                pass
        problems = [await health.problems() for _ in range(40)][-1]
        rest.unlink()
        assert await health.problems() == []
        return problems

    try:
        (problem,) = _checked(tmp_path, fill_and_free)
    finally:
        subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)
    assert problem.id is ProblemId.DISK_FULL


def test_a_damaged_page_that_nothing_reads_is_found_and_so_is_its_repair(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_health, "QUICK_CHECK_AGAIN_WALL_SECONDS", 0.0)
    file = tmp_path / "weighbridge.db"

    async def damage_and_repair(health: DatabaseHealth) -> list[ReadinessProblem]:
        before = _with_damaged_index(file)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not (problems := await health.problems()):
                await asyncio.sleep(0.01)
            file.write_bytes(before)
            while await health.problems():
                await asyncio.sleep(0.01)
        return problems

    (problem,) = _checked(tmp_path, damage_and_repair)
    assert problem.id is ProblemId.DATABASE_BROKEN


def _with_damaged_index(file: Path) -> bytes:
    """Overwrites an index that no check reads; returns the file as it was."""
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        query = "SELECT rootpage FROM sqlite_master WHERE name = 'exception_by_tag'"
        (root,) = connection.execute(query).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    before = file.read_bytes()
    with file.open("r+b") as opened:
        opened.seek((root - 1) * size)
        opened.write(b"\xff" * size)
    return before
