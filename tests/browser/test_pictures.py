"""The pictures in the documentation: one of each page, small, linked, and taken by a command."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.browser.chromium import NoChromium, launched
from weighbridge.web.console.templating import NAVIGATION

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "screenshots"
MOST_BYTES = 2_000_000


def test_each_page_of_the_navigation_has_a_picture_in_the_documentation() -> None:
    pictures = {path.name for path in FOLDER.glob("*.png")}
    page = (ROOT / "docs" / "operate" / "console.md").read_text("utf-8")
    linked = set(re.findall(r"\]\(\.\./screenshots/([\w-]+\.png)\)", page))
    assert {f"{name.lower()}.png" for _, _, name, _ in NAVIGATION} <= pictures
    assert {"exception.png", "order.png", "refund.png", "sku.png", "today-dark.png", "today-telephone.png"} <= pictures
    assert linked == pictures, "run: make screenshots"


def test_the_pictures_stay_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.glob("*.png")) < MOST_BYTES


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_the_command_takes_the_pictures_of_a_working_day(tmp_path: Path) -> None:
    try:
        with launched():
            pass
    except NoChromium as problem:
        pytest.skip(str(problem))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    command = ["make", "screenshots", f"ARGS={tmp_path} flows today-telephone"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert sorted(path.name for path in tmp_path.glob("*.png")) == ["flows.png", "today-telephone.png"]
