"""Staged outages of an installation on SQLite: readiness names each, and comes back once its cause is gone."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.web.monitoring.served import Served, pending_job, row_of, served, worker_row
from weighbridge.persistence.migrations import HEAD
from weighbridge.persistence.tables.work import jobs, workers

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One console for all outages: each ends before the next begins."""
    folder = tmp_path_factory.mktemp("outages")
    with served(folder, f"sqlite:///{folder}/weighbridge.db") as console:
        yield console


@contextmanager
def locked(console: Served) -> Iterator[None]:
    holder = sqlite3.connect(_file(console), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        holder.close()


@contextmanager
def broken(console: Served) -> Iterator[None]:
    """Overwrites the pages of workers and jobs, as a failing disk might."""
    file = _file(console)
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        roots = connection.execute("SELECT rootpage FROM sqlite_master WHERE name IN ('worker', 'job')").fetchall()
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    before = file.read_bytes()
    for (root,) in roots:
        _overwrite(file, (root - 1) * size, b"\xff" * size)
    try:
        yield
    finally:
        for (root,) in roots:
            _overwrite(file, (root - 1) * size, before[(root - 1) * size : root * size])


@contextmanager
def other_schema(console: Served) -> Iterator[None]:
    console.execute("UPDATE alembic_version SET version_num = 'from_the_future'")
    try:
        yield
    finally:
        console.execute(f"UPDATE alembic_version SET version_num = '{HEAD}'")


@contextmanager
def gone(console: Served) -> Iterator[None]:
    file = _file(console)
    file.rename(file.with_suffix(".away"))
    try:
        yield
    finally:
        assert not file.exists(), "a check created an empty database"
        file.with_suffix(".away").rename(file)


@contextmanager
def no_space(console: Served) -> Iterator[None]:
    """No file of the process may grow, as if a quota were used up."""
    _, hard = resource.prlimit(console.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(console.process.pid, resource.RLIMIT_FSIZE, (16, hard))
    try:
        yield
    finally:
        resource.prlimit(console.process.pid, resource.RLIMIT_FSIZE, (hard, hard))


@contextmanager
def read_only(console: Served) -> Iterator[None]:
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        pytest.skip("needs setpriv to run a process of root without its rights")
    files = [path for path in console.folder.iterdir() if path.name.startswith("weighbridge.db")]
    for file in files:
        file.chmod(0o444)
    console.folder.chmod(0o555)
    try:
        yield
    finally:
        console.folder.chmod(0o755)
        for file in files:
            file.chmod(0o644)


@contextmanager
def no_worker(console: Served) -> Iterator[None]:
    console.execute(sa.delete(workers))
    try:
        yield
    finally:
        console.execute(worker_row())


@contextmanager
def dead_worker(console: Served) -> Iterator[None]:
    console.execute(sa.update(workers).values(heartbeat_at=NOW - timedelta(hours=1)))
    try:
        yield
    finally:
        console.execute(sa.update(workers).values(heartbeat_at=NOW + timedelta(days=1)))


@contextmanager
def late_job(console: Served) -> Iterator[None]:
    console.execute(pending_job("orders", "100", NOW - timedelta(hours=3)))
    try:
        yield
    finally:
        console.execute(sa.delete(jobs))


@contextmanager
def missed_run(console: Served) -> Iterator[None]:
    """The stock was read three days ago, and nothing is in the queue that would read it again."""
    started_at = NOW - timedelta(days=3)
    console.execute(row_of(jobs, connection="main", flow="stock", key="*", started_at=started_at))
    try:
        yield
    finally:
        console.execute(sa.delete(jobs))


Stage = Callable[[Served], AbstractContextManager[None]]
OUTAGES: tuple[tuple[Stage, str, str], ...] = (
    (locked, "database_locked", "locked by another program"),
    (broken, "database_broken", "damaged"),
    (other_schema, "database_schema", "schema version from_the_future, and this version of Weighbridge needs"),
    (gone, "database_unreachable", "weighbridge.db does not exist"),
    (no_space, "database_write_failed", "check the disk and its quotas"),
    (read_only, "database_read_only", "accepts no writes"),
    (no_worker, "worker_missing", "start one with `weighbridge run`"),
    (dead_worker, "worker_dead", "Worker worker-1 has had no heartbeat since"),
    (
        late_job,
        "jobs_late",
        "1 due job of flow orders of connection main not started, and the oldest has been due for 3 hours",
    ),
    (missed_run, "recurring_job_missed", "Recurring job stock of connection main should run every 5 minutes"),
)


@pytest.mark.parametrize(("stage", "problem_id", "words"), OUTAGES, ids=[stage.__name__ for stage, _, _ in OUTAGES])
def test_readiness_names_an_outage_and_comes_back_after_it(
    console: Served, stage: Stage, problem_id: str, words: str
) -> None:
    console.wait_until(lambda problems: not problems)
    with stage(console):
        problems = console.wait_until(lambda problems: problem_id in problems)
        assert words in problems[problem_id]
        assert console.get("/health/live").status_code == 200
        console.get("/sign-in")
    console.wait_until(lambda problems: not problems)
    assert "Traceback" not in console.log()


def _file(console: Served) -> Path:
    return console.folder / "weighbridge.db"


def _overwrite(file: Path, position: int, content: bytes) -> None:
    with file.open("r+b") as opened:
        opened.seek(position)
        opened.write(content)
