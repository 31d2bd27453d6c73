"""`weighbridge status`: what stands where, and what is left of each API budget, as the twins counted the calls."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.flows.harness import Rig, rig
from weighbridge.cli.main import app
from weighbridge.persistence.database import Database
from weighbridge.platforms.api_credentials import books_budget


def _status(trial: Rig, folder: Path, *options: str) -> str:
    config = folder / "weighbridge.toml"
    config.write_text(trial.configuration())
    done = CliRunner().invoke(app, ["status", "--config", str(config), *options], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    return done.output


def _budgets(trial: Rig, folder: Path) -> dict[str, dict[str, Any]]:
    return {one["platform"]: one for one in json.loads(_status(trial, folder, "--json"))["budgets"]}


def test_budgets_show_the_calls_that_the_platforms_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with rig(tmp_path, speed=1.0) as trial:
        for name, value in trial.environment().items():
            monkeypatch.setenv(name, value)
        trial.place()
        trial.run()
        told = json.loads(_status(trial, tmp_path, "--json"))
        assert {"connection": "main", "flow": "orders", "state": "posted", "kind": "", "count": 1} in told["transfers"]
        budgets = {one["platform"]: one for one in told["budgets"]}
        for platform, window in (("bigcommerce", 30), ("cin7", 60)):
            assert budgets[platform]["in_window"] == len(trial.twins.calls(platform))
            assert sum(budgets[platform]["by_lane"].values()) == budgets[platform]["in_window"]
            assert budgets[platform]["window_seconds"] == window
            assert (budgets[platform]["throttles"], budgets[platform]["paused_until"]) == (0, None)
        assert budgets["cin7"]["capacity"] == 60
        assert budgets["cin7"]["by_lane"]["orders"] >= 2
        shown = _status(trial, tmp_path)
        assert f"{budgets['cin7']['in_window']} of 60 in 60 s" in shown


def test_throttled_application_shows_its_pause_and_what_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else uses the same quota: the pause, the count and the lowered capacity tell why nothing moves."""
    with rig(tmp_path, speed=1.0) as trial:
        for name, value in trial.environment().items():
            monkeypatch.setenv(name, value)
        asked = trial.twins.clock.now()
        asyncio.run(_throttle(trial))
        books = _budgets(trial, tmp_path)["cin7"]
        assert (books["throttles"], books["capacity"], books["in_window"]) == (1, 1, 0)
        assert datetime.fromisoformat(books["paused_until"]) - asked >= timedelta(minutes=50)
        assert f"{books['paused_until'][:10]}" in _status(trial, tmp_path)


async def _throttle(trial: Rig) -> None:
    """What a worker notes when Cin7 tells it to wait for 50 minutes."""
    installation = trial.installation()
    database = Database(installation.installation.database)
    await database.create_tables()
    account_id = trial.twins.credentials.account_id
    await books_budget(database, trial.twins.clock, installation.connections["main"], account_id).throttled(3000)
    await database.close()


def test_account_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with rig(tmp_path) as trial:
        for name in trial.environment():
            monkeypatch.delenv(name, raising=False)
        books = _budgets(trial, tmp_path)["cin7"]
        assert "connections.main.cin7.account_id" in books["problem"]
        assert "RIG_ACCOUNT_ID" in books["problem"]
