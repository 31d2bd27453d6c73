"""A real browser: Chromium without a window, and one console with a day's work for all tests of a module."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Error, sync_playwright

from tests.browser.furnished import apart, furnished
from tests.console.house import House
from tests.flows.rig import Rig

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Rig]]:
    """A served console, and the rig whose orders it shows."""
    with ExitStack() as stack:
        yield apart(lambda: stack.enter_context(furnished(tmp_path_factory.mktemp("browser"))))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = os.environ.get("WEIGHBRIDGE_TEST_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        pytest.skip("needs Chromium: apt install chromium, or WEIGHBRIDGE_TEST_CHROMIUM=/path/to/it")
    with sync_playwright() as playwright:
        try:
            running = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        except Error as problem:
            pytest.skip(f"needs a Chromium that starts: {problem}")
        yield running
        running.close()
