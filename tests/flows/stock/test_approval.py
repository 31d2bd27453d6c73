"""The first levels: nothing is published before a person has read the changes and accepted them."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.flows.harness import Harness, harness
from weighbridge.access.audit import AuditLine, AuditLog
from weighbridge.common.clock import REAL_CLOCK
from weighbridge.flows.stock import flow as stock
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.transfers import State


def _run_sync_stock(trial: Harness, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    config = folder / "weighbridge.toml"
    config.write_text(trial.configuration().replace('review = "never"', 'review = "first"'))
    command = [sys.executable, "-m", "weighbridge", "sync", "stock", "--config", str(config), *arguments]
    environment = {**os.environ, **trial.environment(), "COLUMNS": "120"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_first_levels_wait_until_a_person_has_accepted_them(tmp_path: Path) -> None:
    # Each command is a process of its own and takes seconds: at the usual speed leases would expire meanwhile.
    with harness(tmp_path, speed=60.0) as trial:
        before = {"MUG": 7, "TEA": 0}
        trial.twins.act("bigcommerce", "set_stock", {"sku": "MUG", "quantity": 7})
        _run_sync_stock(trial, tmp_path)
        assert trial.twins.act("bigcommerce", "stock_levels") == before
        held = [row for row in trial.transfers(stock.FLOW) if row.state is State.HELD]
        assert [(row.reason_kind, row.owner) for row in held] == [("stock_not_accepted", "operations")]
        proposal = json.loads(_run_sync_stock(trial, tmp_path, "--dry-run", "--json").stdout)
        assert proposal["changes"] == [["MUG", 7, 100, 1], ["TEA", 0, 500, 1]]
        counts = [proposal[name] for name in ("levels", "to_change", "decreases", "to_zero")]
        assert counts == [2, 2, 0, 0]
        assert trial.twins.act("bigcommerce", "stock_levels") == before
        wrong = _run_sync_stock(trial, tmp_path, "--accept", "0123456789ab")
        assert wrong.returncode == 2
        assert "is not the latest proposal" in wrong.stderr
        assert trial.twins.act("bigcommerce", "stock_levels") == before
        accepted = _run_sync_stock(trial, tmp_path, "--accept", proposal["fingerprint"])
        assert accepted.returncode == 0, accepted.stderr
        assert trial.twins.act("bigcommerce", "stock_levels") == before, "accepting writes nothing"
        both = _run_sync_stock(trial, tmp_path, "--dry-run", "--accept", proposal["fingerprint"])
        assert (both.returncode, "give one of the two" in both.stderr) == (2, True)
        assert _run_sync_stock(trial, tmp_path).returncode == 0
        assert trial.twins.act("bigcommerce", "stock_levels") == {"MUG": 100, "TEA": 500}
        assert [row for row in trial.transfers(stock.FLOW) if row.state is State.HELD] == []
        [line] = asyncio.run(_audit_lines(tmp_path))
        assert (line.action, line.subject) == ("stock.accepted", "stock of main")
        assert line.actor.endswith("command line)")
        assert json.loads(line.detail) == {"proposal": proposal["fingerprint"]}


async def _audit_lines(folder: Path) -> Sequence[AuditLine]:
    database = Database(f"sqlite:///{folder}/weighbridge.db")
    lines = await AuditLog(database, REAL_CLOCK).lines()
    await database.close()
    return lines
