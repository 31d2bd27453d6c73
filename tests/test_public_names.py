"""Names that are stored or that users rely on change only on purpose."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "tests" / "public_names.txt"


def test_public_names_are_those_of_the_golden_file() -> None:
    command = [sys.executable, "-m", "tools.public_names"]
    output = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=True).stdout
    before, now = set(_named(GOLDEN.read_text(encoding="utf-8"))), set(_named(output))
    message = "a public name changed; if that is intended: python -m tools.public_names > tests/public_names.txt"
    assert (sorted(before - now), sorted(now - before)) == ([], []), message


def _named(text: str) -> list[str]:
    """Each name with its section."""
    section, names = "", []
    for line in text.splitlines():
        if line.startswith("## "):
            section = line
        elif line:
            names.append(f"{section}: {line}")
    return names
