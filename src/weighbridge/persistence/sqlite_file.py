"""SQLite's file: who may read it, and which versions of SQLite may use it."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

import sqlalchemy as sa

from weighbridge.common.problem import OperationalProblem

READING = "reading"
"""The execution option of a connection that takes no lock."""
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
