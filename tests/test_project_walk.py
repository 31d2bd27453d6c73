"""What one order executes stays small, in its areas, and explicit: `python -m tools.walk` shows it."""

from __future__ import annotations

from pathlib import Path

from tools.walk import problems, walk


def test_an_order_runs_through_few_modules_and_every_frame_knows_which_order_it_serves(tmp_path: Path) -> None:
    assert list(problems(walk(tmp_path))) == []
