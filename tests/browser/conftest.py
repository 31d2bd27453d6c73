"""A real browser, and one console with a day's work for all tests: none of them may need what another changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import chromium
from tests.browser.furnished import apart, furnished
from tests.flows.harness import Rig
from tests.web.installation import House


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Rig]]:
    """A served console, and the rig whose orders it shows."""
    with ExitStack() as stack:
        yield apart(lambda: stack.enter_context(furnished(tmp_path_factory.mktemp("browser"))))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Ends with its module: its event loop would be in the way of the next one's."""
    with chromium() as running:
        yield running
