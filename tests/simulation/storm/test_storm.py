"""A short storm over real HTTP: the reported bound holds, and both protocols meet the same shoppers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from weighbridge.cli.main import app

HOT = 3


def storm(folder: Path, *arguments: str) -> dict[str, dict[str, object]]:
    """The results of a storm; fails where its bound was broken."""
    results = folder / "storm.json"
    done = CliRunner().invoke(app, ["storm", "--hot-skus", str(HOT), "--json", str(results), *arguments])
    assert done.exit_code == 0, done.output
    return dict(json.loads(results.read_text()))


def test_short_storm_breaks_no_bound(tmp_path: Path) -> None:
    # The bound is made of past sales: a storm too small to leave a history of its rush may exceed it, as documented.
    short = ("--orders", "60", "--speed", "60", "--calm", "3", "--flash", "6", "--after", "2", "--cadence", "1.5")
    product = storm(tmp_path, *short, "--no-copy")["weighbridge"]
    assert product["bound_broken"] == []
    assert 0 < int(str(product["units_sold"])) <= int(str(product["units_demanded"]))
    hot = product["hot"]
    assert isinstance(hot, dict)
    assert len(hot) == HOT
    assert all(sku["oversold"] <= sku["largest_bound"] for sku in hot.values())


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_plain_copy_does_more_harm_than_the_product(tmp_path: Path) -> None:
    results = storm(tmp_path, "--orders", "200", "--calm", "10", "--flash", "10", "--after", "5")
    product, copy = results["weighbridge"], results["cadence copy"]
    assert product["units_demanded"] == copy["units_demanded"]
    assert product["oversold_beyond_earlier_bounds"] == []
    assert int(str(product["units_lost"])) < int(str(copy["units_lost"]))
    assert _harm(product) < _harm(copy)
    assert float(str(product["bound_to_worst_seen"])) <= 3, "a bound that holds only because it is huge is useless"


def _harm(result: dict[str, object]) -> int:
    """Oversold units plus lost sales: a copy that shows no stock oversells nothing but loses every sale."""
    return int(str(result["units_oversold"])) + int(str(result["units_lost"]))
