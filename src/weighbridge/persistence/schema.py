"""The version of the database's schema: checked once when a program starts, and brought up to date."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from weighbridge.common.problem import OperationalProblem
from weighbridge.persistence.migrations import HEAD, VERSION_TABLE
from weighbridge.persistence.sqlite_file import READING

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

ADVISORY_LOCK = 7305811
"""The number of PostgreSQL's advisory lock under which one process at a time migrates."""


class SchemaProblem(OperationalProblem):
    """The schema is of a version with which this version of Weighbridge must not work."""


@dataclass(frozen=True, slots=True)
class Migrated:
    """The schema versions around a migration; `before` is empty where it created the tables."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Migrations:
    """A folder of migrations, and the last of their revisions."""

    folder: Path
    head: str


OUR_MIGRATIONS = Migrations(Path(__file__).with_name("migrations"), HEAD)


async def ensure_schema(engine: AsyncEngine, migrations: Migrations = OUR_MIGRATIONS) -> None:
    """Makes sure that the schema is of this version.

    Creates the tables of an empty database, and runs pending migrations that are all safe; from several processes at
    once, one of them does so. A current schema costs two statements. Raises SchemaProblem for every other schema.
    """
    async with engine.connect() as connection:
        connection = await connection.execution_options(**{READING: True})
        current = await revision_of(connection)
    if current != migrations.head:
        await migrate(engine, migrations, only_safe=True)


async def migrate(engine: AsyncEngine, migrations: Migrations = OUR_MIGRATIONS, *, only_safe: bool = False) -> Migrated:
    """Brings the schema to this version in one transaction. Raises SchemaProblem where it must not.

    With `only_safe` also where a pending migration should run while no worker does.
    """
    async with _migrating(engine) as connection:
        before = await revision_of(connection)
        if before == migrations.head:
            return Migrated(before, before)
        await connection.run_sync(_upgrade, migrations, before, only_safe)
        if engine.dialect.name == "sqlite" and (broken := await _broken_references(connection)):
            raise SchemaProblem(
                f"the migration would leave rows of {broken} without what they refer to; nothing was changed"
            )
        return Migrated(before, migrations.head)


def _upgrade(connection: sa.Connection, migrations: Migrations, before: str, only_safe: bool) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(migrations.folder))
    if before:
        _refuse_unsafe(ScriptDirectory.from_config(config), before, only_safe)
    elif tables := set(sa.inspect(connection).get_table_names()) - {VERSION_TABLE}:
        raise SchemaProblem(
            f"the database has tables, such as {min(tables)}, but no schema version, so it belongs to another program "
            "or to Weighbridge before its first release; name an empty database in installation.database"
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _refuse_unsafe(scripts: ScriptDirectory, before: str, only_safe: bool) -> None:
    """Raises SchemaProblem for a revision that is not ours, and for one that must not be left while programs work."""
    known = {script.revision for script in scripts.walk_revisions()}
    if before not in known:
        raise SchemaProblem(
            f"the database has schema version {before}, which this version of Weighbridge does not know "
            f"(its own is {scripts.get_current_head()}); install the version that migrated the database, or a newer one"
        )
    pending = scripts.iterate_revisions("head", before)
    if only_safe and not all(script.module.SAFE for script in pending):
        raise SchemaProblem(
            f"the database has schema version {before} and must be migrated to {scripts.get_current_head()} "
            "while nothing works on it; stop every worker and console, make a backup, and run weighbridge migrate"
        )


async def revision_of(connection: AsyncConnection) -> str:
    """The schema version of the database; empty without one."""
    if not await connection.run_sync(lambda sync: sa.inspect(sync).has_table(VERSION_TABLE)):
        return ""
    return (await connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}")).scalar() or ""


@asynccontextmanager
async def _migrating(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction that no other process migrates beside; committed at the end of the block."""
    if engine.dialect.name != "sqlite":
        async with engine.begin() as connection:
            await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")
            yield connection
        return
    async with engine.connect() as connection:
        connection = await connection.execution_options(**{READING: True})
        try:
            # Rebuilding a table drops it for a moment, and that would delete rows that refer to it.
            await connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            await connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
            await connection.commit()
        finally:
            await asyncio.shield(connection.invalidate())


async def _broken_references(connection: AsyncConnection) -> str:
    """The names of the tables with rows that refer to missing rows."""
    rows = await connection.exec_driver_sql("PRAGMA foreign_key_check")
    return ", ".join(sorted({str(row[0]) for row in rows}))
