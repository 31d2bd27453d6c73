"""A worker starts only where it may open as many file handles as its connections need."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.design.examples import SMALL
from weighbridge.design.loading import parse_installation
from weighbridge.worker.file_handles import needed_handles

CONNECTIONS = 100
PRINT_LIMIT = """
import resource, sys
from pathlib import Path
from weighbridge.design.loading import load_installation
from weighbridge.worker.file_handles import ensure_file_handles
ensure_file_handles(load_installation(Path(sys.argv[1])))
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def many_connections(database: str = "sqlite:///weighbridge.db") -> str:
    """The configuration of a hundred stores."""
    stores = (
        SMALL.replace("connections.main", f"connections.store-{number}").replace("abc123", f"abc{number}")
        for number in range(CONNECTIONS)
    )
    return "\n".join([f'[installation]\ndatabase = "{database}"\n', *stores])


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "cin7").write_text("secret", encoding="utf-8")
    file = tmp_path / "weighbridge.toml"
    file.write_text(many_connections(), encoding="utf-8")
    return file


def run_limited(soft: int, hard: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A Python process that may open `soft` handles, and raise that itself up to `hard`."""
    return subprocess.run(
        [sys.executable, *arguments],
        env=os.environ | {"BC_TOKEN": "secret", "CIN7_ACCOUNT": "secret", "COLUMNS": "500"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard)),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_hundred_connections_with_160_handles_are_refused_before_anything_is_opened(config: Path) -> None:
    needed = needed_handles(parse_installation(many_connections()))
    done = run_limited(160, 160, "-m", "weighbridge", "run", "--config", str(config))
    assert done.returncode == 2, done.stderr
    assert f"{CONNECTIONS} connections need up to {needed} file handles, and this process may open 160" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (config.parent / "weighbridge.db").exists()


def test_a_low_limit_that_may_be_raised_is_raised_to_what_is_needed(config: Path) -> None:
    needed = needed_handles(parse_installation(many_connections()))
    done = run_limited(160, 2000, "-c", PRINT_LIMIT, str(config))
    assert (done.returncode, done.stdout) == (0, f"{needed} 2000\n"), done.stderr


def test_a_limit_that_is_enough_stays(config: Path) -> None:
    assert run_limited(1024, 2000, "-c", PRINT_LIMIT, str(config)).stdout == "1024 2000\n"


def test_the_need_grows_with_connections_jobs_and_the_console() -> None:
    small = needed_handles(parse_installation(SMALL))
    assert small < 256, "the lowest default of an operating system is enough for one store"
    assert needed_handles(parse_installation(many_connections())) == small + 4 * (CONNECTIONS - 1)
    assert needed_handles(parse_installation(f"[console]\nenabled = true\n{SMALL}")) > small
    assert needed_handles(parse_installation(f"[installation]\nconcurrency = 100\n{SMALL}")) == small + 4 * 88
