"""The stamp of a backup: what made it, and when. A file without it is not a backup of Weighbridge."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from weighbridge import __version__
from weighbridge.common.problem import OperationalProblem


class BackupProblem(OperationalProblem):
    """A backup cannot be made or restored; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What made a backup, and when."""

    version: str
    taken_at: str
    """UTC, as ISO 8601."""
    backend: str
    """`sqlite` or `postgresql`."""

    @classmethod
    def now(cls, backend: str) -> Stamp:
        """The stamp of a backup that is made now."""
        return cls(__version__, datetime.now(UTC).isoformat(timespec="seconds"), backend)

    def as_json(self) -> str:
        return json.dumps(asdict(self))


def read_stamp(file: Path, text: str | bytes) -> Stamp:
    """The stamp in `text`. Raises BackupProblem."""
    try:
        return Stamp(**json.loads(text))
    except (ValueError, TypeError):
        raise not_a_backup(file) from None


def not_a_backup(file: Path) -> BackupProblem:
    """The problem of a file that `weighbridge backup` did not write, or not to its end."""
    return BackupProblem(f"{file} is not a whole backup of Weighbridge; name a file that `weighbridge backup` wrote")


def check_stamp(stamp: Stamp, file: Path, backend: str) -> None:
    """Raises BackupProblem unless this version can restore the backup into a database of `backend`."""
    if stamp.version != __version__:
        raise BackupProblem(
            f"{file} was written by Weighbridge {stamp.version}, this is {__version__}; restore it with "
            f"{stamp.version}, then update"
        )
    if stamp.backend != backend:
        raise BackupProblem(
            f"{file} holds a {stamp.backend} database, and `database` in [installation] names one of {backend}; "
            "restore it into a database of the same kind"
        )


def create_private(file: Path) -> None:
    """Creates an empty file that only this user can read. Raises BackupProblem when it exists or cannot be created."""
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        raise BackupProblem(f"{file} exists; name a new file, or remove that one") from None
    except OSError as error:
        raise BackupProblem(f"{file} cannot be written: {error.strerror}; name a file in a folder of yours") from None
