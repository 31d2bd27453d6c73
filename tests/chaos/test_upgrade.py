"""An upgrade with work in flight: the new release finishes the runs that the old one started."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sqlite3
from pathlib import Path

import pytest

import weighbridge
from tests.chaos.killing import options
from weighbridge_simulation.demo.play import play
from weighbridge_simulation.demo.run import Demo

NEW_VERSION = "99.0.0"


class Upgraded(Demo):
    """A demonstration whose later workers run another copy of the source."""

    source: Path | None = None

    def _environment(self) -> dict[str, str]:
        environment = super()._environment()
        return environment | ({"PYTHONPATH": str(self.source)} if self.source else {})


def _new_release(folder: Path) -> Path:
    """A copy of the package with another version and a changed flow module, like a new release."""
    source = folder / "next-release"
    shutil.copytree(Path(weighbridge.__file__).parent, source / "weighbridge")
    package = source / "weighbridge" / "__init__.py"
    package.write_text(package.read_text().replace(weighbridge.__version__, NEW_VERSION))
    flow = source / "weighbridge" / "flows" / "orders" / "flow.py"
    flow.write_text(flow.read_text() + "\n\nADDED_IN_THE_NEXT_RELEASE = True\n")
    return source


@pytest.mark.timeout(200)
def test_new_release_finishes_the_runs_of_the_old_one(tmp_path: Path) -> None:
    async def work() -> tuple[bool, int]:
        async with Upgraded(options("invoice_and_payment"), tmp_path).running() as demo:
            seconds = 0.0
            in_flight = 0

            def upgrade(current: Demo) -> None:
                nonlocal seconds, in_flight
                seconds += 0.1
                if demo.source is None and seconds > 5.0 and _unfinished(tmp_path):
                    demo.stop_worker("worker-1", signal.SIGKILL)
                    in_flight = _unfinished(tmp_path)
                    demo.source = _new_release(tmp_path)
                    demo.start_worker("worker-1")

            summary = await play(demo, lambda message, done, of: None, upgrade)
            return summary.balanced, in_flight

    balanced, in_flight = asyncio.run(work())
    assert balanced
    assert f'"version": "{NEW_VERSION}"' in (tmp_path / "worker-1.log").read_text()
    assert in_flight > 0, "the upgrade found no work in flight"


def _unfinished(folder: Path) -> int:
    """Jobs that a worker runs; 0 while the table does not exist yet."""
    with sqlite3.connect(folder / "weighbridge.db") as database:
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'job'").fetchone():
            return 0
        return int(database.execute("SELECT count(*) FROM job WHERE worker <> ''").fetchone()[0])
