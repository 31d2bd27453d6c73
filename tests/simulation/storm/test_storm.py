"""A short storm over real HTTP: the published bound holds, and both protocols meet the same people."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from weighbridge.cli.main import app

HOT = 3


def storm(folder: Path, *arguments: str) -> dict[str, dict[str, object]]:
    """What a storm came to; fails where its bound was broken."""
    found = folder / "storm.json"
    done = CliRunner().invoke(app, ["storm", "--hot-skus", str(HOT), "--json", str(found), *arguments])
    assert done.exit_code == 0, done.output
    return dict(json.loads(found.read_text()))


def test_short_storm_breaks_no_bound(tmp_path: Path) -> None:
    short = ("--orders", "20", "--speed", "120", "--calm", "2", "--flash", "3", "--after", "1", "--cadence", "1.5")
    ours = storm(tmp_path, *short, "--no-copy")["weighbridge"]
    assert ours["bound_broken"] == []
    assert 0 < int(str(ours["units_sold"])) <= int(str(ours["units_wanted"]))
    hot = ours["hot"]
    assert isinstance(hot, dict)
    assert len(hot) == HOT
    assert all(sku["oversold"] <= sku["largest_bound"] for sku in hot.values())


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_plain_copy_does_more_harm_than_the_product(tmp_path: Path) -> None:
    found = storm(tmp_path, "--orders", "200", "--calm", "10", "--flash", "10", "--after", "5")
    ours, copy = found["weighbridge"], found["cadence copy"]
    assert ours["units_wanted"] == copy["units_wanted"]
    assert ours["oversold_before_it_was_published"] == []
    assert int(str(ours["units_lost"])) < int(str(copy["units_lost"]))
    assert _harm(ours) < _harm(copy)
    assert float(str(ours["bound_to_worst_seen"])) <= 3, "a bound that is always kept because it is huge says nothing"


def _harm(told: dict[str, object]) -> int:
    """Units sold that were not there, and units there that could not be sold: a copy that shows nothing oversells
    nothing."""
    return int(str(told["units_oversold"])) + int(str(told["units_lost"]))
