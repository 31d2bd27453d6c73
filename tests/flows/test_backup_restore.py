"""A backup of a working installation can be restored, and nothing that happened after it is written twice."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.flows.harness import Harness, harness
from weighbridge.cli.main import app
from weighbridge.flows.discovery import sweeps
from weighbridge.persistence.backup import postgresql_backup
from weighbridge.persistence.repositories.transfers import State


@pytest.fixture(params=["sqlite", "postgresql"])
def trial(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Harness]:
    create: Callable[[str], str] | None = None
    if request.param == "postgresql":
        create = request.getfixturevalue("fresh_database")
    with harness(tmp_path, database=create("backup") if create else "") as new_harness:
        yield new_harness


def command(trial: Harness, *arguments: str) -> tuple[int, str]:
    """The exit code and output of a command on the installation."""
    config = trial.folder / "weighbridge.toml"
    config.write_text(trial.configuration(), encoding="utf-8")
    result = CliRunner().invoke(app, [*arguments, "--config", str(config)], env=trial.environment())
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, " ".join(result.output.split())


def test_what_was_posted_after_the_backup_is_adopted_and_not_posted_twice(trial: Harness) -> None:
    before = [trial.place() for _ in range(2)]
    trial.run()
    file = trial.folder / "today.backup"
    assert command(trial, "backup", str(file))[0] == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    after = [trial.place() for _ in range(2)]
    trial.run()
    sales = {order: trial.assert_one_sale(order)["id"] for order in (*before, *after)}
    shipped = {"sale_id": sales[before[0]], "carrier": "UPS", "tracking": "1Z-1"}
    trial.twins.act("cin7", "pick_pack_ship", shipped)
    trial.ship()
    code, output = command(trial, "restore", str(file))
    assert (code, "give --replace" in output) == (2, True)
    assert {row.key for row in trial.transfers("orders")} == {str(order) for order in sales}
    code, output = command(trial, "restore", str(file), "--replace")
    assert code == 0, output
    assert "The platforms are ahead of this database" in output
    assert {row.key for row in trial.transfers("orders")} == {str(order) for order in before}
    writes = trial.writes()
    rows = trial.run()
    trial.ship()
    assert {row.key: row.state for row in rows} == dict.fromkeys(map(str, sales), State.POSTED)
    assert {order: trial.assert_one_sale(order)["id"] for order in sales} == sales, "the same sales"
    assert trial.writes() == writes, "nothing was written to Cin7 again"
    assert len(trial.shipments(before[0])) == 1
    new = trial.place()
    trial.run()
    trial.assert_one_sale(new)


def test_a_restore_refuses_while_a_worker_is_alive(trial: Harness) -> None:
    trial.run()
    file = trial.folder / "today.backup"
    outputs: list[tuple[int, str]] = []

    def act(running: Harness) -> None:
        outputs.append(command(running, "backup", str(file)))
        outputs.append(command(running, "restore", str(file), "--replace"))

    trial.listen(act, lambda running: True, ready=lambda running: True)
    [(code, _), (refused, output)] = outputs
    assert (code, refused) == (0, 2)
    assert "the database is in use by worker-1 on " in output


def test_only_a_whole_backup_of_this_version_is_restored(trial: Harness) -> None:
    trial.run(sweeps.ORDER_SWEEP, until=lambda rows: True)
    file = trial.folder / "today.backup"
    assert command(trial, "backup", str(file))[0] == 0
    assert command(trial, "backup", str(file)) == (2, f"{file} exists; name a new file, or remove that one")
    half = trial.folder / "half.backup"
    half.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    letter = trial.folder / "letter"
    letter.write_text("This is no backup.")
    for other in (half, letter):
        code, output = command(trial, "restore", str(other), "--replace")
        assert (code, f"{other} is not a whole backup" in output or "is damaged" in output) == (2, True), output
    assert command(trial, "restore", str(trial.folder / "none"))[0] == 2


def test_a_backup_of_another_version_or_kind_is_refused(tmp_path: Path) -> None:
    with harness(tmp_path) as trial:
        file = tmp_path / "today.backup"
        assert command(trial, "backup", str(file))[0] == 0
        with closing(sqlite3.connect(file)) as copy:
            copy.execute("UPDATE backup_stamp SET stamp = replace(stamp, '0.1.0', '99.0.0')")
            copy.commit()
        code, output = command(trial, "restore", str(file), "--replace")
        assert (code, "written by Weighbridge 99.0.0" in output) == (2, True)


def test_a_missing_tool_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with harness(tmp_path, database="postgresql://ada@127.0.0.1:1/x") as trial:
        code, output = command(trial, "backup", str(tmp_path / "today.backup"))
    assert (code, "pg_dump is not installed on this machine" in output) == (2, True)
    assert postgresql_backup.DUMP_MEMBER not in output
