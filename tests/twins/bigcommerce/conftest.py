"""Every exchange that a test of the shop makes has to fit the vendor's documents, where they came with the source."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.twins.bigcommerce.counter import Counter


@pytest.fixture
def shop() -> Generator[Counter, None, None]:
    """A shop with nothing in it; what it answered is judged at the end."""
    counter = Counter()
    yield counter
    assert counter.violations == []
