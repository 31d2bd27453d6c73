"""The version of the database schema: the one that this program expects, and the one that a database has."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.persistence import migrations
from weighbridge.persistence.migrations import HEAD

VERSION_TABLE = sa.table(migrations.VERSION_TABLE, sa.column("version_num"))
UNVERSIONED = ""
"""The version of a database without a version table."""


def expected_schema_version() -> str:
    """The version that this program works with."""
    return HEAD


async def stored_schema_version(connection: AsyncConnection) -> str:
    """The version of the database behind `connection`; several heads are joined by commas."""
    has_table = await connection.run_sync(lambda sync: sa.inspect(sync).has_table(VERSION_TABLE.name))
    if not has_table:
        return UNVERSIONED
    rows = await connection.execute(sa.select(VERSION_TABLE.c.version_num).order_by(VERSION_TABLE.c.version_num))
    return ",".join(rows.scalars())
