"""Fixtures that check every exchange against the vendor's documents, if these are available."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.twins.bigcommerce.harness import StoreHarness


@pytest.fixture
def harness() -> Generator[StoreHarness, None, None]:
    """An empty store; its exchanges are checked at the end of the test."""
    harness = StoreHarness()
    yield harness
    assert harness.violations == []
