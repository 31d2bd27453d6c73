"""Versions of the schema: an empty database is created, an older one migrated where that is safe, others refused."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from typer.testing import CliRunner

from tests.design.examples import SMALL
from tests.persistence.schema_description import description
from weighbridge.cli.main import app
from weighbridge.persistence.database import Database
from weighbridge.persistence.immutable import IMMUTABLE_TABLES, immutability
from weighbridge.persistence.migrations import HEAD
from weighbridge.persistence.schema import OUR_MIGRATIONS, Migrations, SchemaProblem, ensure_schema, migrate
from weighbridge.persistence.tables import metadata

NewDatabase = Callable[[str], str]
NEXT_REVISION = """
from alembic import op
import sqlalchemy as sa
revision, down_revision, SAFE = "0002", "0001", {safe}
def upgrade():
    op.add_column("watermark", sa.Column("note", sa.Text))
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> NewDatabase:
    """The URL of an empty database with a name, on SQLite and again on PostgreSQL."""
    if request.param == "sqlite":
        return lambda name: f"sqlite:///{tmp_path}/{name}.db"
    create: NewDatabase = request.getfixturevalue("fresh_database")
    return create


def with_database(url: str, work: Callable[[Database], Awaitable[None]]) -> None:
    async def run() -> None:
        database = Database(url)
        try:
            await work(database)
        finally:
            await database.close()

    asyncio.run(run())


def next_version(folder: Path, *, safe: bool) -> Migrations:
    """Our migrations and one more."""
    shutil.copytree(OUR_MIGRATIONS.folder, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "next_0002.py").write_text(NEXT_REVISION.format(safe=safe), encoding="utf-8")
    return Migrations(folder, "0002")


def test_the_migrated_schema_is_that_of_the_tables(new_database: NewDatabase) -> None:
    described = []

    async def migrated(database: Database) -> None:
        await database.create_tables()
        async with database.reading() as connection:
            differences = await connection.run_sync(
                lambda sync: compare_metadata(MigrationContext.configure(sync), metadata)
            )
            described.append(await connection.run_sync(description))
        assert differences == []

    async def from_the_tables(database: Database) -> None:
        async with database.transaction() as connection:
            await connection.run_sync(metadata.create_all)
            for table in IMMUTABLE_TABLES:
                for statement in immutability(table, database.engine.dialect.name):
                    await connection.exec_driver_sql(statement)
            described.append(await connection.run_sync(description))

    with_database(new_database("migrated"), migrated)
    with_database(new_database("from_tables"), from_the_tables)
    by_migrations, by_tables = described
    assert by_migrations == by_tables, "run python -m tools.render_baseline, or write a migration"


def test_the_head_that_a_start_compares_with_is_the_last_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(OUR_MIGRATIONS.folder))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_the_database_refuses_to_change_its_histories(new_database: NewDatabase) -> None:
    async def work(database: Database) -> None:
        await database.create_tables()
        audit = metadata.tables["audit"]
        line = dict.fromkeys(("actor", "action", "subject", "detail", "digest"), "x")
        values = {"number": 1, "at": sa.literal(0, sa.BigInteger), **line}
        await database.execute(sa.insert(audit).values(values))
        for change in (sa.delete(audit), sa.update(audit).values(actor="y")):
            with pytest.raises(sa.exc.DBAPIError, match="never changed"):
                await database.execute(change)

    with_database(new_database("immutable"), work)


def test_three_programs_that_start_at_once_create_one_schema(new_database: NewDatabase) -> None:
    url = new_database("together")
    script = "import asyncio, sys; from weighbridge.persistence.database import Database\n"
    script += "asyncio.run(Database(sys.argv[1]).create_tables())"
    started = [subprocess.Popen([sys.executable, "-c", script, url], stderr=subprocess.PIPE) for _ in range(3)]
    errors = [process.communicate()[1].decode() for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], errors


def test_a_safe_migration_runs_at_the_start_and_an_unsafe_one_by_command_only(
    new_database: NewDatabase, tmp_path: Path
) -> None:
    safe, unsafe = next_version(tmp_path / "safe", safe=True), next_version(tmp_path / "unsafe", safe=False)

    async def has_note(database: Database) -> bool:
        async with database.reading() as connection:
            columns = await connection.run_sync(lambda sync: sa.inspect(sync).get_columns("watermark"))
        return any(column["name"] == "note" for column in columns)

    async def at_the_start(database: Database) -> None:
        await database.create_tables()
        await ensure_schema(database.engine, safe)
        assert await has_note(database)

    async def by_command(database: Database) -> None:
        await database.create_tables()
        with pytest.raises(SchemaProblem, match="run weighbridge migrate"):
            await ensure_schema(database.engine, unsafe)
        assert not await has_note(database)
        migrated = await migrate(database.engine, unsafe)
        assert (migrated.before, migrated.after, await has_note(database)) == ("0001", "0002", True)
        await ensure_schema(database.engine, unsafe)

    with_database(new_database("safe"), at_the_start)
    with_database(new_database("unsafe"), by_command)


@pytest.mark.parametrize(
    ("statements", "message"),
    [
        (["CREATE TABLE customer (id INTEGER)"], "has tables, such as customer, but no schema version"),
        (["UPDATE alembic_version SET version_num = '9999'"], "schema version 9999, which this version of Weighbridge"),
    ],
    ids=["without a version", "newer"],
)
def test_a_database_of_another_version_is_refused(
    new_database: NewDatabase, statements: list[str], message: str
) -> None:
    async def work(database: Database) -> None:
        if "UPDATE" in statements[0]:
            await database.create_tables()
        async with database.transaction() as connection:
            for statement in statements:
                await connection.exec_driver_sql(statement)
            before = await connection.run_sync(description)
        for refused in (database.create_tables, database.migrate):
            with pytest.raises(SchemaProblem, match=message) as problem:
                await refused()
            assert "\n" not in str(problem.value)
        async with database.reading() as connection:
            assert await connection.run_sync(description) == before

    with_database(new_database("refused"), work)


COMMANDS = (
    "run", "console", "migrate", "monitors", "sync orders", "sync stock", "sync fulfilment", "sync catalogue",
    "stock stale-allocations", "stock shortages", "orders held", "orders show 1", "exceptions list", "design show",
    "returns list", "reports status", "users list", "alerts list",
)  # fmt: skip


def test_every_command_refuses_a_newer_database_in_one_sentence(tmp_path: Path) -> None:
    async def make_newer(database: Database) -> None:
        await database.create_tables()
        await database.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))

    with_database(f"sqlite:///{tmp_path}/weighbridge.db", make_newer)
    config = tmp_path / "weighbridge.toml"
    config.write_text(f"{SMALL}\n[connections.main.design.catalogue]\nenabled = true\n", encoding="utf-8")
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "cin7").write_text("secret", encoding="utf-8")
    secrets = {"BC_TOKEN": "secret", "CIN7_ACCOUNT": "secret"}
    for command in COMMANDS:
        result = CliRunner().invoke(app, [*command.split(), "--config", str(config)], env=secrets)
        assert result.exit_code == 2, (command, result.output)
        assert "install the version that migrated the database" in result.output, command
        assert "Traceback" not in result.output, command
        assert "worker_started" not in result.output, command
