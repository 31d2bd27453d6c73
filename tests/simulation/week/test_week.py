"""A clean week tells nothing, a bad one tells everything: short forms of both, and the whole weeks for `make long`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SHORT = ("--hours", "4.5", "--orders", "4")


def week(folder: Path, *arguments: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, the judgement, and what was printed."""
    file = folder / "week.json"
    command = [sys.executable, "-m", "weighbridge", "week", *arguments, "--json", str(file)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    found = json.loads(file.read_text()) if file.exists() else {}
    return ended.returncode, found, ended.stdout + ended.stderr


def test_a_morning_without_faults_tells_nothing(tmp_path: Path) -> None:
    code, found, printed = week(tmp_path, "--clean", *SHORT)
    assert (code, found["exceptions"], found["false_alarms"]) == (0, 0, []), printed
    assert found["orders"] == 4
    assert found["sales"] >= 3


def test_faults_of_a_morning_are_found_and_nothing_else_is_told(tmp_path: Path) -> None:
    chosen = ("basket_sent_twice", "address_incomplete", "answer_to_header_lost", "sale_of_no_order")
    code, found, printed = week(tmp_path, "--bad", *SHORT, *(word for name in chosen for word in ("--only", name)))
    assert code == 0, printed
    assert {one["fault"] for one in found["faults"] if one["good"]} == set(chosen)
    owners = {one["fault"]: one["owner"] for one in found["faults"]}
    assert owners["basket_sent_twice"] == "ecommerce"
    assert owners["sale_of_no_order"] == "operations"
    assert owners["answer_to_header_lost"] is None


def test_a_fault_that_does_not_exist_is_told_before_anything_begins(tmp_path: Path) -> None:
    code, _, printed = week(tmp_path, "--bad", "--only", "rain")
    assert code == 2
    assert "no fault is called rain" in printed


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_clean_week_tells_nothing(tmp_path: Path) -> None:
    code, found, printed = week(tmp_path, "--clean")
    assert (code, found["false_alarms"]) == (0, []), printed
    print(printed)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", ["1", "2"])
def test_forty_faults_of_a_bad_week_are_found_and_nothing_else_is_told(tmp_path: Path, seed: str) -> None:
    code, found, printed = week(tmp_path, "--bad", "--seed", seed)
    print(printed)
    assert [one for one in found["faults"] if not one["good"]] == [], printed
    assert found["false_alarms"] == [], printed
    assert (code, len(found["faults"])) == (0, 40)
