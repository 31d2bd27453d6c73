"""Each kept database, with work in flight, is migrated without losing a row, and its orders end with one sale each."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from tests.flows.harness import harness
from tests.persistence.kept_database import (
    CAUGHT,
    HELD,
    KEPT,
    POSTED,
    every_row,
    restore,
    restore_twins,
)
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.transfers import State

Row = dict[str, object]
KEPT_DATABASES = sorted(file.name.removesuffix(".sql.gz").split("-") for file in KEPT.glob("*.sql.gz"))
LARGEST_BYTES = 200_000


@pytest.fixture
def empty_url(request: pytest.FixtureRequest, tmp_path: Path, database: str) -> str:
    if database == "sqlite":
        return f"sqlite:///{tmp_path}/weighbridge.db"
    return str(request.getfixturevalue("fresh_database")("kept"))


def migrate(url: str) -> None:
    async def run() -> None:
        database = Database(url)
        try:
            await database.migrate()
        finally:
            await database.close()

    asyncio.run(run())


def rows_in_common(rows: list[Row], others: list[Row]) -> Counter[str]:
    """How often each row occurs, with the columns that both have, so that a migration may add and drop columns."""
    columns = sorted({name for row in rows for name in row} & {name for row in others for name in row})
    return Counter(repr([row[name] for name in columns]) for row in rows)


def test_there_is_a_small_kept_database_for_both() -> None:
    assert {database for _, database in KEPT_DATABASES} == {"sqlite", "postgresql"}
    assert {file.name: size for file in KEPT.iterdir() if (size := file.stat().st_size) > LARGEST_BYTES} == {}


@pytest.mark.parametrize(("revision", "database"), KEPT_DATABASES)
def test_a_migration_loses_and_doubles_nothing_and_the_work_goes_on(
    tmp_path: Path, revision: str, database: str, empty_url: str
) -> None:
    restore(database, empty_url, revision)
    before = every_row(empty_url)
    assert len([job for job in before["job"] if job["worker"]]) >= 1, "jobs were running"
    assert len([intent for intent in before["intent"] if not intent["answered_at"]]) >= 1, "writes had no answer"
    migrate(empty_url)
    after = every_row(empty_url)
    for table in before.keys() & after.keys():
        assert rows_in_common(before[table], after[table]) == rows_in_common(after[table], before[table]), table

    restore_twins(database, tmp_path / "twins.json", revision)
    with harness(
        tmp_path, post="invoice_and_payment", database=empty_url, state=tmp_path / "twins.json", is_seeded=True
    ) as trial:
        rows = trial.run()
        states = Counter(row.state for row in rows)
        assert states == {State.POSTED: POSTED + CAUGHT, State.HELD: HELD}
        for row in rows:
            if row.state is State.POSTED:
                sale = trial.assert_one_sale(int(row.key))
                assert (len(sale["invoices"]), len(sale["payments"])) == (1, 1), row.key
        assert len(trial.sales()) == POSTED + CAUGHT
