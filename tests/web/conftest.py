"""A served console for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.installation import RunningInstallation, running_installation


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[RunningInstallation]:
    """A served console with its four users and no orders."""
    with running_installation(tmp_path) as served:
        yield served
