"""The three distributions: built as wheels, installed from them without an index, and usable."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def _run(*command: str | Path, folder: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    words = [str(argument) for argument in command]
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheels of all three, built from a copy so that no build files are left in the source."""
    folder = tmp_path_factory.mktemp("distributions")
    ignored = shutil.ignore_patterns("*.egg-info", "__pycache__", "build")
    shutil.copytree(ROOT / "src", folder / "copy" / "src", ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / "copy" / name)
    for source in (".", "src/weighbridge_twins", "src/weighbridge_simulation"):
        options = ("--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", folder / "wheels")
        _run(sys.executable, "-m", "pip", "wheel", *options, source, folder=folder / "copy")
    return folder / "wheels"


def _environment(folder: Path, wheels: Path, *names: str) -> Path:
    """An environment with these distributions from `wheels` and with the dependencies of the current environment."""
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    options = ("--quiet", "--no-index", "--find-links", wheels, "--no-deps", "--python", python)
    _run(sys.executable, "-m", "pip", *options[5:], "install", *options[:5], *names, folder=folder)
    packages = next(iter((folder / "lib").glob("python*/site-packages")))
    here = next(path for path in sys.path if path.endswith("site-packages"))
    links = [path for path in Path(here).iterdir() if "weighbridge" not in path.name and path.suffix != ".pth"]
    for path in links:
        if not (packages / path.name).exists():
            (packages / path.name).symlink_to(path)
    return python


def test_the_wheels_are_installed_together_and_their_commands_join_ours(tmp_path: Path, wheels: Path) -> None:
    names = ("weighbridge", "weighbridge-twins", "weighbridge-simulation")
    python = _environment(tmp_path / "all", wheels, *names)
    listed = _run(python, "-m", "weighbridge", "--help", folder=tmp_path)
    assert all(f" {command} " in listed for command in ("run", "orders", "twins", "demo", "storm", "week"))
    location = _run(python, "-c", "import weighbridge; print(weighbridge.__file__)", folder=tmp_path)
    assert str(tmp_path) in location
    script = "import asyncio; from weighbridge.persistence.database import Database\n"
    script += f"asyncio.run(Database('sqlite:///{tmp_path}/new.db').create_tables())"
    _run(python, "-c", script, folder=tmp_path)
    assert "Usage" in _run(python, "-m", "weighbridge", "demo", "--help", folder=tmp_path)


def test_the_twins_work_where_weighbridge_is_not_installed(tmp_path: Path, wheels: Path) -> None:
    python = _environment(tmp_path / "twins", wheels, "weighbridge-twins")
    script = (
        "import importlib.util, weighbridge_twins.http.server as server\n"
        "assert importlib.util.find_spec('weighbridge') is None\n"
        "with server.TwinServer() as twins: print(twins.bigcommerce_url)\n"
    )
    assert "http://127.0.0.1:" in _run(python, "-c", script, folder=tmp_path)
    assert "serve" in _run(tmp_path / "twins" / "bin" / "weighbridge-twins", "--help", folder=tmp_path)


def test_without_the_simulation_its_commands_are_not_there(tmp_path: Path, wheels: Path) -> None:
    python = _environment(tmp_path / "product", wheels, "weighbridge")
    assert " demo " not in _run(python, "-m", "weighbridge", "--help", folder=tmp_path)
