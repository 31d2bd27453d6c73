"""The design says how soon a kind is to be resolved and who stands in, and what is open already follows a change."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from tests.alerts.test_alerts import GHOST
from tests.flows.harness import Rig, rig
from weighbridge.cli.main import app

AGREED = """
[connections.main.design.deadlines]
sku_unknown = 2.5
"""


def command(trial: Rig, folder: Path, *words: str) -> str:
    config = folder / "weighbridge.toml"
    config.write_text(trial.configuration(), encoding="utf-8")
    done = CliRunner().invoke(app, [*words, "--config", str(config)], env=trial.environment())
    assert done.exit_code == 0, done.output
    return done.output


def hours_of_the_only_one(trial: Rig, folder: Path) -> float:
    (case,) = json.loads(command(trial, folder, "exceptions", "list", "--json"))
    found: dict[str, Any] = case
    return _hours(found["opened_at"], found["deadline_at"])


def _hours(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds() / 3600


def test_a_deadline_of_the_design_counts_and_a_change_reaches_what_is_open(tmp_path: Path) -> None:
    with rig(tmp_path, design=AGREED) as trial:
        trial.place(lines=GHOST)
        trial.run()
        assert hours_of_the_only_one(trial, tmp_path) == 2.5
        command(trial, tmp_path, "design", "change", "deadlines", "sku_unknown", "6", "--reason", "agreed")
        trial.run()
        assert hours_of_the_only_one(trial, tmp_path) == 6
        assert "deadlines  sku_unknown = 6.0" in command(trial, tmp_path, "design", "show")
        command(trial, tmp_path, "design", "undo", "1")
        trial.run()
        assert hours_of_the_only_one(trial, tmp_path) == 2.5
