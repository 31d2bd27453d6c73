"""`weighbridge sync catalogue`: a person reads what would change, accepts exactly that, and finds it at the shop."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.flows.catalogue.harness import CatalogueRig, catalogue_rig, mug


def sync(trial: CatalogueRig, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    config = folder / "weighbridge.toml"
    config.write_text(trial.configuration())
    words = [sys.executable, "-m", "weighbridge", "sync", "catalogue", "--config", str(config), *arguments]
    environment = {**os.environ, **trial.environment(), "COLUMNS": "200"}
    return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)


def test_a_person_reads_accepts_and_finds_it_at_the_shop(tmp_path: Path) -> None:
    with catalogue_rig(tmp_path) as trial:
        trial.stock_up(mug())
        read = sync(trial, tmp_path, "--dry-run")
        assert read.returncode == 0, read.stderr
        assert "create MUG" in read.stdout
        assert "MUG price: 12.5" in read.stdout
        assert trial.shop_writes() == []
        name = read.stdout.split("--accept ")[1].split()[0]
        assert sync(trial, tmp_path, "--accept", "0" * 12).returncode == 2
        assert trial.shop_writes() == []
        assert sync(trial, tmp_path, "--accept", name).returncode == 0
        assert list(trial.products()) == ["MUG"]
        again = json.loads(sync(trial, tmp_path, "--dry-run", "--json").stdout)
        assert (again["unchanged"], again["changes"]) == (1, [])


def test_a_catalogue_that_is_off_can_be_looked_at_and_not_written(tmp_path: Path) -> None:
    with catalogue_rig(tmp_path, enabled=False) as trial:
        trial.stock_up(mug())
        refused = sync(trial, tmp_path)
        assert refused.returncode == 2
        assert sync(trial, tmp_path, "--dry-run").returncode == 0
        assert trial.sync(accept=True).state == "posted"
        assert trial.shop_writes() == []


def test_what_keeps_both_sides_from_being_compared_is_said(tmp_path: Path) -> None:
    with catalogue_rig(tmp_path, design='price_tier = "Retail"\n') as trial:
        read = sync(trial, tmp_path, "--dry-run")
        assert read.returncode == 1
        assert "Retail" in read.stdout
        assert "Tier 1" in read.stdout


def test_what_waits_for_a_person_stands_beside_what_would_be_made(tmp_path: Path) -> None:
    with catalogue_rig(tmp_path) as trial:
        trial.stock_up(mug(), mug(sku="FREE", name="Free", tier_price="0"))
        read = sync(trial, tmp_path, "--dry-run").stdout
        assert "create MUG" in read
        assert "create FREE" not in read
        assert "FREE.price is 0; expected a price above 0 in its tier" in read
