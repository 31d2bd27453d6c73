"""The benchmarks run at a tiny size; their results are measured by hand and published in the README."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.slow


def test_no_page_of_the_console_scans_a_growing_table(fresh_database: Callable[[str], str]) -> None:
    answers = _bench("console", "--transfers", "100000", "--database", fresh_database("bench_console"))
    assert {answer["status"] for answer in answers} <= {200, 303}
    assert [answer["page"] for answer in answers if answer["full_scans"]] == []


def _bench(*arguments: str) -> list[dict[str, Any]]:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}/src{os.pathsep}{ROOT}"}
    command = [sys.executable, "-m", "benchmarks", *arguments, "--json"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return list(json.loads(done.stdout))


def test_cost_of_an_order_is_counted() -> None:
    (cost,) = _bench("orders", "--size", "2")
    assert (cost["orders"], cost["posted"], cost["throttles"]) == (2, 2, 0)
    assert cost["cin7_calls"] == 2.0, "only the header and the order document"
    assert cost["bigcommerce_calls"] > 0
    assert cost["statements"] > 0


def test_answers_of_the_receiver_are_counted() -> None:
    quiet, rush = _bench("receiver", "--rush", "2", "--webhooks", "5")
    assert [(phase["webhooks"], phase["accepted"]) for phase in (quiet, rush)] == [(5, 5), (5, 5)]
    assert quiet["p50"] <= quiet["p90"] <= quiet["p99"] <= quiet["slowest"]


def test_cost_of_a_refresh_of_stock_is_counted() -> None:
    (grown,) = _bench("stock", "--skus", "1200")
    assert (grown["skus"], grown["correct"], grown["throttles"]) == (1200, 1200, 0)
    runs = {run["name"]: run for run in grown["runs"]}
    assert [run["levels_published"] for run in runs.values()] == [1200, 0, 12]
    assert runs["quiet"]["availability_calls"] == 4, "3,600 rows, a thousand per call"
    assert grown["peak_megabytes"] > 0


def test_bytes_of_an_order_are_counted(fresh_database: Callable[[str], str]) -> None:
    measured = _bench("storage", "--orders", "20", "--postgresql", fresh_database("bench_storage"))
    assert [storage["database"] for storage in measured] == ["SQLite", "PostgreSQL"]
    for storage in measured:
        assert storage["compacted"]["http_exchange"] > 0
        assert sum(storage["compacted"].values()) < 11_000, "8,000, and parts of pages with so few orders"


def test_a_day_of_stock_readings_takes_a_hundredth() -> None:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}/src{os.pathsep}{ROOT}"}
    command = [sys.executable, "-m", "benchmarks", "readings", "--readings", "20", "--json"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    day = json.loads(done.stdout)
    assert (day["pages"], day["stored_whole"], day["reproduced"]) == (220, 11, 220)
    assert day["stored_bytes"] < day["whole_bytes"] / 10
