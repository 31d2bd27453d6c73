"""The rules of the test run itself: skips for missing tools, and separate PostgreSQL databases."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

ROOT = Path(__file__).parents[1]

SKIPPING = """
import pytest

def test_tool():
    pytest.skip("needs a tool")

def test_documents():
    pytest.skip("shared documents are missing")
"""


def _run(folder: Path, text: str, require_tools: str) -> str:
    (folder / "test_skipping.py").write_text(text)
    environment = {**os.environ, "WEIGHBRIDGE_REQUIRE_TOOLS": require_tools, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-p", "no:cacheprovider", str(folder)]
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout.strip().splitlines()[-1]


def test_a_missing_tool_skips_on_an_ordinary_machine(tmp_path: Path) -> None:
    assert _run(tmp_path, SKIPPING, "0").startswith("2 skipped")


def test_a_missing_tool_fails_where_tools_are_required(tmp_path: Path) -> None:
    assert _run(tmp_path, SKIPPING, "1").startswith("1 failed, 1 skipped")


def test_a_whole_module_that_lacks_a_tool_fails_too(tmp_path: Path) -> None:
    module = 'import pytest\npytest.skip("needs a tool", allow_module_level=True)\n'
    assert "1 error" in _run(tmp_path, module, "1")


def test_every_test_gets_separate_databases(fresh_database: Callable[[str], str]) -> None:
    first, second = fresh_database("orders"), fresh_database("orders")
    assert first != second
    with psycopg.connect(first) as connection:
        connection.execute("CREATE TABLE posted (id int)")
    with psycopg.connect(second) as connection, pytest.raises(psycopg.errors.UndefinedTable):
        connection.execute("SELECT * FROM posted")
