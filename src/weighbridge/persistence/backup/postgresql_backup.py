"""Backups of a PostgreSQL database, by PostgreSQL's own tools: a consistent copy while workers write.

The file is a tar archive of the stamp and of what pg_dump wrote in its custom format.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import sqlalchemy as sa

from weighbridge.persistence.backup.stamp import BackupProblem, Stamp, create_private, not_a_backup, read_stamp

STAMP_MEMBER, DUMP_MEMBER = "stamp.json", "database.dump"


def back_up(url: sa.URL, file: Path) -> Stamp:
    """Dumps the database at `url` into the new file `file`. Raises BackupProblem."""
    pg_dump = _tool("pg_dump")
    create_private(file)
    try:
        with tempfile.TemporaryDirectory(dir=file.parent, prefix=".backup-") as folder:
            dump = Path(folder) / DUMP_MEMBER
            _run([pg_dump, "--format=custom", "--no-owner", f"--file={dump}", _address(url)], url)
            stamp = Stamp.now("postgresql")
            with tarfile.open(file, "w") as archive:
                archive.add(dump, DUMP_MEMBER)
                text = stamp.as_json().encode()
                member = tarfile.TarInfo(STAMP_MEMBER)
                member.size = len(text)
                # The stamp comes last, so that an archive that was cut short has none.
                archive.addfile(member, io.BytesIO(text))
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    return stamp


def check(file: Path) -> Stamp:
    """The stamp of a whole backup. Raises BackupProblem."""
    try:
        with tarfile.open(file) as archive:
            member = archive.extractfile(STAMP_MEMBER)
            text = member.read() if member else b""
    except (tarfile.TarError, KeyError, OSError):
        raise not_a_backup(file) from None
    return read_stamp(file, text)


def restore(file: Path, url: sa.URL) -> None:
    """Replaces the tables of the database at `url` by those of a checked backup, in one transaction.

    Raises BackupProblem; the database is unchanged then.
    """
    pg_restore = _tool("pg_restore")
    with tempfile.TemporaryDirectory(prefix="weighbridge-restore-") as folder, tarfile.open(file) as archive:
        archive.extract(DUMP_MEMBER, folder, filter="data")
        options = ["--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error"]
        _run([pg_restore, *options, f"--dbname={_address(url)}", f"{folder}/{DUMP_MEMBER}"], url)


def _tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise BackupProblem(
            f"{name} is not installed on this machine; install the client of your PostgreSQL version, such as "
            "`apt install postgresql-client`"
        )
    return path


def _address(url: sa.URL) -> str:
    """The address without its password, which other users of the machine could read in the list of processes."""
    return url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)


def _run(command: list[str], url: sa.URL) -> None:
    secret = {"PGPASSWORD": str(url.password)} if url.password else {}
    done = subprocess.run(command, env={**os.environ, **secret}, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = " ".join(done.stderr.split())[:300]
        raise BackupProblem(f"{Path(command[0]).name} failed: {reason}; remove the cause and run the command again")
