"""Tables whose rows are never changed: the triggers that make the database refuse it."""

from __future__ import annotations

IMMUTABLE_TABLES = {
    "audit": "the audit log is never changed",
    "exception_event": "the history of exceptions is never changed",
}
"""Table -> what the database answers to an UPDATE or DELETE of it."""
_SQLITE_TRIGGER = """
CREATE TRIGGER {table}_immutable_{operation} BEFORE {operation} ON {table}
BEGIN SELECT RAISE(ABORT, '{message}'); END
"""
_POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION {table}_immutable() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{message}'; END $$
"""
_POSTGRESQL_TRIGGER = """
CREATE TRIGGER {table}_immutable BEFORE UPDATE OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION {table}_immutable()
"""


def immutability(table: str, dialect: str) -> list[str]:
    """The statements that make the rows of `table` immutable in the SQL of `dialect`, `sqlite` or `postgresql`.

    A migration that rebuilds such a table on SQLite runs them again, because its triggers are dropped with it.
    """
    message = IMMUTABLE_TABLES[table]
    if dialect == "sqlite":
        return [
            _SQLITE_TRIGGER.format(table=table, operation=operation, message=message).strip()
            for operation in ("UPDATE", "DELETE")
        ]
    return [sql.format(table=table, message=message).strip() for sql in (_POSTGRESQL_FUNCTION, _POSTGRESQL_TRIGGER)]
