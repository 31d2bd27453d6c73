"""SQLite's side of the database: its version, its file, and how connections are set up."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from weighbridge.common.problem import OperationalProblem
from weighbridge.persistence.sqlite_connection import connect

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

READING = "reading"
"""The execution option of a connection that takes no lock."""
POOL_SIZE, POOL_OVERFLOW = 6, 4
LEAST_VERSION = (3, 35, 0)
"""The first SQLite with RETURNING, by which jobs are claimed. A worker was run to its end with 3.35.2."""
OWNER_ONLY = stat.S_IRUSR | stat.S_IWUSR
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class SqliteProblem(OperationalProblem):
    """SQLite or its file cannot be used as it is."""


def check_version(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> None:
    """Raises SqliteProblem if the SQLite that Python uses is too old."""
    if version < LEAST_VERSION:
        raise SqliteProblem(
            f"SQLite {_dotted(version)} is too old, {_dotted(LEAST_VERSION)} or newer is needed; "
            "install a Python with a newer SQLite, or use PostgreSQL"
        )


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def secure_file(url: sa.URL) -> None:
    """Makes sure that only its owner reads the database, which holds customers' data: creates the file so, whatever the
    umask, and takes the rights of others from an existing one. Raises SqliteProblem where that is not allowed.

    SQLite gives the files beside it, -wal and -shm, the rights of the database.
    """
    if os.name != "posix" or not url.database or url.database == ":memory:":
        return
    path = Path(url.database)
    try:
        if not path.exists():
            _create(path)
        for file in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
            if file.exists() and file.stat().st_mode & _OTHERS:
                file.chmod(OWNER_ONLY)
    except OSError as error:
        raise SqliteProblem(
            f"the database {path} cannot be kept from other users of this machine ({error.strerror}); run as the owner "
            "of the file, in a folder that this user may write, or name another file in installation.database"
        ) from error


def _create(path: Path) -> None:
    """Creates an empty file under another name and moves it into place.

    No descriptor of a file that SQLite may have open is closed here: closing one drops the locks that this process
    holds on the file, and then two writers damage it.
    """
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY))
    try:
        os.link(new, path)
    except FileExistsError:
        pass  # Another process was first, with a file of the same rights.
    finally:
        new.unlink()


def sqlite_engine(url: sa.URL, lock_wait_seconds: float) -> AsyncEngine:
    """An engine on an SQLite file. The driver begins no transaction by itself."""
    engine = create_async_engine(
        url,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        connect_args={"timeout": lock_wait_seconds, "async_creator_fn": connect},
        json_deserializer=_read_json,
    )
    sa.event.listen(engine.sync_engine, "connect", _preparation(lock_wait_seconds))
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
