"""Backups of an SQLite database, by SQLite's online backup: a consistent copy while workers write."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from weighbridge.persistence.backup.stamp import BackupProblem, Stamp, create_private, not_a_backup, read_stamp

STAMP_TABLE = "backup_stamp"
SIDE_FILES = ("-wal", "-shm", "-journal")


def back_up(database: Path, file: Path) -> Stamp:
    """Copies `database` into the new file `file`, checks the copy and stamps it. Raises BackupProblem.

    The copy appears under its name only when it is whole.
    """
    if not database.exists():
        raise BackupProblem(f"there is no database {database}; start Weighbridge once, or correct `database`")
    if file.exists():
        raise BackupProblem(f"{file} exists; name a new file, or remove that one")
    partial = file.with_name(f"{file.name}.partial")
    partial.unlink(missing_ok=True)
    create_private(partial)
    stamp = Stamp.now("sqlite")
    try:
        _copy(database, partial)
        with closing(sqlite3.connect(partial)) as copy:
            copy.execute(f"CREATE TABLE {STAMP_TABLE} (stamp TEXT NOT NULL)")
            copy.execute(f"INSERT INTO {STAMP_TABLE} VALUES (?)", (stamp.as_json(),))
            copy.commit()
        check(partial)
        _sync(partial)
        partial.rename(file)
    except sqlite3.Error as error:
        raise BackupProblem(f"the backup of {database} failed: {error}; check the disk and the database") from error
    finally:
        _remove(partial)
    return stamp


def check(file: Path) -> Stamp:
    """The stamp of a backup whose every page is well. Raises BackupProblem."""
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as copy:
            [[text]] = copy.execute(f"SELECT stamp FROM {STAMP_TABLE}").fetchall()
            [[result]] = copy.execute("PRAGMA integrity_check(1)").fetchall()
    except (sqlite3.Error, ValueError):
        raise not_a_backup(file) from None
    if result != "ok":
        raise BackupProblem(f"{file} is damaged: {result}; restore an earlier backup")
    return read_stamp(file, text)


def restore(file: Path, database: Path) -> Path | None:
    """Puts the content of a checked backup in place of `database`, whose old file is kept beside it; returns the old
    file. Raises BackupProblem."""
    new = database.with_name(f"{database.name}.restoring")
    _remove(new)
    create_private(new)
    old = database.with_name(f"{database.name}.before-restore-{datetime.now(UTC):%Y%m%d-%H%M%S}")
    try:
        _copy(file, new)
        with closing(sqlite3.connect(new)) as copy:
            copy.execute(f"DROP TABLE {STAMP_TABLE}")
            copy.commit()
        _sync(new)
        is_replacing = database.exists()
        for suffix in ("", *SIDE_FILES):
            current = database.with_name(database.name + suffix)
            if current.exists():
                current.rename(old.with_name(old.name + suffix))
        new.rename(database)
    except (sqlite3.Error, OSError) as error:
        raise BackupProblem(f"the restore into {database} failed: {error}; check disk space and access") from error
    finally:
        _remove(new)
    return old if is_replacing else None


def _copy(source: Path, target: Path) -> None:
    """Copies a database that may be in use; the copy is one file, without a log beside it."""
    with closing(sqlite3.connect(source)) as origin, closing(sqlite3.connect(target)) as copy:
        origin.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")


def _sync(file: Path) -> None:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())


def _remove(file: Path) -> None:
    for suffix in ("", *SIDE_FILES):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
