"""Reasons: what an error of the database means for the operator, without the statement and its values."""

from __future__ import annotations

import sqlite3

import sqlalchemy as sa

from weighbridge.common.problem import OperationalProblem
from weighbridge.domain.readiness import ProblemId, ReadinessProblem
from weighbridge.persistence.locks import DatabaseLocked

LONGEST_REASON = 200
_IDS = {
    "SQLITE_BUSY": ProblemId.DATABASE_LOCKED,
    "SQLITE_LOCKED": ProblemId.DATABASE_LOCKED,
    "SQLITE_CORRUPT": ProblemId.DATABASE_BROKEN,
    "SQLITE_NOTADB": ProblemId.DATABASE_BROKEN,
    "SQLITE_FULL": ProblemId.DISK_FULL,
    "SQLITE_READONLY": ProblemId.DATABASE_READ_ONLY,
    "SQLITE_PERM": ProblemId.DATABASE_READ_ONLY,
    "SQLITE_CANTOPEN": ProblemId.DATABASE_UNREACHABLE,
    "SQLITE_IOERR": ProblemId.DATABASE_WRITE_FAILED,
    "55P03": ProblemId.DATABASE_LOCKED,
    "57014": ProblemId.DATABASE_LOCKED,
    "25006": ProblemId.DATABASE_READ_ONLY,
    "53100": ProblemId.DISK_FULL,
    "42P01": ProblemId.DATABASE_SCHEMA,
    "42703": ProblemId.DATABASE_SCHEMA,
    "XX001": ProblemId.DATABASE_BROKEN,
    "XX002": ProblemId.DATABASE_BROKEN,
}
"""Beginnings of SQLite's error names and of PostgreSQL's codes. Sources: https://sqlite.org/rescode.html,
https://www.postgresql.org/docs/current/errcodes-appendix.html."""
FAULTS = ("SQLITE_ERROR", "SQLITE_MISUSE", "42", "22", "23", "0A")
"""A statement that the database refuses for its own sake is a fault of the program."""
TEMPORARY = frozenset(
    {ProblemId.DATABASE_LOCKED, ProblemId.DISK_FULL, ProblemId.DATABASE_READ_ONLY, ProblemId.DATABASE_WRITE_FAILED}
)
"""Problems that say nothing about the statement, whatever the driver's class of the error."""
_SENTENCES = {
    ProblemId.DATABASE_LOCKED: "The database is locked by another program, so nothing can be written; end that program",
    ProblemId.DATABASE_BROKEN: "The database is damaged; stop all processes and restore the last backup",
    ProblemId.DISK_FULL: "The disk of the database is full; free some space",
    ProblemId.DATABASE_READ_ONLY: "The database accepts no writes; give this process write access, or name the primary",
    ProblemId.DATABASE_WRITE_FAILED: "The database cannot be read or written; check the disk and its quotas",
    ProblemId.DATABASE_SCHEMA: "The database lacks tables or columns of this version; upgrade the database",
    ProblemId.DATABASE_UNREACHABLE: "The database cannot be reached; check that it is there and answers",
    ProblemId.CHECK_FAILED: "The check itself failed; report this fault",
}


def problem_of(error: Exception, url: sa.URL) -> ReadinessProblem:
    """The problem that `error`, raised by the database at `url`, is a sign of."""
    problem_id = _id_of(error, is_sqlite=url.get_backend_name() == "sqlite")
    return ReadinessProblem(problem_id, f"{_SENTENCES[problem_id]} ({reason_of(error)}).")


def is_temporary(error: BaseException) -> bool:
    """Whether `error` says that the database cannot be used now, and nothing against the work that met it: the same
    work may be done again when the cause is gone."""
    if isinstance(error, DatabaseLocked | sa.exc.TimeoutError):
        return True
    if not isinstance(error, sa.exc.DBAPIError):
        return False
    problem_id = _id_of(error, is_sqlite=isinstance(error.orig, sqlite3.Error))
    is_out_of_reach = isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError) or error.connection_invalidated
    return problem_id in TEMPORARY or (is_out_of_reach and problem_id is ProblemId.DATABASE_UNREACHABLE)


def reason_of(error: BaseException) -> str:
    """The first line of the database's own words; the others may hold values. For any other error its class too."""
    if isinstance(error, OperationalProblem):
        return str(error)
    original = error.orig if isinstance(error, sa.exc.DBAPIError) else None
    text = (str(error if original is None else original).strip().splitlines() or [""])[0]
    return (text if original is not None and text else f"{type(error).__name__}: {text}")[:LONGEST_REASON]


def _id_of(error: Exception, *, is_sqlite: bool) -> ProblemId:
    original = getattr(error, "orig", None)
    code = str(getattr(original, "sqlite_errorname" if is_sqlite else "sqlstate", None) or "")
    known = next((problem_id for beginning, problem_id in _IDS.items() if code.startswith(beginning)), None)
    if known is None and is_sqlite and "no such" in str(original):
        return ProblemId.DATABASE_SCHEMA
    if known is None and code.startswith(FAULTS):
        return ProblemId.CHECK_FAILED
    return known or ProblemId.DATABASE_UNREACHABLE
