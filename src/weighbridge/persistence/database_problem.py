"""Database problems: why a database cannot be used, and what to do, in one sentence without its password."""

from __future__ import annotations

import getpass
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from weighbridge.common.problem import OperationalProblem


class DatabaseProblem(OperationalProblem):
    """The database cannot be used; the message says why and what to do."""


def unreadable_address(error: Exception) -> DatabaseProblem:
    """The problem of a `database` setting that is no address. The address is left out: it may hold a password."""
    reason = " ".join(str(error).split("'", 1)[0].split()).rstrip(" :;")
    return DatabaseProblem(
        f"`database` in [installation] is not an address ({reason}); write sqlite:///FILE or postgresql://USER@HOST/NAME"
    )


def database_problem(url: sa.URL, error: sa.exc.DBAPIError) -> DatabaseProblem:
    """The problem that the database at `url` has, as told by the error that it raised."""
    if url.get_backend_name() == "sqlite":
        return _of_file(Path(url.database or ""), message_of(error))
    return _of_server(url, error)


def check_file(file: Path) -> None:
    """Raises DatabaseProblem unless `file` can be opened as an SQLite database, or created.

    The asynchronous driver ends a connection that cannot be opened in a thread of its own, which may outlive the event
    loop and print a traceback; so it gets only files that can be opened.
    """
    try:
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA schema_version").fetchone()
    except sqlite3.Error as error:
        raise _of_file(file, " ".join(str(error).split())) from error


def lost_database(error: sa.exc.DBAPIError) -> str | None:
    """The sentence for a database that failed in the midst of work; None for a statement that is wrong."""
    if isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError) or error.connection_invalidated:
        return f"the database failed during the command: {message_of(error)[:300]}; repair it and run the command again"
    return None


def message_of(error: sa.exc.DBAPIError) -> str:
    """The database's own message on one line, without the statement and its values."""
    return " ".join(str(error.orig).split()) or type(error.orig).__name__


def _of_file(file: Path, text: str) -> DatabaseProblem:
    """The problem of an SQLite database that answered with `text`."""
    message = text.lower()
    if "unable to open" in message:
        reason = _why_not_opened(file)
    elif "readonly" in message or "read-only" in message:
        reason = f"{_user()} may not write to it; give {_user()} write access to the file and its folder"
    elif "not a database" in message:
        reason = "it is not an SQLite database; correct `database` in [installation], or move the file away"
    elif "malformed" in message:
        reason = "it is damaged; restore the last backup with `weighbridge restore`"
    elif "locked" in message or "busy" in message:
        reason = "another process has locked it; end that process and try again"
    elif "full" in message:
        reason = "the disk is full; free some space and try again"
    elif "disk i/o" in message:
        reason = "the disk reports an error, or is full; check the disk and free some space"
    else:
        reason = f"{text}; check the file"
    return DatabaseProblem(f"the database {file} cannot be used: {reason}")


def _why_not_opened(file: Path) -> str:
    if file.is_dir():
        return "it is a folder; name a file in `database` in [installation]"
    if not file.parent.is_dir():
        return f"its folder {file.parent} does not exist; create the folder, or correct `database` in [installation]"
    may_create = os.access(file.parent, os.W_OK | os.X_OK, effective_ids=True)
    if not may_create or (file.exists() and not os.access(file, os.R_OK | os.W_OK, effective_ids=True)):
        return f"{_user()} may not open it; give {_user()} read and write access to the file and its folder"
    return "it cannot be opened; check the file, its folder, and the limit of open files"


_SERVER_REASONS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        ("failed to resolve host", "could not translate host name"),
        "its host name is not found",
        "correct the host in `database` in [installation], or the name service of this machine",
    ),
    (
        ("certificate verify failed", "root certificate", "server certificate"),
        "its certificate is not trusted",
        "name the authority's certificate with sslrootcert in the address",
    ),
    (
        ("password authentication failed", "no password supplied", "authentication failed"),
        "user {user} is refused",
        "correct user and password",
    ),
    (("no pg_hba.conf entry",), "it does not admit user {user} from here", "add a line to pg_hba.conf of the server"),
    (
        ("too many clients", "remaining connection slots", "too many connections"),
        "it has no connection left",
        "raise max_connections, or stop other programs",
    ),
    (("starting up", "shutting down", "recovery mode"), "it is starting or stopping", "wait and try again"),
    (("connection refused",), "nothing listens there", "start PostgreSQL, or correct host and port"),
    (("no such file or directory", "is the server running"), "nothing listens there", "start PostgreSQL"),
    (("timeout",), "it does not answer in time", "check the network, host and port"),
    (
        ("permission denied", "must be owner"),
        "user {user} lacks rights",
        "make {user} the owner of the database, or grant CREATE and USAGE on its schema public",
    ),
    (("read-only transaction",), "it accepts no writes", "name the primary server, not a replica"),
    (
        ("closed the connection", "terminating connection", "connection is lost", "connection not open"),
        "it ended the connection",
        "check that PostgreSQL runs at that address",
    ),
)
"""Texts of the server or its client library, what they mean, and what to do."""


def _of_server(url: sa.URL, error: sa.exc.DBAPIError) -> DatabaseProblem:
    message, user = message_of(error), url.username or _user()
    lower = message.lower()
    shown = f"the database {url.set(drivername='postgresql').render_as_string(hide_password=True)} cannot be used"
    if f'role "{user}" does not exist'.lower() in lower:
        return DatabaseProblem(f"{shown}: the server has no user {user}; create it, or correct the user")
    if "does not exist" in lower and "database" in lower:
        return DatabaseProblem(
            f"{shown}: the server has no database {url.database}; create it with createdb, or correct the name"
        )
    for texts, reason, advice in _SERVER_REASONS:
        if any(text in lower for text in texts):
            return DatabaseProblem(f"{shown}: {reason.format(user=user)}; {advice.format(user=user)}")
    return DatabaseProblem(f"{shown}: {message[:300]}; ask the administrator of the server")


def _user() -> str:
    try:
        return f"user {getpass.getuser()}"
    except (OSError, KeyError):
        return f"user {os.getuid()}"
