"""A clean week opens no exception, a bad one finds every fault: short forms, and the whole weeks for `make long`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SHORT = ("--hours", "4.5", "--orders", "4")


def week(folder: Path, *arguments: str) -> tuple[int, dict[str, Any], str]:
    """The exit code, the results and the printed output."""
    file = folder / "week.json"
    command = [sys.executable, "-m", "weighbridge", "week", *arguments, "--json", str(file)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    results = json.loads(file.read_text()) if file.exists() else {}
    return ended.returncode, results, ended.stdout + ended.stderr


def test_a_morning_without_faults_opens_no_exception(tmp_path: Path) -> None:
    code, results, printed = week(tmp_path, "--clean", *SHORT)
    assert (code, results["exceptions"], results["false_alarms"]) == (0, 0, []), printed
    assert results["orders"] == 4
    assert results["sales"] >= 3


def test_faults_of_a_morning_are_found_without_false_alarms(tmp_path: Path) -> None:
    chosen = ("basket_submitted_twice", "address_incomplete", "answer_to_header_lost", "sale_of_no_order")
    code, results, printed = week(tmp_path, "--bad", *SHORT, *(word for name in chosen for word in ("--only", name)))
    assert code == 0, printed
    assert {fault["fault"] for fault in results["faults"] if fault["good"]} == set(chosen)
    owners = {fault["fault"]: fault["owner"] for fault in results["faults"]}
    assert owners["basket_submitted_twice"] == "ecommerce"
    assert owners["sale_of_no_order"] == "operations"
    assert owners["answer_to_header_lost"] is None


def test_an_unknown_fault_is_refused_before_the_week_starts(tmp_path: Path) -> None:
    code, _, printed = week(tmp_path, "--bad", "--only", "rain")
    assert code == 2
    assert "unknown fault: rain" in printed


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_clean_week_raises_no_false_alarm(tmp_path: Path) -> None:
    code, results, printed = week(tmp_path, "--clean")
    assert (code, results["false_alarms"]) == (0, []), printed
    print(printed)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", ["1", "2"])
def test_forty_faults_of_a_bad_week_are_found_without_false_alarms(tmp_path: Path, seed: str) -> None:
    code, results, printed = week(tmp_path, "--bad", "--seed", seed)
    print(printed)
    assert [fault for fault in results["faults"] if not fault["good"]] == [], printed
    assert results["false_alarms"] == [], printed
    assert (code, len(results["faults"])) == (0, 40)
