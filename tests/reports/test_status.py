"""`weighbridge reports status`: transfers by state, and each API budget as the twins counted the calls."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.flows.harness import Harness, harness
from weighbridge.cli.main import app
from weighbridge.persistence.database import Database
from weighbridge.platforms.api_credentials import cin7_budget


def _status(trial: Harness, folder: Path, *options: str) -> str:
    config = folder / "weighbridge.toml"
    config.write_text(trial.configuration())
    result = CliRunner().invoke(app, ["reports", "status", "--config", str(config), *options], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.output


def _budgets(trial: Harness, folder: Path) -> dict[str, dict[str, Any]]:
    return {budget["platform"]: budget for budget in json.loads(_status(trial, folder, "--json"))["budgets"]}


def test_budgets_show_the_calls_that_the_platforms_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with harness(tmp_path, speed=1.0) as trial:
        for name, value in trial.environment().items():
            monkeypatch.setenv(name, value)
        trial.place()
        trial.run()
        status = json.loads(_status(trial, tmp_path, "--json"))
        assert {"connection": "main", "flow": "orders", "state": "posted", "kind": "", "count": 1} in status[
            "transfers"
        ]
        budgets = {budget["platform"]: budget for budget in status["budgets"]}
        for platform, window in (("bigcommerce", 30), ("cin7", 60)):
            assert budgets[platform]["in_window"] == len(trial.twins.calls(platform))
            assert sum(budgets[platform]["by_lane"].values()) == budgets[platform]["in_window"]
            assert budgets[platform]["window_seconds"] == window
            assert (budgets[platform]["throttles"], budgets[platform]["paused_until"]) == (0, None)
        assert budgets["cin7"]["capacity"] == 60
        assert budgets["cin7"]["by_lane"]["orders"] >= 2
        printed = _status(trial, tmp_path)
        assert f"{budgets['cin7']['in_window']} of 60 in 60 s" in printed


def test_throttled_application_shows_its_pause_and_remaining_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program uses the same quota: the pause, the count and the lowered capacity explain why nothing moves."""
    with harness(tmp_path, speed=1.0) as trial:
        for name, value in trial.environment().items():
            monkeypatch.setenv(name, value)
        started_at = trial.twins.clock.now()
        asyncio.run(_throttle(trial))
        budget = _budgets(trial, tmp_path)["cin7"]
        assert (budget["throttles"], budget["capacity"], budget["in_window"]) == (1, 1, 0)
        assert datetime.fromisoformat(budget["paused_until"]) - started_at >= timedelta(minutes=50)
        assert budget["paused_until"][:10] in _status(trial, tmp_path)


async def _throttle(trial: Harness) -> None:
    """Records what a worker records when Cin7 asks it to wait for 50 minutes."""
    installation = trial.installation()
    database = Database(installation.installation.database)
    await database.create_tables()
    account_id = trial.twins.credentials.account_id
    await cin7_budget(database, trial.twins.clock, installation.connections["main"], account_id).record_throttle(3000)
    await database.close()


def test_account_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with harness(tmp_path) as trial:
        for name in trial.environment():
            monkeypatch.delenv(name, raising=False)
        budget = _budgets(trial, tmp_path)["cin7"]
        assert "connections.main.cin7.account_id" in budget["problem"]
        assert "HARNESS_ACCOUNT_ID" in budget["problem"]
