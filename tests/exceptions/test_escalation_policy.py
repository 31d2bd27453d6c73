"""The design sets the deadline of a kind and the backup owner; open exceptions follow a change."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from tests.alerts.test_alerts import UNKNOWN_SKU_LINES
from tests.flows.harness import Harness, harness
from weighbridge.cli.main import app

AGREED = """
[connections.main.design.deadlines]
sku_unknown = 2.5
"""


def command(trial: Harness, folder: Path, *arguments: str) -> str:
    config = folder / "weighbridge.toml"
    config.write_text(trial.configuration(), encoding="utf-8")
    done = CliRunner().invoke(app, [*arguments, "--config", str(config)], env=trial.environment())
    assert done.exit_code == 0, done.output
    return done.output


def hours_of_the_only_one(trial: Harness, folder: Path) -> float:
    (exception_record,) = json.loads(command(trial, folder, "exceptions", "list", "--json"))
    fields: dict[str, Any] = exception_record
    return _hours(fields["opened_at"], fields["deadline_at"])


def _hours(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds() / 3600


def test_open_exceptions_follow_a_changed_deadline_of_the_design(tmp_path: Path) -> None:
    with harness(tmp_path, design=AGREED) as trial:
        trial.place(lines=UNKNOWN_SKU_LINES)
        trial.run()
        assert hours_of_the_only_one(trial, tmp_path) == 2.5
        command(trial, tmp_path, "design", "change", "deadlines", "sku_unknown", "6", "--reason", "agreed")
        trial.run()
        assert hours_of_the_only_one(trial, tmp_path) == 6
        assert "deadlines  sku_unknown = 6.0" in command(trial, tmp_path, "design", "show")
        command(trial, tmp_path, "design", "undo", "1")
        trial.run()
        assert hours_of_the_only_one(trial, tmp_path) == 2.5
