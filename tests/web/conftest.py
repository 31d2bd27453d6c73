"""A console for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.installation import House, house


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    """A served console without any orders, and its four users."""
    with house(tmp_path) as served:
        yield served
