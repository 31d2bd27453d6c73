"""The command line: a tree of nouns and verbs, whose commands are loaded when they are called."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from weighbridge import __version__
from weighbridge.cli.main import BUILT_IN_COMMANDS, COMMANDS, app, load_command

COMMAND_TREE = {
    "run": [],
    "console": [],
    "migrate": [],
    "backup": [],
    "restore": [],
    "sync": ["orders", "stock", "fulfilment", "catalogue"],
    "monitors": [],
    "orders": ["show", "held"],
    "stock": ["explain", "shortages", "stale-allocations"],
    "returns": ["list"],
    "exceptions": [
        "list", "show", "assign", "comment", "snooze", "unsnooze", "tag", "reopen", "merge", "unmerge", "bulk", "run",
        "undo", "approve", "refuse",
    ],
    "design": ["show", "change", "undo", "version"],
    "alerts": ["list", "test"],
    "reports": ["status"],
    "storage": ["sizes"],
    "users": ["add", "list", "password", "role", "lock", "unlock", "unlink", "token"],
}  # fmt: skip


def test_commands_are_grouped_by_object() -> None:
    tree = {}
    for name in BUILT_IN_COMMANDS:
        command = load_command(name)
        tree[name] = list(command.commands) if hasattr(command, "commands") else []
    assert tree == COMMAND_TREE


def test_the_help_names_every_command() -> None:
    result = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "120"})
    assert result.exit_code == 0
    assert [name for name in COMMANDS if f" {name} " not in result.output] == []


@pytest.mark.parametrize(
    "arguments",
    [*([name] for name in COMMANDS), *([group, name] for group, names in COMMAND_TREE.items() for name in names)],
)
def test_every_command_prints_its_usage(arguments: list[str]) -> None:
    result = CliRunner().invoke(app, [*arguments, "--help"], env={"COLUMNS": "120"})
    assert result.exit_code == 0, result.output
    assert re.search(rf"Usage: \S+ {' '.join(arguments)} ", result.output), result.output


def test_the_versions_are_printed_without_a_configuration() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0] == f"weighbridge {__version__}"
    assert [line.split()[0] for line in lines[-2:]] == ["Python", "SQLite"]


def test_an_unknown_command_gets_suggestions() -> None:
    result = CliRunner().invoke(app, ["exeptions"])
    assert result.exit_code == 2
    assert "Did you mean 'exceptions'?" in result.output


@pytest.mark.parametrize(
    ("command", "absent_module"),
    [
        ("twins", "weighbridge.worker.worker"),
        ("twins", "sqlalchemy"),
        ("reports", "weighbridge.web.console"),
        ("exceptions", "weighbridge.web.console"),
        ("run", "weighbridge_simulation.storm"),
    ],
)
def test_a_command_loads_only_what_it_needs(command: str, absent_module: str) -> None:
    script = f"import sys; from weighbridge.cli.main import load_command; load_command({command!r}); "
    script += f"print({absent_module!r} in sys.modules)"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
