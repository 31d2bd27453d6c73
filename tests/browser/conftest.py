"""A real browser, and one console with sample data for all tests, which must not depend on each other's changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import chromium
from tests.browser.sample_data import in_thread, installation_with_sample_data
from tests.flows.harness import Harness
from tests.web.installation import RunningInstallation


@pytest.fixture(scope="session")
def installation_with_orders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningInstallation, Harness]]:
    """A served console, and the harness with its orders."""
    with ExitStack() as stack:
        yield in_thread(lambda: stack.enter_context(installation_with_sample_data(tmp_path_factory.mktemp("browser"))))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for one module: its event loop would block that of the next module."""
    with chromium() as running:
        yield running
