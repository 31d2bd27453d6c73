"""Column types: what one database stores, the other stores too."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from tests.persistence.conftest import Harness, OnBothDatabases
from weighbridge.persistence.repositories.reference_data import unknown_sku
from weighbridge.persistence.tables import metadata
from weighbridge.persistence.tables.work import watermarks


def test_no_column_has_a_width_that_only_postgresql_enforces() -> None:
    for dialect in (sqlite.dialect(), postgresql.dialect()):
        limited = [
            str(column)
            for table in metadata.sorted_tables
            for column in table.columns
            if "CHAR" in column.type.compile(dialect)
        ]
        assert limited == [], "SQLite ignores a width, PostgreSQL fails; use sa.Text"


def test_an_indexed_text_of_two_thousand_characters_is_stored_whole(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        name = "sku " * 500
        await harness.database.execute(
            sa.insert(watermarks).values(connection="main", name=name, timestamp=harness.now)
        )
        async with harness.database.reading() as connection:
            assert (await connection.execute(sa.select(watermarks.c.name))).scalar() == name

    on_both_databases(work)


def test_two_long_skus_that_begin_alike_are_cached_apart() -> None:
    assert unknown_sku("S" * 60 + "A") != unknown_sku("S" * 60 + "B")
