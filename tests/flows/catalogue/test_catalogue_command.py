"""`weighbridge sync catalogue`: a person reads the changes and accepts them, and exactly these are written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.flows.catalogue.harness import CatalogueHarness, catalogue_harness, mug


def sync(trial: CatalogueHarness, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    config = folder / "weighbridge.toml"
    config.write_text(trial.configuration())
    command = [sys.executable, "-m", "weighbridge", "sync", "catalogue", "--config", str(config), *arguments]
    environment = {**os.environ, **trial.environment(), "COLUMNS": "200"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_accepted_proposal_is_written_to_the_store(tmp_path: Path) -> None:
    with catalogue_harness(tmp_path) as trial:
        trial.stock_up(mug())
        proposal = sync(trial, tmp_path, "--dry-run")
        assert proposal.returncode == 0, proposal.stderr
        assert "create MUG" in proposal.stdout
        assert "MUG price: 12.5" in proposal.stdout
        assert trial.store_writes() == []
        name = proposal.stdout.split("--accept ")[1].split()[0]
        assert sync(trial, tmp_path, "--accept", "0" * 12).returncode == 2
        assert trial.store_writes() == []
        assert sync(trial, tmp_path, "--accept", name).returncode == 0
        assert sync(trial, tmp_path).returncode == 0
        assert list(trial.products()) == ["MUG"]
        again = json.loads(sync(trial, tmp_path, "--dry-run", "--json").stdout)
        assert (again["unchanged"], again["changes"]) == (1, [])


def test_disabled_catalogue_can_be_previewed_but_not_written(tmp_path: Path) -> None:
    with catalogue_harness(tmp_path, enabled=False) as trial:
        trial.stock_up(mug())
        refused = sync(trial, tmp_path)
        assert refused.returncode == 2
        assert sync(trial, tmp_path, "--dry-run").returncode == 0
        assert trial.sync(accept=True).state == "posted"
        assert trial.store_writes() == []


def test_reason_that_prevents_the_comparison_is_reported(tmp_path: Path) -> None:
    with catalogue_harness(tmp_path, design='price_tier = "Retail"\n') as trial:
        proposal = sync(trial, tmp_path, "--dry-run")
        assert proposal.returncode == 1
        assert "Retail" in proposal.stdout
        assert "Tier 1" in proposal.stdout


def test_held_products_are_listed_beside_the_planned_creations(tmp_path: Path) -> None:
    with catalogue_harness(tmp_path) as trial:
        trial.stock_up(mug(), mug(sku="FREE", name="Free", tier_price="0"))
        printed = sync(trial, tmp_path, "--dry-run").stdout
        assert "create MUG" in printed
        assert "create FREE" not in printed
        assert "FREE.price is 0; expected a price above 0 in its price tier" in printed
