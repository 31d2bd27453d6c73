"""The command line loads a command when it is called; nothing else comes along."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from weighbridge.cli.main import WHERE, app


def test_the_help_names_every_command() -> None:
    told = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "120"})
    assert told.exit_code == 0
    assert [name for name in WHERE if f" {name} " not in told.output] == []


@pytest.mark.parametrize("name", WHERE)
def test_every_command_tells_how_it_is_called(name: str) -> None:
    told = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "120"})
    assert told.exit_code == 0, told.output
    assert re.search(rf"Usage: \S+ {name} ", told.output), told.output


def test_a_name_that_is_none_is_answered_with_those_near() -> None:
    told = CliRunner().invoke(app, ["stauts"])
    assert told.exit_code == 2
    assert "Did you mean 'status'?" in told.output


@pytest.mark.parametrize(
    ("command", "without"),
    [
        ("twins", "weighbridge.worker.worker"),
        ("twins", "sqlalchemy"),
        ("status", "weighbridge.web.console"),
        ("run", "weighbridge_simulation.storm"),
    ],
)
def test_a_command_loads_only_what_it_needs(command: str, without: str) -> None:
    load = f"import sys, weighbridge.cli.main as cli; cli._loaded({command!r}); print({without!r} in sys.modules)"
    told = subprocess.run([sys.executable, "-c", load], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"
