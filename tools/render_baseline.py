"""Renders the baseline of the migrations from the tables: `python -m tools.render_baseline`.

Run it after each change of a table until the first release. From then on the baseline is frozen, and a change of a
table is a migration of its own.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from weighbridge.persistence.immutable import IMMUTABLE_TABLES, immutability
from weighbridge.persistence.migrations import versions
from weighbridge.persistence.tables import metadata
from weighbridge.persistence.types import storage_statements

BASELINE = Path(versions.__file__).with_name("baseline")
DIALECTS: tuple[sa.Dialect, ...] = (sqlite.dialect(), postgresql.dialect())  # type: ignore[no-untyped-call]


def statements(dialect: sa.Dialect) -> list[str]:
    """Every statement that creates the schema, in an order in which each finds what it refers to."""
    created: list[str] = []
    for table in metadata.sorted_tables:
        created.append(str(CreateTable(table).compile(dialect=dialect)))
        created += storage_statements(table) if dialect.name == "postgresql" else []
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        created += [str(CreateIndex(index).compile(dialect=dialect)) for index in indexes]
    for name in IMMUTABLE_TABLES:
        created += immutability(name, dialect.name)
    return [_without_blank_lines(sql) for sql in created]


def _without_blank_lines(sql: str) -> str:
    lines = [line.rstrip().replace("\t", "    ") for line in sql.splitlines()]
    return "\n".join(line for line in lines if line)


def script(dialect: sa.Dialect) -> str:
    """The file of the baseline for one database."""
    return "\n\n".join(statements(dialect)) + "\n"


def main() -> None:
    """Writes the files of both databases."""
    BASELINE.mkdir(exist_ok=True)
    for dialect in DIALECTS:
        (BASELINE / f"{dialect.name}.sql").write_text(script(dialect), encoding="utf-8")


if __name__ == "__main__":
    main()
