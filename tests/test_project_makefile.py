"""The Makefile on a machine that lacks tools: it names the missing tool and leaves no partial environment behind."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TASKS = (
    "demo", "storm", "twins", "test", "stories", "kill", "bench", "screenshots", "lint", "format", "lock", "help",
)  # fmt: skip

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A separate run of make, even when make itself runs these tests."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    command = ["make", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def interpreter(folder: Path, script: str) -> Path:
    path = folder / "python3"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_help_lists_every_task() -> None:
    listed = make("help").stdout
    assert all(f"make {task}" in listed for task in TASKS)


def test_a_missing_interpreter_is_named(tmp_path: Path) -> None:
    done = make("demo", f"PYTHON={tmp_path}/absent", f"VENV={tmp_path}/venv")
    assert done.returncode != 0
    assert "is not installed; install Python 3.11 or newer" in done.stdout


def test_an_old_interpreter_is_refused(tmp_path: Path) -> None:
    old = interpreter(tmp_path, 'case "$*" in *-V*) echo Python 3.9.2;; *version_info*) exit 1;; esac')
    done = make("demo", f"PYTHON={old}", f"VENV={tmp_path}/venv")
    assert done.returncode != 0
    assert "is Python 3.9.2; Weighbridge needs Python 3.11 or newer" in done.stdout
    assert not (tmp_path / "venv").exists()


def test_a_missing_venv_module_says_what_to_install(tmp_path: Path) -> None:
    bare = interpreter(tmp_path, 'case "$*" in *ensurepip*) exit 1;; esac')
    done = make("test", f"PYTHON={bare}", f"VENV={tmp_path}/venv")
    assert done.returncode != 0
    assert "apt install python3-venv" in done.stdout
    assert not (tmp_path / "venv").exists()


def test_nothing_is_reinstalled_while_the_lock_is_unchanged(tmp_path: Path) -> None:
    environment = tmp_path / "venv"
    (environment / "bin").mkdir(parents=True)
    interpreter(environment / "bin", "exit 9").rename(environment / "bin" / "python")
    (environment / ".installed-run").touch()
    product = environment / "bin" / "weighbridge"
    product.write_text('#!/bin/sh\necho "called with: $*"\n')
    product.chmod(0o755)
    assert make("demo", f"VENV={environment}", "ARGS=--orders 5").stdout == "called with: demo --orders 5\n"
