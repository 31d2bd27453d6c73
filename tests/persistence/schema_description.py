"""What a database says about its schema, in a form in which two databases can be compared."""

from __future__ import annotations

import re

import sqlalchemy as sa

POSTGRESQL_QUERIES = (
    "SELECT 'column', table_name, column_name, data_type, is_nullable, column_default, is_identity"
    " FROM information_schema.columns WHERE table_schema = current_schema()",
    "SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()",
    "SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE connamespace = current_schema()::regnamespace",
    "SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "SELECT 'function', proname, prosrc FROM pg_proc WHERE pronamespace = current_schema()::regnamespace",
)
SQLITE_QUERY = "SELECT type, tbl_name, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"


def description(connection: sa.Connection) -> list[tuple[str, ...]]:
    """Every column, index, constraint and trigger, as the database defines it, in order."""
    queries = (SQLITE_QUERY,) if connection.dialect.name == "sqlite" else POSTGRESQL_QUERIES
    rows = [tuple(_plain(value) for value in row) for query in queries for row in connection.execute(sa.text(query))]
    return sorted(row for row in rows if not any("alembic_version" in value for value in row))


def _plain(value: object) -> str:
    """The text without differences in white space."""
    return re.sub(r"\s*([(),])\s*", r"\1", re.sub(r"\s+", " ", str(value))).strip()
