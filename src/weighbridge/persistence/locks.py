"""Locked databases: how long a transaction waits for a lock, and how to recognise that it waited in vain."""

from __future__ import annotations

import sqlite3

import psycopg
import sqlalchemy as sa

from weighbridge.common.problem import OperationalProblem

LOCK_WAIT_SECONDS = 30.0
"""How long a transaction waits for a lock unless the configuration says otherwise."""
_PRIMARY_RESULT_CODE = 0xFF
"""SQLite's extended result codes keep the primary one in the lowest byte."""


class DatabaseLocked(OperationalProblem):
    """Another process held a lock longer than the lock wait. Nothing was written; the same work may be tried again."""

    def __init__(self, waited_seconds: float) -> None:
        super().__init__(
            f"the database was locked by another process for longer than {waited_seconds:g} seconds "
            "(installation.lock_wait_seconds), so nothing was written; find the process that keeps a transaction open, "
            "or try again when it has ended"
        )


def is_locked(error: BaseException | None) -> bool:
    """Whether `error` says that a lock was not free in time; then the transaction changed nothing."""
    if isinstance(error, sa.exc.DBAPIError):
        error = error.orig
    if isinstance(error, sqlite3.OperationalError):
        code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY_RESULT_CODE
        return code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    return isinstance(error, DatabaseLocked | psycopg.errors.LockNotAvailable)
